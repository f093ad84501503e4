# What runtimes do with containers is never reported and never fails, whatever the rule.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; block_escapes; }
teardown() { holdfast_teardown; container_teardown; }

kinds=(own pid network ipc uts cgroup userns joined)

# As containers of a pod do.
join_all() { # join_all NAME
    local pid kind; pid=$(container_pid "$1")
    for kind in network:net ipc:ipc uts:uts pid:pid; do printf '%s\n' --join "${kind%:*}=/proc/$pid/ns/${kind#*:}"; done
    printf '%s\n' --jq 'del(.hostname)'
}

bundle_of() { # bundle_of KIND
    local option
    case $1 in
    own) option=() ;;
    userns) option=(--userns) ;;
    joined) mapfile -t option < <(join_all "life-$RUNTIME-own") ;;
    *) option=(--share "$1") ;;
    esac
    make_bundle "life-$RUNTIME-$1" base "${option[@]}"
}

run_exec_and_stop() {
    local kind name
    make_image base
    chmod 755 "$container_dir"
    set_rule block
    for kind in "${kinds[@]}"; do
        name=life-$RUNTIME-$kind
        echo "$name"
        bundle_of "$kind"
        start_container "$name"
        [[ $(exec_container "$name" marker) == ran ]]
    done
    # detached, with an environment, as another user; a program that is not there
    runtime exec --detach "$name" sleep 1000 </dev/null >/dev/null 2>&1 3>&-
    [[ $(exec_container --env X=y --user 5 "$name" /bin/sh -c 'echo "$X $(id -u)"') == "y 5" ]]
    run exec_container "$name" no-such-program
    [[ $status -ne 0 && $output != *"not permitted"* ]]
    "$RUNTIME" pause "$name"
    "$RUNTIME" resume "$name"
    no_alerts

    # each of them is judged: its own programs run, others do not
    for kind in "${kinds[@]}"; do
        name=life-$RUNTIME-$kind
        run exec_container "$name" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
        echo "$name: $output"
        [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]]
        [[ $(alert_lines "$name") == "exec added deny /tmp/copy" ]]
    done

    for kind in "${kinds[@]}"; do
        name=life-$RUNTIME-$kind
        [[ $kind != uts ]] || kill_container "$name" KILL
        delete_container "$name"
        run "$RUNTIME" state "$name"
        [[ $status -ne 0 ]]
    done
    [[ $(operations) -eq ${#kinds[@]} ]]
}

run_to_the_end() {
    make_image base
    make_bundle "end-$RUNTIME" base
    set_rule block
    run run_container "end-$RUNTIME" sh -c 'marker; exit 9'
    [[ $status -eq 9 && $output == ran ]]
    # created first, started later
    make_bundle "later-$RUNTIME" base --args sh -c 'marker; sleep 1000' --
    runtime create --bundle "$container_dir/later-$RUNTIME" "later-$RUNTIME" </dev/null >"$container_dir/log" 2>&1 3>&-
    runtime start "later-$RUNTIME"
    wait_for 20 grep -q ran "$container_dir/log"
    # TERM is what it ignores, being the first process
    kill_container "later-$RUNTIME" TERM
    [[ $(exec_container "later-$RUNTIME" marker) == ran ]]
    kill_container "later-$RUNTIME" KILL
    stopped() { [[ $("$RUNTIME" state "later-$RUNTIME") == *'"stopped"'* ]]; }
    wait_for 20 stopped
    "$RUNTIME" delete "later-$RUNTIME"
    no_alerts
}

# There the runtimes change the root of the first program only: what is started by 'exec' is at the host's root.
in_the_hosts_mount_namespace() {
    make_image base
    make_bundle "mount-$RUNTIME" base --share mount --unmasked
    set_rule block
    [[ $(run_container "mount-$RUNTIME" marker) == ran ]]
    no_alerts
    run run_container "mount-$RUNTIME" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
    echo "$output"
    [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]]
    [[ $(alert_lines "mount-$RUNTIME") == "exec added deny /tmp/copy" ]]
}

# At the host's root, whose programs are not its image's.
by_exec_in_the_hosts_mount_namespace() {
    local name=exec-mount-$RUNTIME action
    make_image base
    make_bundle "$name" base --share mount --unmasked
    cp "$image_dir/base/usr/bin/marker" "$container_dir/by-exec"
    start_container "$name"
    for action in block alert; do
        set_rule $action
        run exec_container "$name" "$container_dir/by-exec"
        echo "$output"
        if [[ $action == block ]]; then
            [[ $status -ne 0 && $output == *"peration not permitted"* && $output != *ran* ]]
        else
            [[ $status -eq 0 && $output == ran ]]
        fi
        same "exec host ${action/block/deny} $container_dir/by-exec" "$(alert_lines "$name")"
    done
}

not_covered() { # not_covered NAME REASON
    holdfastctl containers "$1" --output json >"$container_dir/shown"
    [[ $(jq -r .not_covered "$container_dir/shown") == *"$2"* ]]
}

@test "runc: run, exec, stop, in all namespaces: no alert, no failure; and all are judged" { RUNTIME=runc run_exec_and_stop; }
@test "crun: run, exec, stop, in all namespaces: no alert, no failure; and all are judged" { RUNTIME=crun run_exec_and_stop; }
@test "runc: a container runs to its end, or is created first: no alert" { RUNTIME=runc run_to_the_end; }
@test "crun: a container runs to its end, or is created first: no alert" { RUNTIME=crun run_to_the_end; }

@test "runc: a container in the host's mount namespace is judged" { RUNTIME=runc in_the_hosts_mount_namespace; }
@test "crun: a container in the host's mount namespace is judged" { RUNTIME=crun in_the_hosts_mount_namespace; }
@test "runc: what 'exec' starts there at the host's root is not the image's" { RUNTIME=runc by_exec_in_the_hosts_mount_namespace; }
@test "crun: what 'exec' starts there at the host's root is not the image's" { RUNTIME=crun by_exec_in_the_hosts_mount_namespace; }

# Nothing tells it from a program of the host's, as README has it. The first program is judged all the same.
@test "what 'exec' starts in a container that has the host's mounts and processes is not covered" {
    local action
    make_image base
    make_bundle exec-both base --share mount --share pid --unmasked --args sh -c 'cp /usr/bin/marker /tmp/copy
        while sleep 0.2; do if [ -e /tmp/try ]; then /tmp/copy; echo "status $?"; rm /tmp/try; fi; done' --
    cp "$image_dir/base/usr/bin/marker" "$container_dir/by-exec"
    start_container exec-both
    tried() { [[ ! -e $container_dir/exec-both/rootfs/tmp/try ]]; }
    for action in block alert; do
        set_rule $action
        [[ $(exec_container exec-both "$container_dir/by-exec") == ran ]]
        same 0 "$(operations)"
        touch "$container_dir/exec-both/rootfs/tmp/try"
        wait_for 20 tried
        same "exec added ${action/block/deny} /tmp/copy" "$(alert_lines exec-both)"
    done
    same $'status 126\nran\nstatus 0' "$(grep -v 'not permitted' "$container_dir/exec-both/log")"
}

@test "what a container had mounted is free again as soon as it has ended" {
    make_image base
    set_rule block
    modprobe loop || is_debug
    truncate -s 8M "$container_dir/disk"
    mkfs.ext4 -q "$container_dir/disk"
    local device i
    device=$(losetup --show --find "$container_dir/disk")
    make_bundle mounts base --jq '.mounts += [{type: "ext4", source: "'"$device"'", destination: "/srv", options: ["rw"]}]' \
        --args sh -c 'touch /srv/x; (sleep 1000 &); marker' --
    for ((i = 0; i < 20; i++)); do
        [[ $(run_container mounts) == ran ]]
        # refused while it is mounted anywhere
        python3 -c 'import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_EXCL)' "$device"
    done
    losetup --detach "$device"
    no_alerts
}

@test "what is no container is not judged: a root of its own, a memfd, a written program of the host" {
    make_image base
    set_rule block
    local programs=$BATS_TEST_DIRNAME/../../build/tests/programs
    cp "$programs/marker" "$container_dir/copy"
    [[ $("$container_dir/copy") == ran ]]
    [[ $("$programs/launch" memfd "$programs/marker") == ran ]]
    cp -a "$image_dir/base" "$container_dir/root"
    [[ $(chroot "$container_dir/root" /usr/bin/marker) == ran ]]
    [[ $(unshare --mount --pid --fork --root "$container_dir/root" sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy') == ran ]]
    no_alerts
}

@test "a container whose root is the host's is said to be not covered; one whose root is no overlay too" {
    local runtime
    set_rule block
    for runtime in runc crun; do
        RUNTIME=$runtime
        make_image base
        make_bundle "host-root-$runtime" base --root-on host
        make_bundle "no-overlay-$runtime" base --root-on tmpfs
        start_container "host-root-$runtime"
        start_container "no-overlay-$runtime"
        wait_for 20 not_covered "host-root-$runtime" "its root directory is the host's"
        wait_for 20 not_covered "no-overlay-$runtime" "its root file system is no overlay"
        # nothing of it is refused, and that is said once
        exec_container "host-root-$runtime" sh -c 'cp /bin/true /tmp/copy && /tmp/copy'
        same "1 1" "$(alerts '[.[] | select(.operation.kind == "not-covered") | select(.container.id == $a), select(.container.id == $b)
            | .count] | join(" ")' --arg a "host-root-$runtime" --arg b "no-overlay-$runtime")"
    done
    [[ $(status_of .containers.not_covered) -eq 4 ]]
    totals_agree
}

# in_cgroup NUMBER COMMAND…   in the cgroup of a container that no runtime's state tells of
in_cgroup() {
    local group; group=/sys/fs/cgroup/docker-$(printf '%064x' "$1").scope; shift
    mkdir "$group"
    # shellcheck disable=SC2016 # its own
    bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$@" 3>&- &
}

@test "what runs in a sandbox of its own is said to be not covered, and does not become a member" {
    local sandbox machine group
    set_rule block
    # A sandbox has a root of its own, which is empty; a virtual machine has the host's.
    cp "$(realpath "$(type -P python3)")" /usr/local/bin/runsc
    cp "$(realpath "$(type -P sleep)")" /usr/local/bin/qemu-system-test
    mkdir "$container_dir/empty"
    PYTHONHOME=/usr in_cgroup 1 runsc -c "import os, time; os.chroot('$container_dir/empty'); time.sleep(1000)"
    in_cgroup 2 qemu-system-test 1000
    sandbox=$(printf '%064x' 1) machine=$(printf '%064x' 2)
    wait_for 20 not_covered "$machine" "it runs in a sandbox of its own: a virtual machine (qemu-system-test)"
    wait_for 20 not_covered "$sandbox" "it runs in a sandbox of its own: gVisor"
    sleep 3
    not_covered "$sandbox" gVisor
    [[ $(jq .members "$container_dir/shown") -eq 0 ]]
    for group in /sys/fs/cgroup/docker-0*.scope; do
        echo 1 >"$group/cgroup.kill"
        wait_for 10 rmdir "$group"
    done
    rm /usr/local/bin/{runsc,qemu-system-test}
    no_alerts
}
