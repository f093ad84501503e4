# holdfastctl doctor, on a host where things are broken in turn and mended with the commands that it prints; and what
# holdfastctl metrics says, as Prometheus reads it.
# kernels: 6.1

load lib/container
load lib/holdfast

state=/var/lib/holdfast
config=/etc/holdfast/holdfast.yaml
modules=/lib/modules/$(uname -r)

setup() {
    away=()
    container_setup
    holdfast_setup
    cp -a "$config" "$container_dir/config"
}
teardown() {
    cp -a "$container_dir/config" "$config"
    umount "$state" 2>/dev/null || true
    [[ -d $modules/build || ! -d $modules/build.away ]] || mv "$modules/build.away" "$modules/build"
    for program in "${away[@]}"; do mv "$program.away" "$program"; done
    [[ ! -d /sys/module/taken ]] || { rmmod holdfast || true; rmmod taken; }
    [[ -d /sys/module/holdfast ]] || insmod "$(module)"
    holdfast_teardown
    container_teardown
}

# findings CHECK   what doctor finds of it: "SEVERITY: WHAT", a line each
findings() {
    holdfastctl doctor --output json >"$container_dir/doctor" || (($? == 1)) || return
    jq -r --arg check "$1" '.findings[] | select(.check == $check) | "\(.severity): \(.what)"' "$container_dir/doctor"
}
# mend CHECK   as doctor said it when it was asked last
mend() {
    jq -r --arg check "$1" 'first(.findings[] | select(.check == $check)) | .commands[]' "$container_dir/doctor" \
        >"$container_dir/mend"
    [[ -s $container_dir/mend ]] && bash -eux "$container_dir/mend"
}
healed() { [[ -z $(findings "$1") ]]; }
found() { [[ $(findings "$1") == *"$2"* ]]; }

@test "doctor: where all is well nothing urgent is found, and what drift prevention needs is there" {
    run holdfastctl doctor
    echo "$output"
    [[ $status -ne 2 && $output != *urgent* && $output == *"What the functions need:"* && $output != *"NO   every hook"* ]]
    findings none
    jq -e '.functions[] | select(.function == "non-image-program").prerequisites | length > 5 and all(.[]; .met != false)' \
        "$container_dir/doctor"
    jq -e '[.checks[] | select(.check | IN("controller", "hooks", "overlay", "store", "cgroups", "rule-set")).result] |
        length == 6 and all(.[]; . == "ok")' "$container_dir/doctor"
}

@test "doctor: a controller that is stopped, a mistake in a rule file, missing headers" {
    stop_daemon
    run holdfastctl doctor
    echo "$output"
    [[ $status -eq 1 && $output == *"the controller (holdfastd) does not run"*"# systemctl restart holdfastd"* ]]
    start_daemon
    healed controller

    write_rules 'version: 1
rules:
  - {name: bad, type: non-image-program, actoin: block}'
    wait_for 20 found rule-set "the rule files are refused: $rule_file:3:"
    rm "$rule_file"
    wait_for 20 healed rule-set

    mv "$modules/build" "$modules/build.away"
    [[ $(findings headers) == "suspicious: there are no headers for the running kernel ($(uname -r))" ]]
    mv "$modules/build.away" "$modules/build"
    healed headers
}

@test "doctor: no module; what is installed is loaded by its command" {
    stop_daemon
    rmmod holdfast
    [[ $(findings module-built) == "urgent: there is no module for the running kernel ($(uname -r))" ]]
    install -D "$(module)" "$modules/updates/holdfast.ko"
    depmod
    healed module-built
    [[ $(findings module-loaded) == "urgent: the module is not loaded" ]]
    mend module-loaded
    healed module-loaded
    rm "$modules/updates/holdfast.ko"
    depmod
    start_daemon
}

@test "doctor: a module that was built for another kernel" {
    install -D "$(module)" "$modules/updates/holdfast.ko"
    sed -i "s/vermagic=$(uname -r) /vermagic=$(uname -r | tr 0-9 1-90) /" "$modules/updates/holdfast.ko"
    depmod
    [[ $(findings module-kernel) == "urgent: the module at $modules/updates/holdfast.ko was built for the kernel $(uname -r | tr 0-9 1-90)" ]]
    run insmod "$modules/updates/holdfast.ko"
    [[ $status -ne 0 ]]
    jq -e 'first(.findings[] | select(.check == "module-kernel")).commands | length > 0' "$container_dir/doctor"
    rm "$modules/updates/holdfast.ko"
    depmod
    healed module-kernel
}

