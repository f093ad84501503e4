# Containers that are hosts themselves, or nearly so, under rules that block everything: not one alert, and they work.
# vm: --init systemd --memory 3072
# kernels: none

load lib/container
load lib/holdfast
load lib/engines

setup() { container_setup; holdfast_setup; engines_setup; make_debian_image; podman_runtime=crun podman_cgroups=systemd; }
teardown() { engines_teardown; holdfast_teardown; container_teardown; }

# What shuts the kernel's files off from a service takes away first what the runtime has covered of them.
@test "systemd in a container: services, with what it shuts them in by; without MT3 also off from the kernel's files" {
    local service=(podman_exec machine systemd-run --quiet --wait --pipe --property DynamicUser=yes)
    block_all
    podman_debian machine --systemd always --cap-add SYS_ADMIN -- /lib/systemd/systemd --unit basic.target
    runs() { podman_exec machine systemctl is-active --quiet basic.target; }
    wait_for 120 runs
    [[ $("${service[@]}" --property ProtectSystem=strict --property ProtectHome=yes --property PrivateTmp=yes \
        --property PrivateDevices=yes --property PrivateNetwork=yes --property MemoryDenyWriteExecute=yes \
        --property ProtectHostname=yes --property ProtectClock=yes --property ProtectKernelLogs=yes \
        --property SystemCallFilter=@system-service marker) == ran ]]
    podman_exec machine systemctl restart systemd-journald.service
    podman_exec machine journalctl --no-pager --quiet --lines 1
    no_alerts
    needs MT3 "${service[@]}" --property ProtectKernelTunables=yes --property ProtectControlGroups=yes \
        --property ProtectProc=invisible --property ProcSubset=pid marker
    podman stop machine
    no_alerts
}

@test "docker run and exec with all privileges" {
    docker_begin systemd
    block_all
    docker_run --detach --privileged --name all base:1 sleep 1000 >/dev/null
    [[ $(docker_exec all marker) == ran ]]
    docker_exec all sh -exc 'mkdir /tmp/m; mount -t tmpfs none /tmp/m; umount /tmp/m; hostname other; ls /dev /sys/kernel >/dev/null'
    docker_start usual sleep 1000
    [[ $(docker_exec --privileged usual marker) == ran ]]
    # its filter of system calls stays
    docker_exec --privileged usual sh -exc 'grep -q "^CapEff.*ffff" /proc/self/status; ip link set lo down; ip link set lo up; ls /dev >/dev/null'
    no_alerts
    docker rm --force all usual
}

@test "Docker in a container" {
    # its own profile; containers that are started of a directory have no image to be in its scope by
    sed '/scope:/,/images:/d' /usr/share/holdfast/templates/nested-engine.yaml >"$rules_dir/nested-engine.yaml"
    rule=nested-engine
    wait_for 20 in_force
    set_rule off
    mkdir "$container_dir/storage"
    echo '{}' >"$container_dir/storage/daemon.json" # the image shows this machine's
    podman_debian outer --privileged --volume "$container_dir/storage:/var/lib/docker" --volume "$image_dir/base:/base:ro" -- \
        dockerd --config-file /var/lib/docker/daemon.json --bridge none --iptables=false --exec-opt native.cgroupdriver=cgroupfs
    answers() { podman_exec outer docker version >/dev/null 2>&1; }
    wait_for 60 answers || { podman logs outer 2>&1 | tail -30; false; }
    podman_exec outer sh -exc '
        tar -C /base -c . | docker import - inner:1
        test "$(docker run --rm --network none --security-opt apparmor=unconfined inner:1 marker)" = ran
        docker run --detach --name inner --network none --security-opt apparmor=unconfined inner:1 sleep 1000
        test "$(docker exec inner marker)" = ran
        docker rm --force inner'
    no_alerts
}
