# Every way to get code running in a container, with what comes of it: docs/exec-matrix.md.

load lib/container
load lib/holdfast
load lib/exec_ways

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

@test "alert: every way that there is would run what is not the image's, and is reported" {
    ways_judged runc alert ran alert
    RUNTIME=crun
    ways_judged crun alert ran alert
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
    set_rule alert
    run exec_container matrix-exchanged start_by exchanged=/usr/libexec/dynamic/true /root/other
    echo "$output"
    [[ $status -eq 0 && $output == *ran ]]
    [[ $(alert_lines | cut -d ' ' -f 1-3 | sort -u) == "exec added alert" ]]
}

# By a mount of the host's, which a container that sees the host's processes has a way to.
@test "an interpreter that a container registers is not the host's, wherever it lies" {
    local name=matrix-registered
    ways_images
    mkdir "$container_dir/volume"
    make_bundle $name ways --cap all --share pid --bind "$container_dir/volume:/srv"
    start_container $name
    set_rule block
    run_registered() {
        exec_container $name sh -c "cp /usr/bin/marker /srv/evil; mkdir -p /opt/binfmt; mount -t binfmt_misc none /opt/binfmt
            echo ':foreign-fixed:E::foreign-fixed::/proc/$$/root$container_dir/volume/evil:F' >/opt/binfmt/register"
        run exec_container $name own.foreign-fixed
        echo -1 >/proc/sys/fs/binfmt_misc/foreign-fixed
        echo "$output"
    }
    run_registered
    [[ $status -ne 0 && $output == *"peration not permitted"* && $output != *ran* ]]
    same "interpreter host deny $container_dir/volume/evil" "$(alert_lines | sed 's/^exec /interpreter /')"
    set_rule alert
    run_registered
    [[ $status -eq 0 && $output == ran ]]
    same "interpreter host alert $container_dir/volume/evil" "$(alert_lines | sed 's/^exec /interpreter /')"
}

@test "the published table is what was found here" {
    ways_table
}
