# A host whose own root is an overlay is no container; a container there is one.
# vm: --root overlay
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

programs=$BATS_TEST_DIRNAME/../../build/tests/programs

@test "programs of the host run unreported, also such as were written or changed" {
    [[ $(stat -f -c %T /) == overlayfs ]]
    set_rule block
    cp /bin/true /usr/local/bin/written
    written
    cat "$programs/marker" >/usr/bin/tac
    [[ $(tac) == ran ]]
    [[ $("$programs/launch" memfd "$programs/marker") == ran ]]
    "$programs/load_code" map /usr/local/bin/written
    [[ $(status_of .counters.members) -eq 0 ]]
    no_alerts
}

@test "a container there is judged" {
    local runtime
    set_rule block
    for runtime in runc crun; do
        RUNTIME=$runtime
        make_bundle "on-overlay-$runtime" base
        start_container "on-overlay-$runtime"
        run exec_container "on-overlay-$runtime" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
        [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]]
        [[ $(alert_lines "on-overlay-$runtime") == "exec added deny /tmp/copy" ]]
        delete_container "on-overlay-$runtime"
    done
}
