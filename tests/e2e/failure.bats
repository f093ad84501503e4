# What the controller needs fails: the disk under its store, descriptors, memory. Programs are judged all the same, and what
# happened is stored when it can be.
# kernels: none

load lib/container
load lib/holdfast

state=/var/lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() {
    # a store of this test's
    if mountpoint --quiet "$state"; then
        stop_daemon
        umount "$state"
        start_daemon
    fi
    holdfast_teardown
    container_teardown
}

begin_small_store() {
    stop_daemon
    mount -t tmpfs -o size=4m,mode=700 tmpfs "$state"
    start_daemon
    unstored_before=$(status_of "$unstored")
}

descriptors() { find "/proc/$1/fd" -mindepth 1 | wc -l; } # descriptors PID
start_judged() { # start_judged NAME   a container that has a program of its own, refused once
    make_bundle "$1" base
    set_rule block
    start_container "$1"
    refused "$1" first
}
refused() { # refused CONTAINER NAME   a dropped program of that name
    run exec_container "$1" sh -c "cp /usr/bin/marker /tmp/$2; marker; /tmp/$2"
    [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]] || { echo "$output"; false; }
}
store_problem() { [[ $(status_of .store_problem) == *"$1"* ]]; }
stored() { # stored NAME…   of each an alert, and none else
    same "$(printf 'exec added deny /tmp/%s\n' "$@" | LC_ALL=C sort)" "$(alert_lines)"
    same "$#" "$(operations)"
    totals_agree
}
lists() { [[ $(holdfastctl alerts list --output json | jq '.alerts | length') -gt 0 ]]; }

@test "a full disk: programs are refused, alerts that are there can be read, and the others are stored when there is room" {
    begin_small_store
    start_judged web
    stored first
    head -c 10M /dev/zero >"$state/filler" || true
    local i names=()
    # more than fits into what the database has left in its last page
    for ((i = 0; i < 12; i++)); do names+=("full-$i"); done
    for i in "${names[@]}"; do refused web "$i"; done
    wait_for 20 store_problem full
    lists
    run holdfastctl status
    echo "$output"
    [[ $output == *"full"* ]]
    rm "$state/filler"
    wait_for 60 store_problem ''
    stored first "${names[@]}"
}

@test "a file system with an error, which is read-only from then on: the same, when it is mended" {
    stop_daemon
    truncate -s 16M "$container_dir/disk"
    mkfs.ext4 -q "$container_dir/disk"
    modprobe loop
    mount -o loop,errors=remount-ro "$container_dir/disk" "$state"
    start_daemon
    unstored_before=$(status_of "$unstored")
    start_judged web
    stored first
    echo error >"/sys/fs/ext4/$(basename "$(findmnt -no SOURCE "$state")")/trigger_fs_error"
    refused web second
    refused web third
    wait_for 20 store_problem ' '
    lists
    # what cannot be written down is not half done
    run holdfastctl alerts handle --rule "$rule"
    echo "$output"
    [[ $status -ne 0 ]]
    stop_daemon
    umount "$state"
    fsck.ext4 -fy "$container_dir/disk" || (($? == 1))
    mount -o loop "$container_dir/disk" "$state"
    start_daemon
    wait_for 60 store_problem ''
    stored first second third
}

@test "no descriptors: who runs is judged as before, who starts is not stopped, and all goes on when there are some" {
    local pid i
    start_judged web
    pid=$(daemon_pid)
    make_bundle late base
    prlimit --pid "$pid" --nofile="$(descriptors "$pid"):1048576"
    refused web second
    run timeout 5 holdfastctl status
    echo "$output"
    start_container late
    [[ $(exec_container late marker) == ran ]]
    # and it does not turn in circles meanwhile
    local before after
    before=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
    sleep 5
    after=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
    echo "processor time in 5 s without descriptors: $((after - before)) ticks"
    ((after - before < 250))
    prlimit --pid "$pid" --nofile=1048576:1048576
    wait_for 20 is_normal
    # whatever it began with
    decided() { run exec_container late sh -c 'cp /usr/bin/marker /tmp/late; /tmp/late'; [[ $status -eq 126 ]]; }
    wait_for 30 decided
    [[ $(alerts '[.[] | select(.rule.name == $rule and .operation.path == "/tmp/second")] | length' --arg rule "$rule") -eq 1 ]]
    totals_agree
    [[ $pid == "$(daemon_pid)" ]]
}

@test "much work leaves no descriptors behind, and fits into the memory that the unit gives" {
    local pid i group=/sys/fs/cgroup/holdfastd limit
    limit=$(sed -n 's/^MemoryMax=//p' /usr/lib/systemd/system/holdfastd.service)
    [[ -n $limit ]]
    echo "$limit" >"$group/memory.max"
    start_judged web
    pid=$(daemon_pid)
    wait_for 20 settled
    local before; before=$(descriptors "$pid")
    exec_container web sh -c 'for i in $(seq 500); do cp /usr/bin/interpreter /tmp/$i; /tmp/$i true; done 2>/dev/null; :'
    for ((i = 0; i < 40; i++)); do
        holdfastctl alerts list --limit 1000 --output json >/dev/null &
        # one that goes away
        printf 'half a message' | timeout 1 socat -t 0 - UNIX-CONNECT:/run/holdfast/holdfastd.sock >/dev/null 2>&1 &
    done
    wait
    for ((i = 0; i < 10; i++)); do
        set_rule block
        make_bundle "short-$i" base
        run_container "short-$i" true
        delete_container "short-$i" 2>/dev/null || true
    done
    totals_agree
    no_more() { (($(descriptors "$pid") <= before + 1)); }
    wait_for 30 no_more || { ls -l "/proc/$pid/fd"; false; }
    echo "of $limit at most $(($(<"$group/memory.peak") >> 20)) MB were in use"
    grep -qx 'oom_kill 0' "$group/memory.events"
    echo max >"$group/memory.max"
}
