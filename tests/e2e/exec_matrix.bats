# Every way to get code running in a container, with what comes of it: docs/exec-matrix.md.

load lib/container
load lib/holdfast
load lib/exec_ways

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

@test "alert: every way that there is would run what is not the image's, and is reported" {
    ways_judged runc alert ran alert
}

@test "block: it is refused and reported; what is the image's own runs" {
    ways_judged runc block refused deny
    RUNTIME=crun
    ways_judged crun block refused deny
}

@test "a name that is exchanged all the time runs what was judged" {
    ways_start matrix-exchanged
    set_rule block
    run exec_container matrix-exchanged sh -c 'cp /usr/bin/start_by /root/other
        start_by exchanged=/usr/libexec/dynamic/true /root/other'
    echo "$output"
    [[ $status -eq 126 && $output == *"Operation not permitted"* ]]
    alert_lines
    [[ $(alert_lines | cut -d ' ' -f 1-3 | sort -u) == "exec added deny" ]]
}

@test "the published table is what was found here" {
    ways_table
}
