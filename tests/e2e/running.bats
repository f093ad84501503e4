# What ran already in containers as a rule came into force: reported once, and ended only if the rule says so (DRF-7).
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; }
teardown() {
    [[ -z ${core_pattern-} ]] || echo "$core_pattern" >/proc/sys/kernel/core_pattern
    [[ -z ${of_host-} ]] || kill "$of_host" 2>/dev/null || true
    holdfast_teardown
    container_teardown
}

# Programs that stay: not of the image, of the image, and such as are allowed.
dropped='mkdir /tmp/first /tmp/deleted; cp /usr/bin/busybox /tmp/first/sleep; cp /usr/bin/busybox /tmp/deleted/busybox
    cp /usr/bin/busybox /mnt/sleep
    cp /usr/lib/x86_64-linux-gnu/libtinfo.so.6 /tmp/lib.so
    /tmp/first/sleep 1000 &
    launch unlinked /tmp/deleted/busybox sleep 1000 &
    /mnt/sleep 1000 &
    launch memfd /usr/bin/busybox sleep 1000 &
    mkfifo /tmp/never
    LD_PRELOAD=/tmp/lib.so /usr/libexec/dynamic/bash -c "read </tmp/never" &
    cp /usr/bin/marker /tmp/code; load_code hold /tmp/code &'
own='[ -e /tmp/never ] || mkfifo /tmp/never; /usr/libexec/dynamic/bash -c "read </tmp/never" & load_code hold /usr/bin/marker & launch thread /usr/bin/sleep 1000 &'
allowed='mkdir -p /opt/plugins; cp /usr/bin/busybox /opt/plugins/sleep; /opt/plugins/sleep 1000 &'

found() { # found VERDICT
    sed "s/ V / $1 /" <<'LINES'
running added V /tmp/code
running added V /tmp/deleted/busybox (deleted)
running added V /tmp/first/sleep
running added V /tmp/lib.so
running memory V /memfd:copy (deleted)
running memory V /mnt/sleep
LINES
}

# start NAME SCRIPT   a container of that script, which has started what is in it by the time that this returns
start() {
    make_libc_image dynamic /bin/grep
    make_bundle "$1" dynamic --cap all --tmpfs /mnt --args sh -c "$2 sleep 1; touch /tmp/ready; wait; sleep 1000" --
    start_container "$1"
    wait_for 60 test -e "$(container_root "$1")/tmp/ready"
}

processes() { wc -l <"/sys/fs/cgroup$(container_cgroup "$1")/cgroup.procs"; } # processes NAME   how many

# in_file FILE TEXT   puts rules in force, and waits for it
in_file() {
    printf 'version: 1\nrules:\n%s\n' "$2" >"$rules_dir/.new"
    mv "$rules_dir/.new" "$rules_dir/$1"
    wait_for 20 in_force || { holdfastctl status; return 1; }
}
stopping() { # stopping [SCOPE]   a rule that ends what runs
    rule=stop-${EPOCHREALTIME/[.,]/}
    in_file test.yaml "  - {name: $rule, type: non-image-program, action: block, on_running: stop, ${1-}
     allow_list: {directories: [/opt/plugins]}}"
}
alerts_of_rule() { alerts '[.[] | select(.rule.name == $rule)] | length' --arg rule "$rule"; }
states() { alerts '.[] | select(.rule.name == $rule) | .state' --arg rule "$rule" | LC_ALL=C sort -u; }
count_is() { [[ $(operations) == "$1" ]]; }
lines_are() { [[ $(alert_lines) == "$1" ]]; }

