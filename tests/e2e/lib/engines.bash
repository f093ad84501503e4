# shellcheck shell=bash
# Docker, Podman and containerd, each by the same few names: ENGINE_begin, _once, _start, _exec, _more, _end, _digests.
# They have that image of make_image which engines_setup was given (else base) as base:1, and as other:1 the same with
# another configuration. 'life_cycle ENGINE' is for all of them.

bats_require_minimum_version 1.5.0 # run !

engines_setup() { # engines_setup [IMAGE]
    image=$image_dir/${1:-base}
    make_image "${image##*/}"
}

engines_teardown() {
    if [[ -z ${BATS_TEST_COMPLETED-} ]]; then
        journalctl --no-pager --quiet --lines 30 --unit docker.service --unit containerd.service --unit holdfastd.service
    fi
    systemctl --quiet stop docker.service docker.socket containerd.service 2>/dev/null || true
    [[ -z ${podman_runtime-} ]] || podman rm --all --force --time 0 >/dev/null 2>&1 || true
}

# shown NAME JQ   what holdfastctl knows of a container
shown() { holdfastctl containers "$1" --output json | jq -rc "$2"; }
knows() { [[ $(shown "$1" "$2" 2>/dev/null) == "$3" ]]; } # knows NAME JQ TEXT

usual_posture='[true,0]' # whether it is known, and how many things are more than a note

shown_as() { echo "$1"; } # shown_as NAME   what Holdfast calls a container that its engine calls so

# life_cycle ENGINE [MORE]   what people do with a container; with MORE everything
life_cycle() {
    local e=$1 name=web-$1 added=0
    life_lines() {
        echo "exec added $1 /tmp/copy"
        ((!added)) || echo "exec added $1 /usr/bin/added"
    }
    set_rule block
    [[ $("${e}_once" marker) == ran ]]
    "${e}_start" "$name" sleep 1000
    wait_for 10 knows "$(shown_as "$name")" '.posture | [.known, ([.findings[] | select(.severity != "note")] | length)]' "$usual_posture"
    [[ $("${e}_exec" "$name" marker) == ran ]]
    run ! "${e}_exec" "$name" no-such-program
    [[ $output != *"not permitted"* ]]
    if [[ -n ${2-} ]]; then
        "${e}_more" "$name"
        [[ $("${e}_exec" "$name" marker) == ran ]]
    fi
    no_alerts
    # what is an image's by now that was made of the container is not so in the container itself
    [[ -z ${2-} || $e == ctr ]] || added=1
    # that it is judged, and known for what it is
    set_rule alert
    same $'ran\nran' "$("${e}_exec" "$name" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy')"
    ((!added)) || same ran "$("${e}_exec" "$name" added)"
    same "$(life_lines alert)" "$(alert_lines)"
    set_rule block
    run "${e}_exec" "$name" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
    echo "$output"
    [[ $status -ne 0 && $output == *ran* && $output == *"Operation not permitted"* ]]
    same "exec added deny /tmp/copy" "$(alert_lines)"
    ((!added)) || run ! "${e}_exec" "$name" added
    same "$(life_lines deny)" "$(alert_lines)"
    same "$(shown_as "$name")" "$(alerts '[.[] | select(.rule.name == $rule).container.name] | unique[]' --arg rule "$rule")"
    "${e}_end" "$name"
    same $((1 + added)) "$(operations)"
    totals_agree
}

# known ENGINE NAME REFERENCE   and its image's digests, which the alerts have too
known() {
    local digests; digests=$("$1_digests")
    [[ -n $digests ]]
    same "$3" "$(shown "$2" .image)"
    same "$digests" "$(shown "$2" '.digests | sort | join(" ")')"
}

# upgrade PROGRAM…   puts the same program there anew, as a package manager does under running containers
upgrade() {
    local program
    for program; do
        program=$(readlink -f "$(type -P "$program")")
        cp -a "$program" "$program.new"
        mv "$program.new" "$program"
    done
}

# --- Docker