@test "doctor: a function that a live patch has; the items that are noticed there are said not to be" {
    stop_daemon
    rmmod holdfast
    insmod "$(dirname "$(module)")/test/taken.ko" function=security_bprm_check
    # without that one nothing is loaded at all
    dmesg --clear
    run insmod "$(module)"
    [[ $status -ne 0 && $(dmesg) == *"security_bprm_check cannot be redirected"* && ! -d /sys/module/holdfast ]]
    rmmod taken
    insmod "$(dirname "$(module)")/test/taken.ko" function=security_path_chroot
    insmod "$(module)"
    start_daemon
    [[ $(findings hooks) == "urgent: not attached: security_path_chroot" ]]
    same '["security_path_chroot"]' "$(status_of '[.hooks[] | select(.attached | not).symbol]')"
    unnoticed=$(status_of '[.. | .reason? // empty | strings | select(contains("the module does not notice"))] | join("\n")')
    echo "$unnoticed"
    [[ $unnoticed == *NS3* ]]
    # one is taken, and the others do what they are for
    set_rule block
    make_image base
    make_bundle web base
    start_container web
    run exec_container web sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy'
    [[ $status -ne 0 && $output == *"Operation not permitted"* ]]
    stop_daemon
    rmmod holdfast taken
    insmod "$(module)"
    start_daemon
    healed hooks
}

@test "doctor: no container runtime" {
    local name directory
    for name in runc crun podman dockerd containerd crio; do
        for directory in /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin; do
            [[ -e $directory/$name ]] || continue
            mv "$directory/$name" "$directory/$name.away"
            away+=("$directory/$name")
        done
    done
    ((${#away[@]} > 0))
    [[ $(findings runtimes) == "reminder: no container runtime was found" ]]
    for name in "${away[@]}"; do mv "$name.away" "$name"; done
    away=()
    healed runtimes
}

@test "doctor: cgroups of version 1, alone and with version 2 beside them" {
    local old='umount --lazy /sys/fs/cgroup; mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir /sys/fs/cgroup/{old,unified} &&
        mount -t cgroup -o none,name=old cgroup /sys/fs/cgroup/old'
    here() { # here COMMANDS   what doctor finds where these have been run, in a mount namespace of its own
        unshare --mount bash -c "$1 && { holdfastctl doctor --output json || ((\$? == 1)); }" |
            jq -r '.findings[] | select(.check == "cgroups") | "\(.severity): \(.what)", (.commands | join(" "))'
    }
    [[ $(here "$old") == "urgent: cgroups are of version 1 only"*"systemd.unified_cgroup_hierarchy=1"*reboot ]]
    [[ $(here "$old && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified") == \
        "urgent: cgroups are mounted in the hybrid way (v1, with v2 beside it)"*reboot ]]
    healed cgroups
}

@test "doctor: a store that is read-only, a disk that is full" {
    stop_daemon
    mount -t tmpfs -o ro,size=8m,mode=700 tmpfs "$state"
    [[ $(findings store) == "urgent: $state is on a file system that is read-only" ]]
    mend store
    [[ $(findings store) == "" && $(findings disk) == "suspicious: the disk of $state is nearly full"* ]]
    head -c 20M /dev/zero >"$state/filler" || true
    [[ $(findings disk) == "urgent: the disk of $state is full: room for 0.0 MB" ]]
    umount "$state"
    start_daemon
    healed disk
}

@test "doctor: a clock that was set, with an alert; a function that is off" {
    # Back first: an alert with a time to come would be a later test's.
    date -s '-100 seconds'
    wait_for 20 found clock 'the clock was set back by 100.'
    [[ $(holdfastctl alerts list --kind clock-stepped --since 1h --output json | jq -r '.alerts[0].name') == "The clock was set" ]]
    date -s '+100 seconds'
    wait_for 20 found clock 'the clock was set forward by 100.'
    # The alert of this second step comes a minute after the first: it would be a later test's.
    stop_daemon
    start_daemon

    set_rule alert
    sed -i 's/^\( *non_image_program: *\)on/\1off/' "$config"
    wait_for 20 found rules-in-effect "rule \"$rule\" asks for alert and is not in effect"
    mend rules-in-effect
    wait_for 20 healed rules-in-effect
}

@test "metrics: promtool finds nothing wrong with them, on the socket and in the file; they agree with the status" {
    run bash -o pipefail -c 'holdfastctl metrics | promtool check metrics 2>&1'
    echo "$output"
    [[ $status -eq 0 && -z $output ]]
    holdfastctl metrics >"$container_dir/metrics"
    grep -qx 'holdfast_interceptable 1' "$container_dir/metrics"
    grep -q '^holdfast_hook_calls_total{hook="security_bprm_check",mandatory="yes"} [1-9]' "$container_dir/metrics"
    grep -q '^holdfast_query_answer_seconds_bucket{le="+Inf"} ' "$container_dir/metrics"
    wait_for 20 settled
    same "true" "$(holdfastctl metrics --output json | jq '[.[] | select(.name | startswith("holdfast_events_")) |
        {(.name): .samples[0].value}] | add | .holdfast_events_seen_total == .holdfast_events_delivered_total +
        .holdfast_events_folded_total + .holdfast_events_overflow_total + .holdfast_events_queued')"

    local file=$container_dir/holdfast.prom
    printf 'metrics: { textfile: %s, every_seconds: 1 }\n' "$file" >>"$config"
    wait_for 20 test -s "$file"
    [[ $(stat -c %a "$file") == 644 ]]
    run promtool check metrics <"$file"
    echo "$output"
    [[ $status -eq 0 && -z $output ]]
    grep -qx 'holdfast_interceptable 1' "$file"
    local before
    before=$(stat -c %i "$file")
    newer() { [[ $(stat -c %i "$file") != "$before" ]]; }
    wait_for 20 newer
}
