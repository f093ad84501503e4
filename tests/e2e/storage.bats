# Containers on storage that is no overlay: what their image brought and what came later cannot be told apart there. All of it
# runs, and that is never quiet.
# vm: --init systemd
# kernels: none

load lib/container
load lib/holdfast
load lib/engines

setup() { container_setup; holdfast_setup; engines_setup; }
teardown() { engines_teardown; holdfast_teardown; container_teardown; }

reason="its root file system is no overlay: the image's own and added files are not told apart"

# podman_storage DRIVER [OPTION…]   a storage of its own for podman, with these lines in its configuration
podman_storage() {
    local driver=$1 root=/scratch/storage-$1; shift
    printf '%s\n' '[storage]' "driver = \"$driver\"" "graphroot = \"$root\"" "runroot = \"/run/storage-$driver\"" "$@" \
        >"$container_dir/storage.conf"
    export CONTAINERS_STORAGE_CONF=$container_dir/storage.conf
}

not_covered_alerts() { # not_covered_alerts ID   of this test: that container, or one that is gone
    alerts '.[] | select(.operation.kind == "not-covered" and .time.last_real_ns / 1e9 >= ($since | tonumber)) |
        "\(if .container.id == $id then "web" else "gone" end) \(.count) \(.message)"' --arg since "$started_at" --arg id "$1" |
        LC_ALL=C sort
}

everything='marker && cp /usr/bin/marker /tmp/copy && /tmp/copy'

# said_of_web   wherever a person looks, of the one container that there is without layers. Of escapes another rule tells.
said_of_web() {
    wait_for 20 knows web .covered false
    same "$reason" "$(shown web .not_covered)"
    same "none $reason" "$(shown web '.rules[] | select(.type == "non-image-program") | "\(.effective) \(.reason)"')"
    same '["block"]' "$(shown web '[.rules[] | select(.name == "no-escape").effective] | tojson')"
    holdfastctl containers >"$container_dir/table"
    holdfastctl status >"$container_dir/status"
    cat "$container_dir/table" "$container_dir/status"
    grep -q '^web .* NO: ' "$container_dir/table"
    grep -qxF "1 not covered: $reason" "$container_dir/table"
    grep -qF "1 not covered: $reason" "$container_dir/status"
}

# not_covered ENGINE [ACTION]   its containers run as if there were no rule, and of each that is said wherever a person looks
not_covered() {
    local e=$1 action=${2:-block} id
    started_at=$EPOCHREALTIME
    make_bundle beside base
    start_container beside
    block_escapes
    set_rule "$action"
    [[ $("${e}_once" sh -c "$everything") == $'ran\nran' ]]
    "${e}_start" web sleep 1000
    [[ $("${e}_exec" web sh -c "$everything") == $'ran\nran' ]]
    said_of_web
    # a way out needs no layers to be told
    same refused "$("${e}_privileged" sh -c 'echo "|/tmp/copy" 2>/dev/null >/proc/sys/kernel/core_pattern || echo refused')"
    # each once, also those that are gone
    id=$(shown web .id)
    same "gone 1 not covered: $reason
gone 1 not covered: $reason
web 1 not covered: $reason" "$(not_covered_alerts "$id")"
    same 0 "$(operations)"
    # one whose root is an overlay is covered, though others have the file system that its layers are on
    knows beside .covered true
    run exec_container beside sh -c "$everything"
    echo "$output"
    if [[ $action == block ]]; then
        [[ $status -ne 0 && $output == ran*"Operation not permitted"* ]]
    else
        [[ $status -eq 0 && $output == $'ran\nran' ]]
    fi
    same "exec added ${action/block/deny} /tmp/copy" "$(alert_lines)"
    "${e}_end" web
    delete_container beside
    rm -r "$container_dir/beside"
    totals_agree
}

@test "podman, vfs" {
    podman_storage vfs
    podman_begin crun systemd
    not_covered podman
    not_covered podman alert
}

# As engines had it whose storage was the device mapper's.
@test "runc, ext4 on the device mapper" {
    local disk action
    modprobe --all loop dm_mod || is_debug
    truncate --size 256M "$container_dir/disk"
    mkfs.ext4 -q -d "$image_dir/base" "$container_dir/disk"
    disk=$(losetup --find --show "$container_dir/disk")
    dmsetup create --noudevsync rooted --table "0 $((256 << 11)) linear $disk 0"
    dmsetup mknodes rooted
    block_escapes
    for action in block alert; do
        started_at=$EPOCHREALTIME
        make_bundle web base --root-on device
        mount /dev/mapper/rooted "$(container_root web)"
        set_rule $action
        start_container web
        [[ $(exec_container web sh -c "$everything") == $'ran\nran' ]]
        same ext4 "$(findmnt -n -o FSTYPE "$(container_root web)")"
        said_of_web
        same "web 1 not covered: $reason" "$(not_covered_alerts web)"
        same 0 "$(operations)"
        delete_container web
        rm -r "$container_dir/web"
    done
    dmsetup remove --noudevsync --retry rooted
    losetup --detach "$disk"
}

@test "podman, fuse-overlayfs" {
    modprobe fuse
    podman_storage overlay '[storage.options.overlay]' 'mount_program = "/usr/bin/fuse-overlayfs"'
    podman_begin crun systemd
    not_covered podman
    podman_start fuse sleep 1000
    same fuse.fuse-overlayfs "$(podman_exec fuse sh -c 'while read -r _ at type _; do [ "$at" != / ] || echo "$type"; done </proc/mounts')"
}

@test "podman, btrfs" {
    modprobe -a loop btrfs
    truncate -s 1G "$container_dir/disk"
    mkfs.btrfs --quiet "$container_dir/disk"
    mkdir /scratch/storage-btrfs
    mount -o loop "$container_dir/disk" /scratch/storage-btrfs
    podman_storage btrfs
    podman_begin runc systemd
    not_covered podman
}

@test "docker, vfs" {
    docker_begin systemd vfs
    not_covered docker
}

@test "containerd, native" {
    export CONTAINERD_SNAPSHOTTER=native
    ctr_begin
    not_covered ctr
}