docker_begin() { # docker_begin DRIVER-OF-CGROUPS [DRIVER-OF-STORAGE]
    mkdir -p /etc/docker
    jq -n --arg driver "$1" --arg storage "${2:-overlay2}" '{"storage-driver": $storage, "live-restore": true,
        "exec-opts": ["native.cgroupdriver=\($driver)"]}' >/etc/docker/daemon.json
    systemctl restart docker.service
    if ! docker image inspect base:1 >/dev/null 2>&1; then
        tar -C "$image" -c . | docker import - base:1 >/dev/null
        tar -C "$image" -c . | docker import --change 'CMD ["/bin/true"]' - other:1 >/dev/null
    fi
}
# The guest has no AppArmor tools, without which Docker does not start.
docker_run() { docker run --security-opt apparmor=unconfined "$@" </dev/null 3>&-; }
docker_once() { docker_run --rm base:1 "$@"; }
docker_privileged() { docker_run --rm --privileged base:1 "$@"; }
docker_start() {
    local name=$1; shift
    docker_run --detach --name "$name" --label app=shop --health-cmd marker --health-interval 1s base:1 "$@" >/dev/null
}
docker_exec() { docker exec "$@" </dev/null 3>&-; }
docker_more() {
    [[ $(docker_exec --env X=y --user 5 "$1" sh -c 'echo "$X $(id -u)"') == "y 5" ]]
    docker exec --detach "$1" sleep 1000
    docker top "$1" >/dev/null
    docker pause "$1"
    docker unpause "$1"
    docker cp "$1:/etc/passwd" "$container_dir/passwd"
    docker cp "$container_dir/passwd" "$1:/tmp/passwd"
    docker update --memory 256m --memory-swap 256m "$1"
    # what was added is the new image's
    docker_exec "$1" cp /usr/bin/marker /usr/bin/added
    docker commit "$1" committed:1
    [[ $(docker_run --rm committed:1 added) == ran ]]
    docker image rm committed:1
    [[ $(docker_run --rm --init base:1 marker) == ran ]]
    docker restart --time 1 "$1"
    docker stop --time 1 "$1"
    docker start "$1"
    healthy() { [[ $(docker inspect --format '{{.State.Health.Status}}' "$1") == healthy ]]; }
    wait_for 60 healthy "$1"
} >/dev/null
docker_end() {
    docker kill "$1" >/dev/null
    docker rm "$1" >/dev/null
}
docker_digests() { docker image inspect --format '{{.Id}}' base:1; }
docker_restart_engine() {
    systemctl restart docker.service
    docker ps >/dev/null
}

# --- Podman

# Of another user than root if $podman_as says as whom; then $podman_copies is a directory of theirs.
podman_as=(command)
podman() { "${podman_as[@]}" podman --runtime "$podman_runtime" --cgroup-manager "$podman_cgroups" "$@" 3>&-; }
podman_begin() { # podman_begin RUNTIME DRIVER-OF-CGROUPS
    podman_runtime=$1 podman_cgroups=$2
    if ! podman image exists localhost/base:1; then
        tar -C "$image" -c . | podman import --quiet - localhost/base:1 >/dev/null
    fi
}
podman_run() { podman run --network none "$@" </dev/null; }
# podman_debian NAME OPTION… -- COMMAND…   a container of make_debian_image; $network is its network
podman_debian() {
    local name=$1 options=(); shift
    make_bundle "$name" debian-own:debian
    while [[ $1 != -- ]]; do options+=("$1"); shift; done
    podman run --network "${network:-none}" --detach --name "$name" "${options[@]}" \
        --rootfs "$container_dir/$name/rootfs" "${@:2}" </dev/null >/dev/null
}
podman_once() { podman_run --rm localhost/base:1 "$@"; }
podman_privileged() { podman_run --rm --privileged localhost/base:1 "$@"; }
podman_start() {
    local name=$1; shift
    podman_run --detach --name "$name" --label app=shop localhost/base:1 "$@" >/dev/null
}
podman_exec() { podman exec "$@" </dev/null; }
podman_more() {
    [[ $(podman_exec --env X=y --user 5 "$1" sh -c 'echo "$X $(id -u)"') == "y 5" ]]
    podman exec --detach "$1" sleep 1000
    podman top "$1"
    # without a cgroup of its own what is stopped is all that the user has started
    if [[ $podman_cgroups == systemd || ${podman_as[0]} == command ]]; then
        podman pause "$1"
        podman unpause "$1"
    fi
    podman cp "$1:/etc/passwd" "${podman_copies:-$container_dir}/passwd"
    podman cp "${podman_copies:-$container_dir}/passwd" "$1:/tmp/passwd"
    # what was added is the new image's
    podman_exec "$1" cp /usr/bin/marker /usr/bin/added
    podman commit --quiet "$1" localhost/committed:1
    [[ $(podman_run --rm localhost/committed:1 added) == ran ]]
    podman image rm localhost/committed:1
    [[ $(podman_run --rm --init localhost/base:1 marker) == ran ]]
    podman restart --time 1 "$1"
    podman stop --time 1 "$1"
    podman start "$1"
} >/dev/null
podman_end() {
    podman kill "$1" >/dev/null
    podman rm --force --time 0 "$1" >/dev/null
}
podman_digests() {
    podman image inspect localhost/base:1 | jq -r '[.[0] | "sha256:" + .Id, .Digest] | sort | join(" ")'
}

