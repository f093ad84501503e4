# The second line of defence while the first is switched off, which only a module built for tests can do.
# vm: --no-module
# kernels: none

load lib/container
load lib/holdfast

setup_file() {
    install_holdfast
    modprobe overlay 2>/dev/null || true
}
setup() { container_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

first_line() { echo "$1" >/sys/module/holdfast/parameters/first_line; }
alarms() { alerts '[.[] | select(.operation.kind == "second-line") | .count] | add // 0'; }

@test "it refuses what is certainly not the image's by itself, and raises an alarm for what nobody has judged" {
    insmod "$(module test)"
    start_daemon
    make_bundle alone base
    start_container alone
    set_rule block
    exec_container alone sh -c 'cp /usr/bin/marker /root/copy; cp /usr/bin/interpreter /opt/interpreter
        printf "#!/bin/sh\necho ran\n" >/root/script; chmod +x /root/script'
    same 0 "$(alarms)"
    # a shell that is a member, as what a runtime starts in a container becomes one by the first line
    mkfifo "$container_dir/commands"
    runtime exec alone sh <"$container_dir/commands" >"$container_dir/said" 2>"$container_dir/errors" 3>&- &
    exec 5>"$container_dir/commands"
    says() { grep -q "$1" "$container_dir/said"; }
    echo 'echo begun' >&5
    wait_for 20 says begun
    first_line N
    printf '%s\n' '/root/copy; echo "copy $?"' '/root/script; echo "script $?"' 'interpreted; echo "interpreted $?"' \
        'launch path /root/copy; echo "launched $?"' 'marker' 'echo ended' >&5
    wait_for 20 says ended
    first_line Y
    printf '%s\n' 'marker; /root/copy; echo "again $?"' exit >&5
    exec 5>&-
    wait $!
    cat "$container_dir/said" "$container_dir/errors"
    same "$(printf '%s\n' 'exec added deny /opt/interpreter' 'exec added deny /root/copy' 'exec added deny /root/script')" "$(alert_lines)"
    same "$(printf '%s\n' begun 'copy 126' 'script 126' 'interpreted 126' 'launched 126' ran ended ran 'again 126')" \
        "$(grep -v 'not permitted' "$container_dir/said")"
    # launch and marker ran, and nobody had judged them
    same 2 "$(alarms)"
    stop_daemon
    delete_container alone
    rmmod holdfast
}

# It reports nothing then: of each program there is the alarm, and of each that is mapped what the other hooks find.
@test "alert: what it would refuse runs, and the alarm is raised for each program" {
    insmod "$(module test)"
    start_daemon
    make_bundle alone base
    start_container alone
    set_rule alert
    exec_container alone sh -c 'cp /usr/bin/marker /root/copy; cp /usr/bin/interpreter /opt/interpreter
        printf "#!/bin/sh\necho ran\n" >/root/script; chmod +x /root/script'
    mkfifo "$container_dir/commands"
    runtime exec alone sh <"$container_dir/commands" >>"$container_dir/said" 2>"$container_dir/errors" 3>&- &
    exec 5>"$container_dir/commands"
    does() { # does TIMES COMMAND   which is to say "ran", and as often to be told of
        local before; before=$(alarms)
        : >"$container_dir/said"
        echo "$2; echo ended" >&5
        wait_for 20 grep -q ended "$container_dir/said"
        same $'ran\nended' "$(<"$container_dir/said")"
        same "$1" $(($(alarms) - before))
    }
    does 0 'echo ran'
    first_line N
    does 1 /root/copy
    does 1 /root/script
    does 1 interpreted
    does 1 marker
    does 2 'launch path /root/copy'
    same "$(printf 'map added alert %s\n' /opt/interpreter /root/copy)" "$(alert_lines)"
    first_line Y
    does 0 /root/copy
    does 0 marker
    echo exit >&5
    exec 5>&-
    wait $!
    cat "$container_dir/errors"
    same "exec added alert /root/copy" "$(alert_lines | grep ^exec)"
    stop_daemon
    delete_container alone
    rmmod holdfast
}

@test "the module that is installed has no such switch" {
    modinfo --parameters "$(module)" >"$container_dir/parameters"
    grep -q disable "$container_dir/parameters"
    ! grep first_line "$container_dir/parameters" || false
}
