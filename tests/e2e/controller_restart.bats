# The controller is stopped and started: what runs does not notice.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

refused_in() { # refused_in NAME
    run exec_container "$1" sh -c 'cp -f /usr/bin/marker /tmp/copy; marker; /tmp/copy'
    echo "$output"
    [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]]
}

@test "restarted in order: nothing changes for who runs" {
    make_bundle kept base
    start_container kept
    set_rule block
    local generation
    generation=$(status_of .module.generation)
    stop_daemon TERM
    refused_in kept
    start_daemon
    (($(status_of .module.generation) >= generation))
    refused_in kept
    [[ $(alert_lines kept) == "exec added deny /tmp/copy" ]]
    [[ $(alerts '[.[] | select(.operation.kind == "exec" and .container.id == "kept") | .count] | add') -eq 2 ]]
}
