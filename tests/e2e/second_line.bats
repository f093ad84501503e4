# What the second line of defence sees, and that the first cannot be taken away.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

@test "a program's interpreter that was dropped is refused at its open; on a tmpfs or volume as it is mapped, and the process dies" {
    local place end
    mkdir "$container_dir/volume"
    make_bundle interp-root base
    make_bundle interp-tmpfs base --tmpfs /opt
    make_bundle interp-volume base --bind "$container_dir/volume:/opt"
    set_rule block
    for place in root tmpfs volume; do
        start_container "interp-$place"
        run exec_container "interp-$place" sh -c 'cp /usr/bin/interpreter /opt/interpreter; interpreted; echo "status $?"'
        echo "$place: $output"
        end=139 # SIGSEGV, of the kernel's own
        [[ $place != root ]] || end=126
        [[ $output != *ran* && $output == *"status $end"* ]]
        [[ $(alert_lines "interp-$place") == *" deny /opt/interpreter" ]]
    done
    # on the container's root before the program is lost
    [[ $(alert_lines interp-root) == "interpreter added deny /opt/interpreter" ]]
    set_rule alert
    for place in root tmpfs volume; do
        [[ $(exec_container "interp-$place" interpreted) == ran ]]
        [[ $(alert_lines "interp-$place" | wc -l) -eq 1 ]]
    done
}

# Overlayfs opens the upper file too, on a file system where another container's programs are looked for.
@test "an image's interpreter that was copied up runs beside a container whose root is a directory" {
    mkdir -p "$image_dir/with-interpreter/opt"
    cp "$image_dir/base/usr/bin/interpreter" "$image_dir/with-interpreter/opt/interpreter"
    make_bundle layered with-interpreter:base
    make_bundle plain base --root-on directory
    start_container layered
    start_container plain
    set_rule block
    [[ $(exec_container layered sh -c 'chmod 700 /opt/interpreter && interpreted') == ran ]]
    [[ -f $container_dir/layered/upper/opt/interpreter ]]
    same "" "$(alert_lines layered)"
    refused() { ! exec_container layered sh -c 'echo >>/opt/interpreter; interpreted'; }
    refused
    same "interpreter changed deny /opt/interpreter" "$(alert_lines layered)"
}

@test "a script whose interpreter was dropped is refused" {
    make_bundle shebang base
    start_container shebang
    set_rule block
    run exec_container shebang sh -c 'cp /usr/bin/marker /opt/marker; printf "#!/opt/marker\n" >/tmp/script; chmod +x /tmp/script; /tmp/script'
    [[ $status -eq 126 ]]
    [[ $(alert_lines) == "exec added deny /tmp/script" ]]
}

@test "no program runs that the first line has not judged" {
    set_rule alert
    make_bundle judged base
    start_container judged
    exec_container judged sh -c 'cp /usr/bin/marker /tmp/copy; for i in 1 2 3 4 5; do /tmp/copy; marker; launch memfd /usr/bin/marker; done' >/dev/null
    [[ $(alerts '[.[] | select(.operation.kind == "second-line")] | length') -eq 0 ]]
}

@test "the canary shows that every hook fires, and again after the controller is started anew" {
    fired() { [[ $(status_of .module.canary_at) > "$1" ]]; }
    wait_for 20 fired ""
    [[ $(holdfastctl status) == *"all shown to fire at 20"* ]]
    local before
    before=$(status_of .module.canary_at)
    stop_daemon
    start_daemon
    wait_for 20 fired "$before"
    is_normal
    # one that cannot be tried is not taken for well
    stop_daemon
    mv /usr/libexec/holdfast/selftest-probe /usr/libexec/holdfast/away
    launch_daemon
    says_so() { [[ $(holdfastctl status 2>/dev/null) == *Abnormal*"hooks: cannot start /usr/libexec/holdfast/selftest-probe"* ]]; }
    wait_for 60 says_so
    [[ $(alerts '[.[] | select(.operation.kind == "unhealthy")][0].message') == "hooks: cannot start"* ]]
    mv /usr/libexec/holdfast/away /usr/libexec/holdfast/selftest-probe
    stop_daemon
    start_daemon
}

@test "every hook is attached, those that everything passes are called, and ftrace cannot be switched off under them" {
    same "" "$(not_attached)"
    same "" "$(status_of '.hooks[] | select(.mandatory and .hits == 0).symbol')"
    run sysctl -q -w kernel.ftrace_enabled=0
    [[ $status -ne 0 && $(</proc/sys/kernel/ftrace_enabled) == 1 ]]
}
