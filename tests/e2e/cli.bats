# holdfastctl, as people and programs use it.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

@test "status: Normal, with module, hooks, rule set and counters that add up; Abnormal and 1 if not" {
    run holdfastctl status
    [[ $status -eq 0 && $output == *"Interceptable"*"Normal"*"non-image-program"*"on"*"yes"* ]]
    [[ $(holdfastctl status --all) == *"security_bprm_check"* ]]
    same "$(printf 'Normal\n[]\n[true,true,true,true]\ntrue\ntrue\ntrue')" "$(status_of .interceptable .reasons \
        '.module | [.loaded, .attached, .overlay_verified, .controller]' \
        '([.hooks[] | select(.mandatory)] | length > 0) and all(.hooks[]; .attached)' \
        '.events | .seen == .delivered + .folded + .queued + .overflow' \
        '.controller | .pid > 1 and .rule_set.generation > 0 and (.rule_set.files | length > 0)')"
    stop_daemon
    run holdfastctl status
    [[ $status -eq 2 && $output == *holdfastd* ]]
    start_daemon
}

@test "selftest: everything is noticed, nothing is left behind, no alert" {
    run holdfastctl selftest
    echo "$output"
    [[ $status -eq 0 && $output == *"This host intercepts as it should."* && $output != *WRONG* ]]
    [[ $(holdfastctl selftest --output json | jq -c '[.ok, ([.checks[].ok] | all), (.checks | length > 4)]') == "[true,true,true]" ]]
    [[ -z $(find /sys/fs/cgroup -maxdepth 1 -name 'holdfast-selftest-*') ]]
    run grep holdfast-selftest /proc/self/mounts
    [[ -z $output ]]
    no_alerts
    [[ $(holdfastctl containers --output json | jq '[.[] | select(.name == "selftest")] | length') -eq 0 ]]
    run setpriv --reuid nobody --regid nogroup --clear-groups holdfastctl selftest
    [[ $status -eq 2 ]]
}

@test "containers and alerts: who, what, by which rule, where, and what to do next" {
    make_bundle cli base --annotation org.opencontainers.image.ref.name=registry.example/web:1.2
    start_container cli
    set_rule block
    exec_container cli sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy' || true

    run holdfastctl containers
    [[ $status -eq 0 && $output == *cli*runc*running*yes* ]]
    same "cli runc running registry.example/web:1.2 true false block" "$(holdfastctl containers cli --output json |
        jq -r '"\(.id) \(.runtime) \(.state) \(.image) \(.covered) \(.defaulted) \(.rules[] | select(.effective == "block").effective)"')"
    run holdfastctl containers no-such
    [[ $status -eq 2 && $output == *"no such container"* ]]

    wait_for 20 settled
    run holdfastctl alerts list --rule "$rule"
    [[ $status -eq 0 && $output == *urgent*"process terminated"*cli*1*"/tmp/copy"* ]]
    local id
    id=$(holdfastctl alerts list --rule "$rule" --output json | jq '.alerts[0].id')
    run holdfastctl alerts show "$id"
    echo "$output"
    [[ $output == *"Non mirror native program startup"* && $output == *"/tmp/copy"* && $output == *"$rule"* ]]
    [[ $output == *"$rule_file:3"* && $output == *"registry.example/web:1.2"* && $output == *sh* ]]
    same "Container Active Defense|Non mirror native program startup|urgent|process terminated|1|cli|registry.example/web:1.2|$rule|$rule_file|3|exec|deny|block|block|added|/tmp/copy|true|true" \
        "$(holdfastctl alerts show "$id" --output json | jq -r '[.type, .name, .severity, .state, .count, .container.id,
            .container.image, .rule.name, .rule.file, .rule.line, .operation.kind, .operation.verdict, .operation.requested,
            .operation.effective, .operation.origin, .operation.path, (.process.ancestors | length > 0),
            (.advice | length > 0)] | map(tostring) | join("|")')"
    run holdfastctl alerts show 999999999
    [[ $status -eq 2 ]]
    run holdfastctl alerts list --severity nonsense
    [[ $status -eq 2 && $output == *"urgent, suspicious, reminder"* ]]
    [[ $(holdfastctl alerts list --container cli --since 5m --kind exec --output json | jq '.alerts | length') -ge 1 ]]
    [[ $(holdfastctl alerts list --container nobody --output json | jq '.alerts | length') -eq 0 ]]
}

@test "alerts follow: as they come" {
    make_bundle followed base
    start_container followed
    set_rule block
    timeout 60 holdfastctl alerts follow --rule "$rule" --output json >"$container_dir/follow.json" 3>&- &
    local follower=$!
    sleep 2
    exec_container followed sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy' || true
    wait_for 10 test -s "$container_dir/follow.json"
    kill "$follower"
    [[ $(head -n 1 "$container_dir/follow.json" | jq -r .operation.path) == /tmp/copy ]]
}

@test "who may ask: root all, the group holdfast may read, others and containers nothing" {
    run setpriv --reuid nobody --regid nogroup --clear-groups holdfastctl status
    [[ $status -eq 2 && $output != *Normal* ]]
    run setpriv --reuid nobody --regid nogroup --groups "$(getent group holdfast | cut -d : -f 3)" holdfastctl status
    [[ $status -eq 0 && $output == *Normal* ]]
    make_bundle asks base --cap all --share pid --share network --unmasked --bind /:/host
    start_container asks
    set_rule alert
    run exec_container asks chroot /host /usr/bin/holdfastctl status
    echo "$output"
    [[ $status -eq 2 && $output != *Interceptable* ]]
}

@test "rules list and show; help and wrong use" {
    set_rule block /opt/plugins
    run holdfastctl rules list
    [[ $status -eq 0 && $output == *block* && $output == *system-non-ima* ]]
    run holdfastctl rules show "$rule"
    echo "$output"
    [[ $status -eq 0 && $output == *"/opt/plugins"* && $output == *"$rule_file:3"* ]]
    run holdfastctl rules show no-such
    [[ $status -eq 2 ]]
    local command
    for command in '' status selftest 'rules check' 'rules list' 'rules show' containers 'alerts list' 'alerts show' 'alerts follow'; do
        # shellcheck disable=SC2086 # words
        run holdfastctl $command --help
        [[ $status -eq 0 && $output == *Usage* ]]
    done
    for command in nonsense 'rules nonsense' 'alerts show' 'status --output yaml'; do
        # shellcheck disable=SC2086
        run holdfastctl $command
        [[ $status -eq 2 ]]
    done
}
