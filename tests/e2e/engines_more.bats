# Docker and Podman under a rule that blocks, with the runtimes and cgroup drivers that engines.bats leaves out.
# vm: --init systemd
# kernels: none

load lib/container
load lib/holdfast
load lib/engines

setup() { container_setup; holdfast_setup; block_escapes; engines_setup; }
teardown() { engines_teardown; holdfast_teardown; container_teardown; }

@test "docker, runc, cgroups of systemd" {
    docker_begin systemd
    life_cycle docker more
}

@test "podman, crun, cgroups of its own" {
    podman_begin crun cgroupfs
    life_cycle podman
}

@test "podman, runc, cgroups of systemd" {
    podman_begin runc systemd
    life_cycle podman
}

@test "podman, runc, cgroups of its own" {
    podman_begin runc cgroupfs
    life_cycle podman more
}
