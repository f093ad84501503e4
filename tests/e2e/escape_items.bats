# Rules against escapes that change while containers run, item by item; and directories of the host that do.
# kernels: none

load lib/container
load lib/holdfast
load lib/escape_ways

setup() { escape_setup; }
teardown() { escape_teardown; }

# Half of the items at a time, and then the other half: each is let be, and refused, where it was not before. That it is in
# force in time escape_rule looks at, also in the tests of those that files have by themselves.
@test "a change of the rule is in force for running containers in less than a second, for each item" {
    local items half refused turn pattern i
    make_host_things
    mapfile -t items < <(tries x | cut -d ' ' -f 1 | uniq)
    for turn in 0 1 2; do
        half=()
        for i in "${!items[@]}"; do ((i % 2 != turn % 2)) || half+=("${items[i]}"); done
        # under the rule of the turn before; what it uncovers stays so
        start_privileged "escape-items-$turn"
        escape_rule block "${half[@]}"
        pattern=$(IFS='|'; echo "${half[*]}")
        same "$(as_tried refused | sed -E "/^($pattern) /s/refused$/done/")" "$(in_container "escape-items-$turn")"
        mapfile -t refused < <(printf '%s\n' "${items[@]}" | grep -vxE "$pattern")
        same "$(expected deny "${refused[@]}")" "$(told)"
        # as it was; with a container all that is in its cgroup ends
        echo "${host_things[0]}" >/sys/fs/cgroup/cgroup.procs
        delete_container "escape-items-$turn"
        rmmod corrupt 2>/dev/null || true
        unload_af_key
    done
}

@test "a directory that the host makes anew is its own again within a minute, with nobody asking for it" {
    refused() { [[ $(exec_container escape-anew reach write /host/etc/cron.d/escape) == refused ]]; }
    escape_rule block
    start_privileged escape-anew
    wait_for 10 host_watched
    refused
    # moved away it still is the host's
    mv /etc/cron.d /etc/cron.before
    mkdir /etc/cron.d
    cp -a /etc/cron.before/. /etc/cron.d
    [[ $(exec_container escape-anew reach write /host/etc/cron.before/escape) == refused ]]
    rm -r /etc/cron.before
    wait_for 70 host_watched
    refused
    same "$(expected deny HW1)" "$(told)"
}
