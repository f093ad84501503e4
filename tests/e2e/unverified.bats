# As long as the place of overlayfs' upper pointer is not verified, nothing is taken for the image's.
# kernels: none
# vm: --no-daemon

load lib/container

setup() { container_setup; make_image base; }
teardown() { container_teardown; }

# controller OPTION…   until the test ends or another takes over; it says what it hears in $container_dir/controller
controller() {
    python3 "$BATS_TEST_DIRNAME/lib/controller.py" "$@" >"$container_dir/controller" 2>&1 3>&- &
    controller=$!
    wait_for 30 grep -q ready "$container_dir/controller"
}
heard() { grep -q "^EVENT $(unverified) b'/usr/bin/marker" "$container_dir/controller"; }
unverified() { python3 -c "import sys; sys.path.insert(0, '$BATS_TEST_DIRNAME/lib'); from genl import N; print(N['EVENT_UNVERIFIED'])"; }

@test "unverified: a block rule refuses the image's own program too and says why, an alert rule lets it run and says so" {
    make_bundle web base
    controller --action deny --generation 1 --uncalibrated
    run run_container web marker
    echo "$output"
    [[ $status -ne 0 && $output != *ran* ]]
    wait_for 10 heard
    kill "$controller"
    controller --action alert --generation 2 --uncalibrated
    [[ $(run_container web marker) == ran ]]
    wait_for 10 heard
    kill "$controller"
    # a file of the host's is no business of this
    /bin/true
}

@test "once it is verified the image's own program runs, and nobody hears of it" {
    make_bundle web base
    controller --action deny --generation 3
    [[ $(run_container web marker) == ran ]]
    [[ $(<"$container_dir/controller") != *EVENT* ]]
    run run_container web sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy'
    [[ $status -eq 126 ]]
    kill "$controller"
}
