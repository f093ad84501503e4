# What engines do in and around containers that looks like an escape, under rules that block everything: not one alert, and it
# works.
# vm: --init systemd --memory 3072
# kernels: none

load lib/container
load lib/holdfast
load lib/engines

setup() { container_setup; holdfast_setup; engines_setup; make_debian_image; podman_runtime=crun podman_cgroups=systemd; }
teardown() { engines_teardown; holdfast_teardown; container_teardown; }

@test "a pod with shared process ids: its containers look at, trace and end one another's processes" {
    podman_begin crun systemd
    block_all
    # of the pause program that podman makes an image of by itself
    podman pod create --name pod --share pid,net,ipc,uts --network none >/dev/null
    podman_start_in() { podman run --detach --pod pod --name "$@" </dev/null >/dev/null; }
    podman_start_in one localhost/base:1 sleep 1234
    podman_start_in two --cap-add SYS_PTRACE localhost/base:1 sleep 1000
    podman_exec two sh -exc '
        pid=$(grep -l "^sleep.1234" /proc/[0-9]*/cmdline | cut -d / -f 3)
        ls /proc/$pid/root/bin >/dev/null
        reach ptrace $pid
        kill $pid'
    no_alerts
    podman pod rm --force --time 0 pod
}

dockerfile() {
    printf '%s\n' 'FROM localhost/base:1' 'COPY passwd /etc/passwd' 'RUN marker && mkdir /srv/x && chown 5 /srv/x' 'USER 5' 'RUN test "$(id -u)" = 5' \
        >"$container_dir/build/Dockerfile"
}

@test "podman and buildah build, on the host" {
    podman_begin crun systemd
    block_all
    mkdir -p "$container_dir/build"
    cp /etc/passwd "$container_dir/build"
    dockerfile
    podman build --quiet --network none --tag localhost/by-podman "$container_dir/build"
    [[ $(podman_run --rm localhost/by-podman marker) == ran ]]
    buildah build --quiet --network none --tag localhost/by-buildah "$container_dir/build"
    no_alerts
    podman image rm localhost/by-podman localhost/by-buildah
}

@test "networks of podman, by netavark and by CNI" {
    local backend
    podman_begin crun systemd
    block_all
    for backend in netavark cni; do
        # the choice is kept with what it was first used for
        with() { podman --network-backend "$backend" --root "/scratch/$backend" --runroot "/run/$backend" "$@"; }
        tar -C "$image_dir/base" -c . | with import --quiet - localhost/base:1 >/dev/null
        with network create --subnet 10.9.1.0/24 shop
        with run --detach --name server --network shop --publish 8080:80 localhost/base:1 \
            sh -c 'echo page >/tmp/index.html; exec httpd -f -h /tmp' </dev/null
        served() { [[ $(with run --rm --network shop localhost/base:1 wget -q -O - http://10.9.1.2/ </dev/null) == page ]]; }
        wait_for 60 served
        [[ $(curl --silent http://127.0.0.1:8080/) == page ]]
        with rm --force --time 0 server
        with network rm shop
    done
    no_alerts
}

@test "a privileged exporter of the node's figures, with the host's root read only" {
    block_all
    network=host podman_debian exporter --privileged --pid host --volume /:/host:ro,rslave -- prometheus-node-exporter \
        --path.rootfs /host --path.procfs /host/proc --path.sysfs /host/sys --collector.systemd --collector.processes --web.listen-address 127.0.0.1:9100
    exports() { curl --silent --fail http://127.0.0.1:9100/metrics >"$container_dir/metrics"; }
    wait_for 60 exports
    grep -q '^node_filesystem_size_bytes' "$container_dir/metrics"
    grep -q '^node_memory_MemTotal_bytes' "$container_dir/metrics"
    no_alerts
}

# Both start themselves from memory, and what they build is not the container's image's.
@test "podman and buildah build, in a container" {
    block_escapes
    set_rule off
    mkdir "$container_dir/storage"
    podman_debian builder --cap-add SYS_ADMIN --volume "$container_dir/storage:/var/lib/containers" --volume "$image_dir/base:/base:ro" -- sleep 1000000
    podman_exec builder sh -exc '
        mkdir /tmp/build
        tar -C /base -cf /tmp/build/base.tar .
        printf "%s\n" "FROM scratch" "ADD base.tar /" "RUN marker" >/tmp/build/Dockerfile
        buildah build --isolation chroot --storage-driver vfs --tag built /tmp/build
        podman --storage-driver vfs --cgroup-manager cgroupfs build --isolation chroot --no-cache --tag built-too /tmp/build'
    no_alerts
}

# An image is exempt of the rule that says so alone; for another rule's items, all but those that it leaves out.
@test "an image that is exempt, one of which some items are, and one that is not" {
    local image
    podman_begin crun systemd
    for image in agent viewer; do
        tar -C "$image_dir/base" -c . | podman import --quiet --change "CMD [\"/bin/$image\"]" - "localhost/$image:1" >/dev/null
    done
    write_rules "version: 1
rules:
  - {name: inside, type: container-escape, action: block, allow_list: {images: [localhost/agent, localhost/viewer]}}
  - {name: viewers, type: container-escape, action: block, scope: {images: [localhost/viewer]}, checks: {except: [PS2, KL4]}}"
    rule=viewers
    wait_for 20 in_force
    tried() { # tried IMAGE
        podman_run --rm --privileged --security-opt unmask=ALL "localhost/$1:1" sh -c '
            for how in "write /proc/sys/kernel/core_pattern" "read /proc/kcore" syslog; do echo "$how: $(reach $how)"; done'
    }
    outcome() { printf 'write /proc/sys/kernel/core_pattern: %s\nread /proc/kcore: %s\nsyslog: %s' "$@"; }
    same "$(outcome refused refused refused)" "$(tried base)"
    same "$(outcome refused "done" "done")" "$(tried viewer)"
    same "$(outcome "done" "done" "done")" "$(tried agent)"
    same $'inside KL4\ninside PS2\ninside UH1\nviewers UH1' \
        "$(alerts '.[] | select((.time.last_real_ns / 1e9) >= ($since | tonumber) and .operation.check) | "\(.rule.name) \(.operation.check)"' --arg since "$started_at" | LC_ALL=C sort -u)"
}
