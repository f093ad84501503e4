# More happens than the kernel can keep, or the controller can take: it is counted, or sent again.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

# drop_and_run NAME COUNT   so many programs that are no copies of one another; prints how many were refused
drop_and_run() {
    exec_container "$1" sh -c 'mkdir -p /tmp/many && cd /tmp/many && seq "$0" | xargs touch && seq "$0" | xargs chmod 755 &&
        for f in *; do ./$f; done 2>&1 | grep -c "Operation not permitted"' "$2"
}

@test "more refusals than the kernel can keep without a controller: each refused, each counted, and somebody hears of it" {
    local seen before after programs=5000
    make_bundle flood base
    start_container flood
    set_rule block
    before=$(status_of .store.operations)
    seen=$(status_of .events.seen)
    stop_daemon KILL
    [[ $(drop_and_run flood $programs) -eq $programs ]]
    start_daemon
    wait_for 60 settled
    after=$(status_of '.events | [.seen == .delivered + .folded + .queued + .overflow, .seen, .overflow] | @tsv')
    echo "$after"
    local balanced now overflow
    read -r balanced now overflow <<<"$after"
    [[ $balanced == true ]]
    ((now - seen == programs))
    # what the kernel keeps is 4096, and a few of them it had sent already
    ((overflow > 0 && overflow <= programs - 4096))
    [[ $(status_of .store.operations) -eq $((before + programs - overflow)) ]]
    # and a long list is given whole
    [[ $(holdfastctl alerts list --limit 1000 --output json | jq '[.alerts[].id] | unique | length') -eq 1000 ]]
    [[ $(holdfastctl containers flood --output json | jq .overflow) -eq $overflow ]]
    said() { holdfastctl alerts list --type protection-status --output json | grep -q "$overflow operations .* were only counted by the kernel"; }
    wait_for 20 said
}

@test "a controller whose socket overruns again and again has each event once" {
    make_bundle overrun base
    start_container overrun
    stop_daemon
    LD_PRELOAD=$BATS_TEST_DIRNAME/../../build/tests/programs/libsmall_buffer.so start_daemon
    set_rule block
    before=$(status_of .store.operations)
    # it takes nothing meanwhile, however slow this machine is
    kill -STOP "$(daemon_pid)"
    refused=$(drop_and_run overrun 600)
    kill -CONT "$(daemon_pid)"
    same 600 "$refused"
    totals_agree
    [[ $(status_of .store.operations) -eq $((before + 600)) ]]
    grep -q "event stream: overrun" "$daemon_log"
    stop_daemon
    start_daemon
    totals_agree
    [[ $(status_of .store.operations) -eq $((before + 600)) ]]
}
