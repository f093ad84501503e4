# scripts/vm from outside.

bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

vm() { scripts/vm run --no-module "$@"; }

@test "output and errors come apart, the exit status is the command's" {
    run --separate-stderr -7 vm -- sh -c 'echo out; echo err >&2; exit 7'
    [ "$output" = out ]
    [ "$stderr" = err ]
}

@test "a signal's status is 128 and its number" {
    # shellcheck disable=SC2016
    run -143 vm -- sh -c 'kill -TERM $$'
}

@test "arguments arrive as they are, in the checkout, which can be written" {
    mkdir -p build
    # shellcheck disable=SC2016
    run -0 vm -- bash -c 'printf "[%s]" "$@"; pwd; echo from the guest >build/harness-test' - 'a  b' '' "it's" $'line\nend'
    [ "$output" = "[a  b][][it's]"$'[line\nend]'"$(pwd -P)" ]
    [ "$(cat build/harness-test)" = 'from the guest' ]
    rm build/harness-test
}

@test "output is live" {
    vm -- sh -c 'echo first; sleep 30' >"$BATS_TEST_TMPDIR/out" 3>&- &
    local vm=$! i
    for ((i = 0; i < 600; i++)); do grep -q first "$BATS_TEST_TMPDIR/out" && break; sleep 0.1; done
    kill -0 "$vm"
    grep -q first "$BATS_TEST_TMPDIR/out"
    kill -TERM "$vm"
    # not with 'run': its subshell has no children to wait for
    local status=0
    wait "$vm" || status=$?
    [ "$status" -eq 143 ]
}

@test "a guest that takes too long is ended, with its console's last lines" {
    run --separate-stderr -124 vm --timeout 60 -- sh -c 'echo "<1>the last words" >/dev/kmsg; sleep 1000'
    [[ $stderr == *"the last words"* ]]
    [[ $stderr == *"timed out after 60 s"* ]]
}

@test "a guest that panics is told apart from a command that fails" {
    run --separate-stderr -125 vm -- sh -c 'echo c >/proc/sysrq-trigger'
    [[ $stderr == *"Kernel panic"* ]]
    [[ $stderr == *"the guest died"* ]]
}

@test "a kernel warning fails a command that succeeded, unless allowed" {
    run --separate-stderr -123 vm -- sh -c 'echo "<4>WARNING: made up" >/dev/kmsg'
    [[ $stderr == *"WARNING: made up"* ]]
    run -0 vm --allow-warnings -- sh -c 'echo "<4>WARNING: made up" >/dev/kmsg'
}

@test "the root is ext4, or an overlay; /scratch is ext4" {
    run -0 vm -- stat -f -c %T / /scratch
    [ "$output" = $'ext2/ext3\next2/ext3' ]
    run -0 vm --root overlay -- stat -f -c %T / /scratch
    [ "$output" = $'overlayfs\next2/ext3' ]
}

@test "systemd is the init when asked for, and the system comes up whole" {
    run -0 vm --init systemd -- sh -c 'cat /proc/1/comm; systemctl is-system-running; exit 0'
    [ "$output" = $'systemd\nrunning' ]
}

@test "with --icount there is one processor" {
    run -0 vm --icount -- nproc
    [ "$output" = 1 ]
}

@test "two guests at once, from a checkout whose path has a space" {
    local copy="$BATS_TEST_TMPDIR/a copy"
    mkdir "$copy"
    cp -a scripts "$copy"
    "$copy/scripts/vm" run --no-module -- pwd >"$BATS_TEST_TMPDIR/out" 3>&- &
    run -0 vm -- true
    wait $!
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = "$copy" ]
}

@test "the module is built and loaded from a checkout whose path has a space" {
    local copy="$BATS_TEST_TMPDIR/a copy"
    mkdir -p "$copy/tests"
    cp -a scripts kmod "$copy"
    cp -a tests/modules "$copy/tests"
    run --separate-stderr -0 "$copy/scripts/vm" run --no-daemon -- sh -c 'pwd; grep -o "^holdfast " /proc/modules'
    [ "$output" = "$copy"$'\nholdfast ' ]
}

@test "once everything is made, a virtual machine is there in seconds" {
    vm -- true
    # As long as other things keep this machine busy, it is the processor's seconds that tell.
    local TIMEFORMAT='%R %U %S' seconds real user system busy
    seconds=$( { time vm -- true >"$BATS_TEST_TMPDIR/out" 2>&1; } 2>&1)
    [ ! -s "$BATS_TEST_TMPDIR/out" ]
    read -r real user system <<<"$seconds"
    busy=$(awk -v n="$(nproc)" '{ print $1 / n }' /proc/loadavg)
    echo "$real s, of these $user + $system s of the processor; load $busy for each"
    awk -v r="$real" -v c="$user" -v s="$system" -v busy="$busy" 'BEGIN { exit !(c + s < 30 && r < 30 * (busy > 1 ? busy : 1)) }'
}

@test "wrong use is 2, --help is not" {
    run -2 scripts/vm run --kernel 1.0 -- true
    run -2 scripts/vm run
    run -2 scripts/vm
    run -2 scripts/build --nonsense
    run -2 scripts/test --only nothing
    run -0 scripts/vm --help
    [[ $output == usage:* ]]
}

@test "no virtual machine stays behind, however it ends" {
    local vm qemu signal i
    for signal in INT TERM KILL; do
        TMPDIR=$BATS_TEST_TMPDIR env --default-signal=INT scripts/vm run --no-module -- sleep 1000 >/dev/null 2>&1 3>&- &
        vm=$!
        for ((i = 0; i < 600; i++)); do
            qemu=$(pgrep -P "$vm" qemu-system) && break
            sleep 0.1
        done
        [ -n "$qemu" ]
        kill -"$signal" "$vm"
        wait "$vm" || true
        # gone, or dead and waiting for someone to ask
        for ((i = 0; i < 50; i++)); do
            [[ $(ps -o stat= -p "$qemu") == @(|Z*) ]] && break
            sleep 0.1
        done
        ((i < 50))
    done
}