# --- containerd

ctr() { command ctr "$@" 3>&-; }
ctr_begin() {
    systemctl start containerd.service
    if [[ -z $(ctr images list --quiet) ]]; then
        tar -C "$image" -c . | command podman import --quiet - docker.io/library/base:1 >/dev/null
        command podman save --quiet --format docker-archive docker.io/library/base:1 >"$container_dir/image"
        ctr images import "$container_dir/image" >/dev/null
    fi
}
ctr_once() { ctr run --rm docker.io/library/base:1 "once-$RANDOM" "$@" </dev/null; }
ctr_privileged() { ctr run --rm --privileged docker.io/library/base:1 "once-$RANDOM" "$@" </dev/null; }
ctr_start() {
    local name=$1; shift
    ctr run --detach --label app=shop docker.io/library/base:1 "$name" "$@" </dev/null
}
ctr_exec() {
    local name=$1; shift
    ctr task exec --exec-id "e$RANDOM" "$name" "$@" </dev/null
}
ctr_more() {
    ctr task pause "$1"
    ctr task resume "$1"
    ctr task ps "$1"
    ctr task metrics "$1"
    ctr container info "$1"
} >/dev/null
ctr_end() {
    ctr task kill --signal KILL "$1"
    ctr task delete "$1" >/dev/null 2>&1 || true
    ctr container delete "$1"
}
ctr_digests() {
    local target manifest
    target=$(ctr images list name==docker.io/library/base:1 | awk 'NR == 2 { print $3 }')
    manifest=$(ctr content get "$target" | jq -r '.config.digest')
    printf '%s\n' "$target" "$manifest" | LC_ALL=C sort | paste -sd ' '
}

# --- the kubelet's interface

cri() { python3 "$BATS_TEST_DIRNAME/lib/cri.py" "$@" 3>&-; }
cri_begin() { # cri_begin DRIVER-OF-CGROUPS
    local systemd
    CRI_CGROUP_PARENT='' systemd=false
    if [[ $1 == systemd ]]; then
        CRI_CGROUP_PARENT=kubepods-test.slice systemd=true
    fi
    export CRI_CGROUP_PARENT
    [[ -e /etc/resolv.conf ]] || touch /etc/resolv.conf
    # what a pod's first container is made of, which nothing else is for
    mkdir -p /etc/containerd
    cat >/etc/containerd/config.toml <<END
version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = $systemd
END
    systemctl restart containerd.service
    ctr_begin
    export CONTAINERD_NAMESPACE=k8s.io
    if [[ -z $(ctr images list --quiet) ]]; then
        tar -C "$image" -c . |
            command podman import --quiet --change 'CMD ["/bin/sleep","1000000"]' - localhost/pause:1 >/dev/null
        command podman save --quiet --format docker-archive localhost/pause:1 >"$container_dir/pause"
        command podman save --quiet --format docker-archive docker.io/library/base:1 >"$container_dir/image"
        ctr images import "$container_dir/pause" >/dev/null
        ctr images import "$container_dir/image" >/dev/null
    fi
    unset CONTAINERD_NAMESPACE
}
