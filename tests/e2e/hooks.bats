# Hooks of runtimes: the image's, the host's, and such as GPU toolkits have them; under all items of rules against escapes.
# kernels: none

load lib/container
load lib/holdfast

programs=$BATS_TEST_DIRNAME/../../build/tests/programs

setup() {
    container_setup
    holdfast_setup
    block_escapes
    make_image base
    [[ -e $image_dir/hooks ]] || {
        mkdir -p "$image_dir/hooks/usr/bin"
        printf '#!/bin/sh\necho ran >/hook-ran\n' >"$image_dir/hooks/usr/bin/hook-script"
        chmod +x "$image_dir/hooks/usr/bin/hook-script"
    }
}
teardown() { holdfast_teardown; container_teardown; }

# still_judged NAME   the container's own programs run, others do not
still_judged() {
    run exec_container "$1" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
    echo "$output"
    [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]]
    [[ $(alert_lines "$1") == "exec added deny /tmp/copy" ]]
}

image_hook() {
    make_bundle "hook-image-$RUNTIME" hooks:base --hook startContainer:/usr/bin/hook-script
    set_rule block
    start_container "hook-image-$RUNTIME"
    # crun does not wait for it
    wait_for 20 test -e "$(container_root "hook-image-$RUNTIME")/hook-ran"
    no_alerts
    still_judged "hook-image-$RUNTIME"
}

host_hook() {
    printf '#!/bin/sh\nexec touch %q\n' "$container_dir/hook-ran" >"$container_dir/hook"
    chmod +x "$container_dir/hook"
    make_bundle "hook-host-$RUNTIME" base --hook "createContainer:$container_dir/hook"
    set_rule block
    start_container "hook-host-$RUNTIME"
    [[ -e $container_dir/hook-ran ]]
    no_alerts
    still_judged "hook-host-$RUNTIME"
}

pivot_hook() { # pivot_hook KIND
    local name=hook-pivot-$RUNTIME-$1
    make_bundle "$name" base --cap all --hook "$1:$programs/pivot_hook"
    set_rule block
    start_container "$name" || { cat "$container_dir/$name/log" "$container_dir/runc.log"; return 1; }
    [[ -e $(container_root "$name")/hook-ran ]]
    no_alerts
    still_judged "$name"
    # what the hook may do, its payload may not
    run exec_container "$name" launch memfd /usr/bin/marker
    [[ $status -eq 126 ]]
}

@test "runc: a startContainer hook of the image" { RUNTIME=runc image_hook; }
@test "crun: a startContainer hook of the image" { RUNTIME=crun image_hook; }
@test "runc: a createContainer hook of the host" { RUNTIME=runc host_hook; }
@test "crun: a createContainer hook of the host" { RUNTIME=crun host_hook; }
@test "runc: a prestart hook that pivots and runs a memfd" { RUNTIME=runc pivot_hook prestart; }
@test "runc: a createContainer hook that pivots and runs a memfd" { RUNTIME=runc pivot_hook createContainer; }
@test "crun: a prestart hook that pivots and runs a memfd" { RUNTIME=crun pivot_hook prestart; }
@test "crun: a createContainer hook that pivots and runs a memfd" { RUNTIME=crun pivot_hook createContainer; }

@test "a startContainer hook that is not of the image is refused, or reported" {
    make_bundle hook-dropped base --hook startContainer:/tmp/hook
    cp "$programs/marker" "$(container_root hook-dropped)/tmp/hook"
    set_rule block
    # without its hook a container does not start
    run run_container hook-dropped marker
    echo "$output"
    [[ $status -ne 0 && $output != *ran* ]]
    [[ $(alert_lines) == "exec added deny /tmp/hook" ]]
    "$RUNTIME" delete --force hook-dropped
    set_rule alert
    [[ $(run_container hook-dropped marker) == ran ]]
    [[ $(alert_lines) == "exec added alert /tmp/hook" ]]
}
