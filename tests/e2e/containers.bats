# vm: --no-module
# kernels: none
# What the other files build on: containers made by lib/container.bash, without Holdfast, behave as they should.

load lib/container

setup() { container_setup; }
teardown() { container_teardown; }

runs_its_program() {
    make_image base
    make_bundle web base --uid 5 --env X=y
    run run_container web sh -c 'id -u; echo "$X"; exit 9'
    [ "$status" -eq 9 ]
    [ "$output" = $'5\ny' ]
}

writes_to_the_upper_layer() {
    make_image hard --hard-links
    make_bundle web hard --cap all --tmpfs /mnt --bind /scratch:/srv:bind,ro --hook poststart:/bin/true
    start_container web
    exec_container web sh -c 'cp /bin/busybox /opt/true && /opt/true && grep -q " /srv ext4 ro" /proc/mounts'
    [ "$(stat -f -c %T "$(container_root web)")" = overlayfs ]
    [ -x "$container_dir/web/upper/opt/true" ]
    [ -d "/sys/fs/cgroup$(container_cgroup web)" ]
    kill_container web
    delete_container web
    run "$RUNTIME" state web
    [ "$status" -ne 0 ]
}

shares_and_maps_namespaces() {
    make_image base
    make_bundle shared base --share pid --share network --share cgroup --root-on tmpfs --unmasked --devices
    run run_container shared readlink /proc/self/ns/pid
    [ "$output" = "$(readlink /proc/self/ns/pid)" ]
    make_bundle mapped base --userns
    chmod 755 "$container_dir"
    run run_container mapped cat /proc/self/uid_map
    [[ $output == *100000* ]]
}

stacks_images() {
    make_image base
    make_libc_image dynamic
    make_bundle web dynamic:base --overlay metacopy=on --no-new-privileges --annotation a.b=c
    run run_container web /usr/libexec/dynamic/bash -c 'echo $((6 * 7))'
    echo "$output"
    [ "$output" = 42 ]
}

@test "runc: a container runs its program as asked" { RUNTIME=runc runs_its_program; }
@test "crun: a container runs its program as asked" { RUNTIME=crun runs_its_program; }
@test "runc: a detached container writes to its overlay" { RUNTIME=runc writes_to_the_upper_layer; }
@test "crun: a detached container writes to its overlay" { RUNTIME=crun writes_to_the_upper_layer; }
@test "runc: namespaces are shared and mapped" { RUNTIME=runc shares_and_maps_namespaces; }
@test "crun: namespaces are shared and mapped" { RUNTIME=crun shares_and_maps_namespaces; }
@test "runc: images are stacked, programs dynamic" { RUNTIME=runc stacks_images; }
@test "crun: images are stacked, programs dynamic" { RUNTIME=crun stacks_images; }
