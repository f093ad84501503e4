# Much at once.
# kernels: none
# vm: --module-parameters max_queries=4

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() {
    holdfast_teardown
    crun delete --force --regex '^many-' >/dev/null 2>&1 || true
    umount --lazy "$container_dir"/many-*/rootfs 2>/dev/null || true
    container_teardown
}

@test "1000 tries from 8 threads: refused each time, no effect, counted exactly" {
    make_bundle storm base
    start_container storm
    exec_container storm cp /usr/bin/marker /tmp/copy
    set_rule block
    exec_container storm storm 1000 8 /tmp/copy /tmp/appeared >"$container_dir/storm.out" 3>&- &
    # what is asked for meanwhile is of one moment
    while kill -0 $! 2>/dev/null; do
        [[ $(status_of '.events | .seen == .delivered + .folded + .queued + .overflow') == true ]]
        looks=$((${looks-0} + 1))
    done
    wait $!
    echo "$(<"$container_dir/storm.out"), after $looks looks"
    ((looks > 0))
    [[ $(<"$container_dir/storm.out") == "ran 0 refused 1000 other 0" ]]
    [[ ! -e $(container_root storm)/tmp/appeared ]]
    [[ $(operations) -eq 1000 ]]
    [[ $(alert_lines) == "exec added deny /tmp/copy" ]]
    totals_agree

    # with an allowed directory they run, with 'alert' they are counted too
    set_rule block /tmp
    run exec_container storm storm 50 8 /tmp/copy /tmp/appeared
    [[ $output == *"ran 50 refused 0 other 0" ]]
    [[ -e $(container_root storm)/tmp/appeared ]]
    [[ $(operations) -eq 0 ]]
    set_rule alert
    run exec_container storm storm 50 8 /tmp/copy
    [[ $output == *"ran 50 refused 0 other 0" ]]
    [[ $(operations) -eq 50 ]]
    totals_agree
}

