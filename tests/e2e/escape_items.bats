# Rules against escapes that change while containers run, item by item.
# kernels: none

load lib/container
load lib/holdfast
load lib/escape_ways

setup() { escape_setup; }
teardown() { escape_teardown; }

# Half of the items at a time, and before the other half: each is let be, and refused, where it was not before. That it is in
# force in time escape_rule looks at, also in the tests of those that files have by themselves.
@test "a change of the rule is in force for running containers in less than a second, for each item" {
    local items half turn left kept pattern i
    make_host_things
    mapfile -t items < <(tries x | cut -d ' ' -f 1 | uniq)
    for half in 0 1; do
        left=() kept=()
        for i in "${!items[@]}"; do
            if ((i % 2 == half)); then left+=("${items[i]}"); else kept+=("${items[i]}"); fi
        done
        start_privileged "escape-items-$half"
        for turn in kept left; do
            declare -n let=$turn
            escape_rule block "${let[@]}"
            pattern=$(IFS='|'; echo "${let[*]}")
            same "$(as_tried refused | sed -E "/^($pattern) /s/refused$/done/")" "$(in_container "escape-items-$half")"
            # as it was; with a container all that is in its cgroup ends
            echo "${host_things[0]}" >/sys/fs/cgroup/cgroup.procs
            unload_af_key
        done
        same "$(expected deny "${kept[@]}")" "$(told)"
        delete_container "escape-items-$half"
    done
}
