# Nothing that a member does ends its membership, or takes it to another container.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() {
    container_setup
    holdfast_setup
    make_image base
    # all that a container can be given, so that it can try everything
    make_bundle escapee base --cap all --unmasked --share pid --share cgroup --bind /sys/fs/cgroup:/cgroups --bind /:/host
    make_bundle other base
    start_container other
    start_container escapee
}
teardown() { holdfast_teardown; container_teardown; }

# As root of the container: FILE by each of the ways. The cgroups are the host's root, one of the host's and another container's.
try_all() { # try_all FILE OTHER
    for how in path orphan sibling renamed=systemd renamed=runc cgroup=/cgroups cgroup=/cgroups/outside "cgroup=/cgroups$2" namespaces=1; do
        # each in a process of its own, which stays where it is moved to
        output=$(launch "$how" "$1" 2>&1)
        case $output in
        *"Operation not permitted"*) echo "${how%%/test*}: refused" ;;
        *ran*) echo "${how%%/test*}: ran" ;;
        *) echo "$how: $output" ;;
        esac
    done
    # and what comes after it
    sh -c 'echo $$ >/cgroups/cgroup.procs; exec setsid sh -c "sh -c \"$0; :\"; :"' "$1" 2>&1 | sed 's/.*not permitted.*/descendant: refused/; s/^ran$/descendant: ran/'
}

expected() {
    printf "%s: $1\n" path orphan sibling renamed=systemd renamed=runc cgroup=/cgroups cgroup=/cgroups/outside cgroup=/cgroups \
        namespaces=1 descendant
}

try_in_container() { exec_container escapee sh -c "$(declare -f try_all); try_all $1 $(container_cgroup other)"; }

stays_a_member() { # stays_a_member ACTION WORD VERDICT
    mkdir -p /sys/fs/cgroup/outside
    exec_container escapee cp /usr/bin/marker /tmp/copy
    set_rule "$1"
    same "$(expected "$2")" "$(try_in_container /tmp/copy)"
    same "exec added $3 /tmp/copy" "$(alert_lines escapee)"
    [[ $(operations) -eq 10 ]]
    # its own programs run wherever it is
    same "$(expected ran)" "$(try_in_container /usr/bin/marker)"
    [[ $(operations) -eq 10 ]]
    # it is not the other container that did it
    [[ -z $(alert_lines other) ]]
}

@test "block: moved to another cgroup, to the host's namespaces, reparented or renamed, what was dropped is refused" {
    stays_a_member block refused deny
}

@test "alert: moved to another cgroup, to the host's namespaces, reparented or renamed, what was dropped is reported" {
    stays_a_member alert ran alert
}

@test "who enters a container whose root a member has covered with the host's runs no program of the host" {
    set_rule block
    exec_container escapee mount --rbind /host /
    run exec_container escapee /usr/bin/env
    echo "$output"
    [[ $status -ne 0 && $output == *"not permitted"* ]]
    same "exec host deny /usr/bin/env" "$(alert_lines escapee)"
    [[ $(operations) -eq 1 ]]
}

@test "likewise if the first process has left its mount namespace for that" {
    make_bundle leaver base --cap all --unmasked --bind /:/host \
        --args unshare -m sh -c 'mount --rbind /host / && echo covered && sleep 1000' --
    set_rule block
    start_container leaver
    wait_for 20 grep -q covered "$container_dir/leaver/log"
    run exec_container leaver /usr/bin/env
    echo "$output"
    [[ $status -ne 0 && $output == *"not permitted"* ]]
    same "exec host deny /usr/bin/env" "$(alert_lines leaver)"
}

@test "a member in the host's mount namespace runs no program of the host" {
    set_rule block
    run exec_container escapee nsenter --target 1 --mount /usr/bin/env
    echo "$output"
    [[ $status -ne 0 && $output == *"not permitted"* ]]
    same "exec host deny /usr/bin/env" "$(alert_lines escapee)"
    # while the host does
    nsenter --target 1 --mount /usr/bin/env >/dev/null
    [[ $(operations) -eq 1 ]]
}