@test "what runs as a rule comes into force is reported once and goes on; what is the image's own is not" {
    local before action
    set_rule off
    start running "$dropped $own $allowed"
    before=$(processes running)
    # a host's process, of a file that no image has
    cp /bin/sleep "$container_dir/sleep"
    "$container_dir/sleep" 1000 3>&- &
    of_host=$!
    no_alerts
    for action in block alert; do
        set_rule "$action" /opt/plugins
        wait_for 20 lines_are "$(found alert)" || same "$(found alert)" "$(alert_lines)"
        count_is 6
        [[ $(states) == unhandled ]]
        [[ $(processes running) == "$before" ]]
    done
    # who and what
    run alerts '.[] | select(.rule.name == $rule and .operation.path == "/tmp/first/sleep") |
        "\(.process.comm) \(.process.ancestors[0].comm) \(.operation.requested) \(.operation.effective) \(.container.id)"' --arg rule "$rule"
    [[ $output == "sleep sh alert alert running" ]]
    # neither another rule beside it, nor another daemon makes it new
    in_file more.yaml "  - {name: more, type: non-image-program, action: alert, scope: {images: [other]}}"
    stop_daemon
    start_daemon
    exec_container running sh -c 'cp /usr/bin/marker /tmp/late; /tmp/late'
    late() { [[ $(operations) -gt 6 ]]; }
    wait_for 20 late
    count_is 7
    same "$(printf 'exec added alert /tmp/late\n'; found alert)" "$(alert_lines)"
    totals_agree
}

@test "on_running: stop ends what runs and is not of the image, and nothing else" {
    local before
    set_rule off
    start stopped "$own $allowed"
    before=$(processes stopped)
    delete_container stopped
    start stopped-2 "$dropped $own $allowed"
    start elsewhere 'cp /usr/bin/busybox /tmp/sleep; /tmp/sleep 1000 &'
    cp /bin/sleep "$container_dir/sleep"
    "$container_dir/sleep" 1000 3>&- &
    of_host=$!
    # of an image that none of them has
    stopping 'scope: {images: [other]},'
    [[ $(processes elsewhere) -eq 2 ]]
    count_is 0
    stopping
    ended() { [[ $(processes stopped-2) == "$before" ]]; }
    wait_for 20 ended || { processes stopped-2; false; }
    wait_for 20 lines_are "$({ found deny; echo running added deny /tmp/sleep; } | LC_ALL=C sort)"
    [[ $(states) == "process terminated" ]]
    count_is 7
    kill -0 "$of_host"
    # those who run it from now on are refused, and not looked for again
    run exec_container elsewhere /tmp/sleep 0
    [[ $status -ne 0 ]]
    totals_agree
}

@test "a process that was ending as it was to be stopped does not exist" {
    core_pattern=$(</proc/sys/kernel/core_pattern)
    set_rule off
    start gone 'cp /usr/bin/busybox /tmp/sleep; /tmp/sleep 1000 &'
    # its memory is being written to one who does not read
    echo '|/bin/sleep 60' >/proc/sys/kernel/core_pattern
    exec_container gone killall -SEGV sleep
    dumps() { pgrep -f '^/bin/sleep 60' >/dev/null; }
    wait_for 20 dumps
    stopping
    wait_for 20 lines_are "running added deny /tmp/sleep"
    [[ $(states) == "process not exists" ]]
    pkill -f '^/bin/sleep 60'
    count_is 1
}

@test "many processes, and such as are made meanwhile, are all found" {
    set_rule off
    start many 'cp /usr/bin/busybox /tmp/busybox; mkfifo /tmp/never; i=0
        while [ $i -lt 150 ]; do /tmp/busybox sleep 1000 & i=$((i + 1)); done
        /tmp/busybox sh -c "while :; do (read x </tmp/never) & sleep 0.05; done" &'
    stopping
    all_gone() { ! exec_container many sh -c 'ls -l /proc/[0-9]*/exe' 2>/dev/null | grep -q /tmp/busybox; }
    wait_for 60 all_gone || { exec_container many ps; false; }
    [[ $(alerts '[.[] | select(.rule.name == $rule and .operation.kind == "running") | .count] | add >= 150' --arg rule "$rule") == true ]]
    # one file, one alert for each thing that became of its processes
    [[ $(alerts '[.[] | select(.rule.name == $rule and .operation.kind == "running" and .state == "process terminated")] | length' --arg rule "$rule") -eq 1 ]]
    totals_agree
}