@test "many different programs at once: refused each time, counted exactly" {
    make_bundle many base
    start_container many
    set_rule block
    run exec_container many sh -c 'for i in $(seq 300); do cp /usr/bin/interpreter /tmp/$i; done
        for f in /tmp/*; do $f true 2>/dev/null && echo "$f ran"; done; ls /tmp | wc -l'
    echo "$output"
    [[ $output == 300 ]]
    [[ $(operations) -eq 300 ]]
    totals_agree
}

@test "a fork bomb ends with its container and takes nothing with it" {
    set_rule block
    local before
    before=$(status_of .counters.members)
    make_bundle bomb base --jq '.linux.resources.pids = {limit: 100}'
    start_container bomb sh -c 'bomb() { bomb | bomb & }; bomb 2>/dev/null; exec sleep 1000'
    sleep 5
    [[ $(<"/sys/fs/cgroup$(container_cgroup bomb)/pids.current") -ge 20 ]]
    is_normal
    make_bundle beside base
    run run_container beside marker
    [[ $output == ran ]]
    delete_container bomb
    members_left() { [[ $(status_of .counters.members) -le $before ]]; }
    wait_for 20 members_left
    no_alerts
}

@test "forks that fail leave nothing behind" {
    local before after group
    make_bundle failing base --uid 1000 --cap none
    start_container failing failing_forks 100
    wait_for 60 grep -q 100 "$container_dir/failing/log"
    group=/sys/fs/cgroup$(container_cgroup failing)
    before=$(sed -n 's/^slab //p' "$group/memory.stat")
    runtime exec --detach --user 1000 failing failing_forks 6000 </dev/null >"$container_dir/log" 2>&1 3>&-
    wait_for 120 grep -qx 6000 "$container_dir/log"
    after=$(sed -n 's/^slab //p' "$group/memory.stat")
    echo "the kernel holds $before bytes for it before, $after bytes after"
    # a record that stays has some 200 bytes
    ((after - before < 600000))
}

# Copies of the bundle NAME-0, up to NAME-(COUNT - 1), in one process: to start one for each step takes minutes here.
copy_bundles() { # copy_bundles NAME COUNT
    python3 - "$container_dir" "$image_dir/base" "$1" "$2" <<'PYTHON'
import ctypes, hashlib, os, sys
top, lower, name, count = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
with open(f"{top}/{name}-0/config.json") as file:
    config = file.read()
def cgroup(bundle):
    return hashlib.sha256(f"{bundle}\n".encode()).hexdigest()
for i in range(1, int(count)):
    bundle = f"{top}/{name}-{i}"
    for part in ("rootfs", "upper", "work"):
        os.makedirs(f"{bundle}/{part}")
    with open(f"{bundle}/config.json", "w") as file:
        file.write(config.replace(f'{name}-0"', f'{name}-{i}"').replace(cgroup(f"{name}-0"), cgroup(f"{name}-{i}")))
    options = f"lowerdir={lower},upperdir={bundle}/upper,workdir={bundle}/work"
    if libc.mount(b"overlay", f"{bundle}/rootfs".encode(), b"overlay", 0, options.encode()):
        raise OSError(ctypes.get_errno(), bundle)
PYTHON
}

@test "60 containers at once with a slow controller: queries capped, defaults counted, all start and are judged" {
    RUNTIME=crun
    local i before after
    make_bundle many-0 base --cgroup "$(engine_cgroup many-0)" --args sh -c 'cp /usr/bin/marker /tmp/copy; marker >/tmp/own; /tmp/copy >/tmp/foreign; exec sleep 1000' --
    copy_bundles many 60
    set_rule block
    stop_daemon
    sed -i 's/^query_timeout_ms:.*/query_timeout_ms: 6000/' /etc/holdfast/holdfast.yaml
    start_daemon --query-delay-ms 4000
    before=$(status_of '.counters | .queries_refused, .queries_timed_out, .defaulted')
    local pids=()
    for ((i = 0; i < 60; i++)); do
        start_container "many-$i" &
        pids+=($!)
    done
    local most=0 pending
    while kill -0 "${pids[@]}" 2>/dev/null; do
        pending=$(status_of .counters.queries_pending)
        ((pending <= most)) || most=$pending
    done
    for i in "${pids[@]}"; do wait "$i"; done
    after=$(status_of '.counters | .queries_refused, .queries_timed_out, .defaulted')
    echo "refused, timed out, defaulted: before" "$before" ", after" "$after" "; pending at most $most"
    ((most <= 4))
    local b a
    mapfile -t b <<<"$before"
    mapfile -t a <<<"$after"
    ((a[0] > b[0]))
    # each that was not asked about, or not answered in time, took the default; and is reported
    ((a[2] > b[2] && a[2] - b[2] <= a[0] - b[0] + a[1] - b[1]))
    all_done() {
        local n=0
        for ((i = 0; i < 60; i++)); do [[ ! -e $container_dir/many-$i/upper/tmp/foreign ]] || n=$((n + 1)); done
        ((n == 60))
    }
    wait_for 60 all_done
    for ((i = 0; i < 60; i++)); do
        [[ $(<"$container_dir/many-$i/upper/tmp/own") == ran ]]
        [[ ! -s $container_dir/many-$i/upper/tmp/foreign ]]
    done
    [[ $(operations) -eq 60 ]]
    alerts '.[] | select(.operation.kind == "defaulted") | "defaulted \(.container.id // "unknown") \(.count)"' | sort | uniq -c
    # also of one whose runtime has been too slow to write down who it is
    [[ $(alerts '[.[] | select(.operation.kind == "defaulted" and .time.last_real_ns / 1e9 >= ($since | tonumber)) | .count] | add' \
        --arg since "$started_at") -eq $((a[2] - b[2])) ]]
    totals_agree
    # who started under the default is decided again when the controller is its old self
    stop_daemon
    sed -i 's/^query_timeout_ms:.*/query_timeout_ms: 2000/' /etc/holdfast/holdfast.yaml
    start_daemon
    # who started under the default has been decided again
    [[ $(holdfastctl containers --output json | jq '[.[] | select(.defaulted)] | length') -eq 0 ]]
}
