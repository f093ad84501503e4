# The controller dies, or hangs: the kernel goes on, nobody hangs, nothing is lost.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

first_program=(--args sh -c ': >/began; exec sleep 1000' --)

# started_in NAME   starts it and says after how many milliseconds its first program ran: a runtime does not wait for that
started_in() {
    local start; start=$(milliseconds)
    start_container "$1"
    wait_for 30 test -e "$container_dir/$1/upper/began"
    echo $(($(milliseconds) - start))
}

refused_in() { # refused_in NAME
    run exec_container "$1" sh -c 'cp -f /usr/bin/marker /tmp/copy; marker; /tmp/copy'
    echo "$output"
    [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]]
}

@test "killed in the middle of an exec storm: enforcement goes on, nothing hangs, the totals agree after restart" {
    local name usual dead
    for name in death usual dead-1 dead-2; do make_bundle "$name" base --cgroup "$(engine_cgroup "$name")" "${first_program[@]}"; done
    set_rule block
    start_container death
    exec_container death cp /usr/bin/marker /tmp/storm
    runtime exec --detach death storm 0 4 /tmp/storm /tmp/appeared </dev/null >/dev/null 2>&1 3>&-
    sleep 1
    usual=$(started_in usual)
    stop_daemon KILL

    # without a controller nobody is asked, and nobody waits
    dead=$(started_in dead-1)
    echo "a start took $usual ms, without the controller $dead ms"
    ((dead < usual * 2 + 2000))
    refused_in death
    refused_in dead-1
    [[ ! -e $(container_root death)/tmp/appeared ]]

    start_daemon
    start_container dead-2
    refused_in dead-2
    kill_container death KILL
    [[ ! -e $(container_root death)/tmp/appeared ]]
    totals_agree
    # it is told who started meanwhile, and decides again
    [[ $(alerts '[.[] | select(.operation.kind == "defaulted" and .container.id == "dead-1") | .count] | add') -eq 1 ]]
    [[ $(alerts '[.[] | select(.operation.kind == "defaulted" and .container.id == "dead-2") | .count] | add // 0') -eq 0 ]]
    decided() { [[ $(holdfastctl containers dead-1 --output json | jq -c '.defaulted') == false ]]; }
    wait_for 20 decided
    # what happened while it was dead is all there
    [[ $(alert_lines dead-1) == "exec added deny /tmp/copy" ]]
}

@test "killed again and again under a storm: each operation is counted once" {
    make_bundle again base
    start_container again
    exec_container again cp /usr/bin/marker /tmp/storm
    set_rule block
    exec_container again storm 2000 4 /tmp/storm /tmp/appeared >"$container_dir/storm" 2>&1 3>&- &
    local storm=$! i
    for i in 1 2 3; do
        stop_daemon KILL
        start_daemon
    done
    wait "$storm"
    cat "$container_dir/storm"
    [[ $(<"$container_dir/storm") == "ran 0 refused 2000 other 0" ]]
    totals_agree
    [[ $(operations) -eq 2000 ]]
}

@test "killed while it is asked: the start goes on at once, under the default" {
    local timed_out start
    make_bundle asked base --cgroup "$(engine_cgroup asked)" "${first_program[@]}"
    set_rule block
    stop_daemon
    sed -i 's/^query_timeout_ms:.*/query_timeout_ms: 10000/' /etc/holdfast/holdfast.yaml
    start_daemon
    timed_out=$(status_of .counters.queries_timed_out)
    kill -STOP "$(daemon_pid)"
    start_container asked
    sleep 3
    [[ ! -e $container_dir/asked/upper/began ]]
    start=$(milliseconds)
    stop_daemon KILL
    wait_for 5 test -e "$container_dir/asked/upper/began"
    echo "$(($(milliseconds) - start)) ms after its end"
    (($(milliseconds) - start < 5000))
    sed -i 's/^query_timeout_ms:.*/query_timeout_ms: 2000/' /etc/holdfast/holdfast.yaml
    start_daemon
    [[ $(status_of .counters.queries_timed_out) -eq $timed_out ]]
    [[ $(alerts '[.[] | select(.operation.kind == "defaulted" and .container.id == "asked") | .count] | add') -eq 1 ]]
    refused_in asked
    totals_agree
}

@test "hanging: a start waits for the stated time-out, not longer; after some nobody is asked any more" {
    local i name usual hung timeout timed_out
    for name in well hung-1 hung-2 hung-3 hung-4; do make_bundle "$name" base --cgroup "$(engine_cgroup "$name")" "${first_program[@]}"; done
    set_rule block
    usual=$(started_in well)
    timeout=$(status_of .module.query_timeout_ms)
    timed_out=$(status_of .counters.queries_timed_out)
    kill -STOP "$(daemon_pid)"
    for i in 1 2 3 4; do
        hung=$(started_in "hung-$i")
        echo "usual $usual ms, with a hanging controller $hung ms, the time-out is $timeout ms"
        ((hung < usual * 2 + timeout + 500)) || break
    done
    kill -CONT "$(daemon_pid)"
    ((i == 4 && hung < usual * 2 + timeout + 500))
    # three of them were waited for in vain, about the fourth nobody was asked
    [[ $(status_of .counters.queries_timed_out) -eq $((timed_out + 3)) ]]
    wait_for 30 is_normal
    for i in 1 4; do refused_in "hung-$i"; done
    [[ $(alerts '[.[] | select(.operation.kind == "defaulted" and (.container.id // "" | startswith("hung-"))) | .count] | add') -eq 4 ]]
    totals_agree
}
