# Loading and unloading the module while everything happens.
# kernels: none
# vm: --no-module --in-turn

load lib/container
load lib/holdfast

container_state() { "$RUNTIME" state "$1" | jq -r .status; }
# Fifty times on one kernel; elsewhere as often as shows that it works there too.
rounds() { if [[ $(kernel) == 6.1 ]]; then echo 50; else echo 10; fi; }

setup() { container_setup; }
teardown() {
    container_teardown
    if lsmod | grep -q '^holdfast.* 0 *$'; then rmmod holdfast; fi
}

@test "loaded and unloaded 50 times under an exec storm with queries pending" {
    make_image base
    modprobe overlay || true
    touch "$container_dir/go"
    local i storms=()
    # programs of the host, and of a root of their own, which are asked about: nobody answers
    for i in 1 2; do
        mkdir -p "/sys/fs/cgroup/storm$i"
        (
            echo "$BASHPID" >"/sys/fs/cgroup/storm$i/cgroup.procs"
            while [[ -e $container_dir/go ]]; do
                /bin/true
                chroot "$image_dir/base" /bin/busybox true
            done
        ) 3>&- &
        storms+=($!)
    done
    for ((i = 0; i < $(rounds); i++)); do
        insmod "$(module)"
        python3 "$BATS_TEST_DIRNAME/lib/controller.py" --mute >"$container_dir/controller" 2>&1 3>&- &
        local controller=$!
        # each fifth time with a query that is certainly pending: it is answered by nobody, for ten seconds
        ((i % 5)) || wait_for 60 grep -q QUERY "$container_dir/controller" || { cat "$container_dir/controller"; false; }
        timeout 60 rmmod holdfast
        kill "$controller" 2>/dev/null || true
        wait "$controller" || true
    done
    rm "$container_dir/go"
    wait "${storms[@]}"
}

# What is dropped, and runs, while the module is not loaded is not its image's when it is again.
@test "a container that was running before is adopted, and outlives the unloading" {
    make_image base
    make_bundle web base
    start_container web
    local i j action controller
    for i in 1 2 3; do
        [[ $(exec_container web sh -c "cp /usr/bin/marker /root/dropped-$i; /root/dropped-$i") == ran ]]
        for action in alert deny; do
            insmod "$(module)"
            python3 "$BATS_TEST_DIRNAME/lib/controller.py" --action $action >"$container_dir/controller" 2>&1 3>&- &
            controller=$!
            wait_for 30 grep -q ready "$container_dir/controller"
            for ((j = 1; j <= i; j++)); do
                run exec_container web "/root/dropped-$j"
                echo "$output"
                if [[ $action == deny ]]; then
                    [[ $status -ne 0 && $output == *"peration not permitted"* && $output != *ran* ]]
                else
                    [[ $status -eq 0 && $output == ran ]]
                fi
                wait_for 10 grep -qF "EVENT 1 b'/root/dropped-$j" "$container_dir/controller"
            done
            [[ $(exec_container web marker) == ran ]]
            ! grep /usr/bin/marker "$container_dir/controller" || false
            kill $controller
            wait $controller || true
            rmmod holdfast
        done
    done
    [[ $(exec_container web "/root/dropped-1") == ran ]]
}

@test "unloaded again and again under a container that starts programs all the time" {
    make_image base
    local i
    for i in 1 2; do
        make_bundle "storm-$i" base --args storm 0 4 /usr/bin/marker --
        start_container "storm-$i"
    done
    for ((i = 0; i < $(rounds) / 5; i++)); do
        insmod "$(module)"
        python3 "$BATS_TEST_DIRNAME/lib/controller.py" >"$container_dir/controller" 2>&1 3>&- &
        local controller=$!
        wait_for 60 grep -q ready "$container_dir/controller"
        # its members are adopted, or made by what they start
        wait_for 20 grep -q QUERY "$container_dir/controller"
        timeout 60 rmmod holdfast
        kill "$controller" 2>/dev/null || true
        wait "$controller" || true
    done
    for i in 1 2; do [[ $(container_state "storm-$i") == running ]]; done
}

# A module that waits for nobody's memory, nor forgets what it holds: /proc/PID/exe and what is mapped stay usable.
@test "unloaded again and again while it looks at what runs" {
    make_image base
    make_bundle surveyed base --cgroup "$(engine_cgroup surveyed)" --args sh -c 'cp /bin/busybox /tmp/busybox; i=0
        while [ $i -lt 200 ]; do /tmp/busybox sleep 1000 & i=$((i + 1)); done; touch /tmp/ready; wait' --
    start_container surveyed
    wait_for 60 test -e "$(container_root surveyed)/tmp/ready"
    local i found=0
    for ((i = 0; i < 10; i++)); do
        insmod "$(module)"
        python3 "$BATS_TEST_DIRNAME/lib/controller.py" --on-running >"$container_dir/controller" 2>&1 3>&- &
        local controller=$!
        wait_for 60 grep -q ready "$container_dir/controller"
        # each third time after it has found something, else in the midst of it
        ((i % 3)) || wait_for 60 grep -q "EVENT 10 .*busybox" "$container_dir/controller" || { echo "round $i"; cat "$container_dir/controller"; false; }
        timeout 60 rmmod holdfast
        kill "$controller" 2>/dev/null || true
        wait "$controller" || true
    done
    [[ $(exec_container surveyed sh -c 'ls -l /proc/[0-9]*/exe | grep -c /tmp/busybox') -eq 200 ]]
    delete_container surveyed
}

@test "holdfast.disable loads and attaches nothing" {
    insmod "$(module)" disable=1
    run python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" status
    [[ $output == taken ]]
    run python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" in-order
    [[ $output == *"switched off by holdfast.disable"* ]]
    run grep -q holdfast /sys/kernel/debug/tracing/enabled_functions
    [[ $status -ne 0 ]]
    rmmod holdfast
}

@test "after LOCK the module stays, and policy may be tightened only" {
    insmod "$(module)"
    python3 - "$BATS_TEST_DIRNAME/lib" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
from genl import Refused, Socket, begin, profile, rule

def commit(generation, *rules):
    socket = Socket()
    socket.do("POLICY_BEGIN", begin(generation))
    socket.do("POLICY_PART", profile(1, *rules))
    socket.do("POLICY_COMMIT")

commit(1, rule(1, 1, "/opt", on_running=1))
Socket().do("LOCK")
for weaker in ([], [rule(1, 0, on_running=1)], [rule(1, 1, "/opt", "/srv", on_running=1)], [rule(1, 2, "/", on_running=1)],
               [rule(1, 2, "/opt")]):
    try:
        commit(2, *weaker)
    except Refused as refused:
        assert "tightened" in str(refused), refused
    else:
        raise SystemExit("a weaker policy was taken")
commit(2, rule(1, 2, "/opt/plugins", on_running=2))
PYTHON
    run rmmod holdfast
    [[ $status -ne 0 && $output == *"in use"* ]]
}
