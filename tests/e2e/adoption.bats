# Containers that were running before the module was loaded, or before the controller started.
# kernels: none
# vm: --no-module --in-turn

load lib/container
load lib/holdfast

setup_file() {
    install_holdfast
    modprobe overlay 2>/dev/null || true
}
setup() { container_setup; make_image base; }
teardown() {
    container_teardown
    if pgrep -x holdfastd >/dev/null; then stop_daemon; fi
    if lsmod | grep -q '^holdfast '; then rmmod holdfast; fi
}

# What was there before runs a dropped program all the time, and tries a dropped program until it is refused; and one that never starts any, a dropped library.
running='cp /usr/bin/busybox /tmp/sleep; /tmp/sleep 1000 & cp /usr/bin/marker /tmp/copy; cp /usr/bin/marker /tmp/library; load_code until-refused /tmp/library >/tmp/refused-map &
    cp /usr/bin/marker /srv/library; launch memfd /usr/bin/load_code until-refused /srv/library >/tmp/by-memfd &
    launch until-refused /tmp/copy >/tmp/refused-at; wait; sleep 1000; :'

@test "what runs before the module is loaded, or before the controller starts, is covered from then on" {
    local name runtime
    rule=adopted
    rule_text block >"$rule_file"
    for runtime in runc crun; do
        RUNTIME=$runtime
        make_bundle "before-$runtime" base --tmpfs /srv --args sh -c "$running" --
        make_bundle "between-$runtime" base --tmpfs /srv --args sh -c "$running" --
        start_container "before-$runtime"
        [[ $(exec_container "before-$runtime" sh -c 'cp /usr/bin/marker /tmp/mine; /tmp/mine') == ran ]]
    done
    insmod "$(module)"
    for runtime in runc crun; do
        RUNTIME=$runtime
        start_container "between-$runtime"
        # without a policy nothing is enforced
        [[ $(exec_container "between-$runtime" sh -c 'cp /usr/bin/marker /tmp/mine; /tmp/mine') == ran ]]
    done
    [[ ! -s $(container_root before-runc)/tmp/refused-at ]]
    start_daemon
    for runtime in runc crun; do
        RUNTIME=$runtime
        for name in "before-$runtime" "between-$runtime"; do
            # the processes that were there before, and one that comes now
            wait_for 20 test -s "$(container_root "$name")/tmp/refused-at"
            wait_for 20 test -s "$(container_root "$name")/tmp/refused-map"
            [[ $(<"$(container_root "$name")/tmp/refused-map") == refused ]]
            run exec_container "$name" sh -c 'marker; /tmp/mine'
            echo "$name: $output"
            [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]]
            # it is looked for beside all else
            found() { alert_lines "$name" | grep -qxF 'running added alert /tmp/sleep'; }
            wait_for 60 found
            # what it was just trying or starting as the rule came into force may have been found, too
            same "$(printf 'exec added deny %s\n' /tmp/copy /tmp/mine; echo map added deny /tmp/library
                echo running added alert /tmp/sleep)" "$(alert_lines "$name" | grep -v '^running .* /tmp/\(copy\|library\)$\|^map .* /tmp/copy$')"
            [[ $(alerts '[.[] | select(.rule.name == $rule and .container.id == $name and .operation.path == "/tmp/sleep") | .count] | add' \
                --arg rule "$rule" --arg name "$name") -eq 1 ]]
            [[ $(holdfastctl containers "$name" --output json | jq -c '[.covered, .members > 0]') == "[true,true]" ]]
        done
    done
    # of each container at least the first program, the shell, which has started nothing else since
    adopted() { [[ $(status_of '.counters.adopted >= 4') == true ]]; }
    wait_for 20 adopted
    for runtime in runc crun; do
        for name in "before-$runtime" "between-$runtime"; do
            members() { [[ $(holdfastctl containers "$name" --output json | jq .members) -ge 2 ]]; }
            wait_for 20 members
        done
    done
    totals_agree
    # whose program was in memory by then is no member until it starts another one
    same 4 "$(pgrep -fc '^/usr/bin/load_code until-refused')"
    for runtime in runc crun; do
        RUNTIME=$runtime
        for name in "before-$runtime" "between-$runtime"; do same "" "$(<"$(container_root "$name")/tmp/by-memfd")"; done
        for name in "before-$runtime" "between-$runtime"; do delete_container "$name"; done
    done
    stop_daemon
    rmmod holdfast
}

# None of it is refused, and all of it is said.
@test "alert: what was dropped before the module is loaded, or before the controller starts, runs and is reported" {
    local name dropped='cp /usr/bin/busybox /tmp/sleep; /tmp/sleep 1000 & cp /usr/bin/marker /tmp/copy; cp /usr/bin/marker /tmp/library
        load_code hold /tmp/library & touch /tmp/ready; sleep 1000; :'
    rule=adopted-alert
    rule_text alert >"$rule_file"
    for name in before between; do
        [[ $name == before ]] || insmod "$(module)"
        make_bundle "$name" base --args sh -c "$dropped" --
        start_container "$name"
        wait_for 20 test -e "$(container_root "$name")/tmp/ready"
    done
    start_daemon
    for name in before between; do
        [[ $(exec_container "$name" sh -c 'marker && /tmp/copy && load_code map /tmp/copy') == $'ran\nran\nloaded' ]]
        found() { [[ $(alert_lines "$name" | grep -c '^running ') -eq 2 ]]; }
        wait_for 60 found
        same "$(printf '%s\n' 'exec added alert /tmp/copy' 'map added alert /tmp/copy' 'running added alert /tmp/library' \
            'running added alert /tmp/sleep')" "$(alert_lines "$name")"
        # what ran goes on
        [[ $(exec_container "$name" sh -c 'pidof sleep load_code | wc -w') -ge 3 ]]
    done
}
