# A privileged member cannot get hold of what is on its way into its container, nor of the controller.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

programs=$BATS_TEST_DIRNAME/../../build/tests/programs
privileged=(--cap all --share pid --share cgroup --unmasked)

ended() { [[ $(container_state "$1") == stopped ]]; }
container_state() { "$RUNTIME" state "$1" | sed -n 's/.*"status": *"\([a-z]*\)".*/\1/p'; }

# watched DURING MODE ARGUMENT...   container $name gets hold of nothing by trace_setup's MODE while DURING runs
watched() {
    local during=$1
    shift
    runtime exec --detach "$name" trace_setup "$@" /stop </dev/null >"$container_dir/watch" 2>&1 3>&-
    wait_for 20 grep -q watching "$container_dir/watch"
    $during
    touch "$(container_root "$name")/stop"
    wait_for 20 grep -q seize "$container_dir/watch"
    cat "$container_dir/watch"
    local way
    for way in $ways; do grep -Eq "^$way allowed 0 refused [1-9]" "$container_dir/watch"; done
    # it was refused, and somebody hears of it
    [[ $(alerts '[.[] | select(.container.id == $name and .operation.kind == "ptrace")][0].operation.verdict' \
        --arg name "$name") == deny ]]
    totals_agree
}

watched_execs() {
    local name=watch-$RUNTIME ways="mem getfd seize"
    # whatever the rules say
    set_rule off
    make_bundle "$name" base "${privileged[@]}"
    start_container "$name"
    execs() { local i; for ((i = 0; i < 8; i++)); do exec_container "$name" true; done; }
    watched execs watch "$(container_cgroup "$name")"
}

@test "runc: no exec in its set-up is traced, read or robbed by a member" { RUNTIME=runc watched_execs; }
@test "crun: no exec in its set-up is traced, read or robbed by a member" { RUNTIME=crun watched_execs; }

@test "who is on its way into a container is not traced either while it makes threads and processes" {
    local name=watch-churn ways=seize
    set_rule off
    make_bundle "$name" base "${privileged[@]}"
    start_container "$name"
    "$programs/trace_setup" churn "$(container_cgroup "$name")" >"$container_dir/churning" </dev/null 3>&- &
    wait_for 5 test -s "$container_dir/churning"
    watched "sleep 10" chase
    kill -KILL "$(<"$container_dir/churning")"
    wait
}

@test "a member may trace its own children, not the controller" {
    make_bundle tracer base "${privileged[@]}"
    start_container tracer
    same "$(printf '%s allowed 1 refused 0\n' mem getfd seize)" "$(exec_container tracer trace_setup child)"
    no_alerts
    same "$(printf '%s allowed 0 refused 1\n' mem getfd seize)" \
        "$(exec_container tracer trace_setup "$(daemon_pid)")"
    [[ $(alerts '[.[] | select(.container.id == "tracer" and .operation.kind == "ptrace") | .count] | add') -eq 3 ]]
    # of the host, root may
    same "$(printf '%s allowed 1 refused 0\n' mem getfd seize)" \
        "$("$programs/trace_setup" "$(daemon_pid)")"
    is_normal
}
