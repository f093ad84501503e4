# A host with many containers, and one where they come and go. Its one processor has a clock that counts instructions, a
# nanosecond each: what is said of times here is said of a processor of that pace, however fast this machine emulates it.
# vm: --icount
# kernels: none

load lib/container
load lib/holdfast

setup() {
    container_setup
    holdfast_setup
    make_image base
    make_bundle shared base
    root=$(container_root shared)
    before=$(held)
}
teardown() {
    pkill -KILL -f "^/usr/bin/(sh|sleep) .*of-many" || true
    wait
    holdfast_teardown
    container_teardown
}

# held   how many containers there are in the kernel, in the controller, and as its status says
held() {
    holdfastctl containers --output json | jq length
    status_of .containers.total .counters.members
}
daemon_ms() { awk '{ print ($14 + $15) * 10 }' "/proc/$(daemon_pid)/stat"; } # processor time that the controller has used
all_gone() { [[ $(held) == "$before" ]]; }

@test "1000 containers: each is known, judged as itself and reported as itself; and forgotten" {
    set_rule block
    cp /usr/bin/busybox "$root/dropped"
    mkfifo "$root/go"
    "$BATS_TEST_DIRNAME/../../build/tests/programs/start_many" 1000 0 "$root" \
        /usr/bin/sh -c 'read x </go; /dropped true; [ $? = 126 ]' of-many >"$container_dir/log" 2>&1 3>&- &
    wait_for 300 grep started "$container_dir/log"
    all_known() { [[ $(holdfastctl containers --output json | jq '[.[] | select(.covered and .members == 1)] | length') -ge 1000 ]]; }
    wait_for 60 all_known
    is_normal
    local took; took=$(milliseconds)
    holdfastctl status >/dev/null
    took=$(($(milliseconds) - took))
    echo "a look at the status takes $took ms"
    ((took < 2000 * slowness))
    # and nothing happens: what the controller does all the same, once a second
    local used; used=$(daemon_ms)
    sleep 10
    used=$(($(daemon_ms) - used))
    echo "# ten seconds of 1000 containers take the controller $used ms" >&3
    ((used < 500))
    # a new rule for all of them
    set_rule block
    : >"$root/go"
    wait
    cat "$container_dir/log"
    grep -qx 'ended badly: 0' "$container_dir/log"
    same "1000 1000" "$(alerts '[.[] | select(.rule.name == $rule)] |
        "\([.[].count] | add) \([.[].container.id] | unique | length)"' --arg rule "$rule")"
    totals_agree
    wait_for 60 all_gone
}

@test "50 containers a second: none waits for an answer in vain, none is refused, none stays behind" {
    set_rule block
    local defaulted; defaulted=$(status_of .counters.defaulted)
    local used; used=$(daemon_ms)
    "$BATS_TEST_DIRNAME/../../build/tests/programs/start_many" 500 50 "$root" /usr/bin/marker >"$container_dir/log" 2>&1
    used=$(($(daemon_ms) - used))
    local took; took=$(sed -n 's/^started 500 in \([0-9]*\) ms$/\1/p' "$container_dir/log")
    echo "# 500 were started in $took ms, and took the controller $used ms" >&3
    # the last of them is due after 9980 ms
    ((took < 10100 && used < took / 2))
    sort "$container_dir/log" | uniq -c
    grep -qx 'ended badly: 0' "$container_dir/log"
    [[ $(grep -cx ran "$container_dir/log") -eq 500 ]]
    same "$defaulted" "$(status_of .counters.defaulted)"
    no_alerts
    totals_agree
    wait_for 60 all_gone
}
