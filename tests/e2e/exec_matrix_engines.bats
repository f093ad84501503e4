# The ways of exec_matrix.bats in containers of engines, which have columns of their own in docs/exec-matrix.md.
# vm: --init systemd
# kernels: none

load lib/container
load lib/holdfast
load lib/engines
load lib/exec_ways

setup() { container_setup; holdfast_setup; ways_images; engines_setup ways; }
teardown() { engines_teardown; holdfast_teardown; container_teardown; }

podman_ways_start() {
    podman_run --detach --name "$1" --privileged --tmpfs /mnt:exec --volume "$container_dir/volume-$1:/srv" \
        --volume /scratch/places:/places --volume "named-$1:/named" --volume "$(empty_directory "$1"):/empty" localhost/base:1 sleep 1000 >/dev/null
}
podman_again() { podman restart --time 0 "$1" >/dev/null; }
podman_copy_in() { podman cp "$1" "$2:$3"; }
podman_id() { shown "$1" .id; }

docker_ways_start() {
    docker_run --detach --name "$1" --privileged --tmpfs /mnt:exec --volume "$container_dir/volume-$1:/srv" \
        --volume /scratch/places:/places --volume "named-$1:/named" --volume "$(empty_directory "$1"):/empty" base:1 sleep 1000 >/dev/null
}
docker_again() { docker restart --time 0 "$1" >/dev/null; }
docker_copy_in() { docker cp "$1" "$2:$3" >/dev/null; }
docker_id() { shown "$1" .id; }

ctr_ways_start() {
    ctr run --detach --privileged --mount type=tmpfs,src=tmpfs,dst=/mnt,options=exec \
        --mount "type=bind,src=$container_dir/volume-$1,dst=/srv,options=rbind:rw" \
        --mount type=bind,src=/scratch/places,dst=/places,options=rbind:rw \
        --mount "type=bind,src=$(empty_directory "$1"),dst=/empty,options=rbind:rw" docker.io/library/base:1 "$1" sleep 1000 </dev/null
}
ctr_again() {
    ctr task kill --signal KILL "$1"
    wait_for 20 ctr task delete "$1" >/dev/null 2>&1
    ctr task start --detach "$1" </dev/null
}
ctr_copy_in() { cp "$1" "/proc/$(ctr task list | awk -v name="$2" '$1 == name { print $2 }')/root$3"; }
ctr_id() { shown "$1" .id; }

@test "podman" {
    ways_by=podman
    podman_begin crun systemd
    ways_judged podman alert ran alert
    ways_judged podman block refused deny
}

@test "docker" {
    ways_by=docker
    docker_begin systemd
    ways_judged docker alert ran alert
    ways_judged docker block refused deny
}

@test "containerd" {
    ways_by=ctr
    ctr_begin
    ways_judged containerd alert ran alert
    ways_judged containerd block refused deny
}

@test "the published table is what was found here" {
    ways_table
}
