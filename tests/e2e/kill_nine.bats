# holdfastd is killed a hundred times, at random moments, while programs are refused, others run and containers start.
# kernels: none
#
# KILL_NINE_SEED chooses the moments; the one that was used is in the output.

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

# The container's own work: copies that are refused, under many names, and the image's program, which runs.
work='n=0
while [ ! -e /stop ]; do
    n=$((n + 1))
    cp -f /usr/bin/marker /tmp/copy-$((n % 40))
    storm 30 3 /tmp/copy-$((n % 40)) /appeared >>/refused
    storm 5 2 /bin/true >>/ran
    sleep 0.4
done
: >/done'

# Of a controller that was just killed nobody else is left to ask: see there.
begin_looks() {
    coproc looker { exec python3 "$BATS_TEST_DIRNAME/lib/left_behind.py" /var/lib/holdfast/alerts.db "$container_dir/left" 3>&-; }
}
adds_up() { # the module's counters and the store that the last daemon has left; always answered
    local answer
    echo >&"${looker[1]}"
    read -r -t $((60 * slowness)) answer <&"${looker[0]}" || answer='nobody answers'
    [[ $answer == ok ]] || { echo "after $i kills: $answer"; return 1; }
}

start_others() { # one after the other, until there is $container_dir/enough
    local n=0 start
    while [[ ! -e $container_dir/enough ]]; do
        n=$((n + 1)) start=$(milliseconds)
        timeout 60 "$RUNTIME" run --bundle "$container_dir/short" "short-$n" </dev/null || echo "status $?"
        echo "$(($(milliseconds) - start))" >>"$container_dir/starts"
        sleep 3 # two processors have the daemon and the other container to run, too
    done
}

@test "killed a hundred times: each time the counters add up, nobody hangs, each operation is counted once" {
    local seed=${KILL_NINE_SEED:-$((SRANDOM % 32768))} i=0 span wait_ms
    RANDOM=$seed
    echo "# KILL_NINE_SEED=$seed" >&3
    make_bundle worker base
    make_bundle short base --cgroup "$(engine_cgroup short)" --args marker --
    set_rule block
    start_container worker sh -c 'while [ ! -e /go ]; do sleep 0.1; done; '"$work"
    run exec_container worker sh -c 'cp /usr/bin/marker /tmp/first; /tmp/first'
    totals_agree
    stop_daemon KILL
    begin_looks
    adds_up # from here on
    touch "$(container_root worker)/go"
    start_others >"$container_dir/short.log" 2>&1 3>&- &
    local others=$!

    # how long a daemon takes until it answers, so that about every second one is killed before
    span=$(milliseconds)
    launch_daemon
    wait_for 60 holdfastctl rules list >/dev/null 2>&1
    span=$((($(milliseconds) - span) * 2))
    ((span < 2000)) || span=2000
    local late=0
    touch "$container_dir/launched" # so that this first one counts as early
    for ((i = 1; i <= 100; i++)); do
        wait_ms=$((RANDOM % span))
        sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))"
        if [[ /run/holdfast/holdfastd.sock -nt $container_dir/launched ]]; then late=$((late + 1)); fi
        kill -KILL "$daemon"
        { wait "$daemon"; } 2>/dev/null || true
        adds_up
        touch "$container_dir/launched"
        launch_daemon
    done
    echo "# $((EPOCHSECONDS - ${started_at%.*})) s so far" >&3
    echo "# killed within $span ms; its socket was there $late times; $(wc -l <"$container_dir/starts") containers started" >&3
    ((late > 0 && late < 100))

    touch "$container_dir/enough" "$(container_root worker)/stop"
    wait "$others"
    wait_for 60 test -e "$(container_root worker)/done"
    wait_for 60 is_normal

    # every copy was refused, the image's program ran each time, and each container came up
    local root; root=$(container_root worker)
    [[ ! -e $root/appeared ]]
    [[ $(sort -u "$root/refused") == "ran 0 refused 30 other 0" ]]
    [[ $(sort -u "$root/ran") == "ran 5 refused 0 other 0" ]]
    sort "$container_dir/short.log" | uniq -c
    [[ $(sort -u "$container_dir/short.log") == ran ]]
    [[ $(sort -n "$container_dir/starts" | tail -n 1) -lt 20000 ]]

    totals_agree
    [[ $(operations) -eq $(($(wc -l <"$root/refused") * 30 + 1)) ]]
    # half of what holdfastd.service lets it have
    [[ $(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(daemon_pid)/status") -lt $((256 * 1024)) ]]
    stop_daemon
    adds_up
    kill "$looker_PID"
    start_daemon
}
