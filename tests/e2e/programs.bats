# Programs that a rule exempts by the digest of what is in them, wherever they are.
# kernels: none

load lib/container
load lib/holdfast
load lib/programs

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; rm -f /etc/holdfast/listed; }

# set_programs [LINE…]   puts $rule in force, with what these say in its allow list
set_programs() {
    rule=test-${EPOCHREALTIME/[.,]/}
    write_rules "$(rule_text block; echo '    allow_list:'; printf '      %s\n' "$@")"
    wait_for 20 in_force
}

@test "what is listed runs from every place and by every name, and nothing else does" {
    start listed
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    exec_container listed sh -c 'for place in /opt /mnt /srv /tmp; do cp /usr/bin/marker $place/copy; done'
    for program in /opt/copy /mnt/copy /srv/copy /tmp/copy /srv/there; do
        [[ $(exec_container listed "$program") == ran ]]
    done
    [[ $(exec_container listed sh -c 'load_code map /tmp/copy; load_code protect /tmp/copy; launch memfd /usr/bin/marker') == $'loaded\nloaded\nran' ]]
    no_alerts
    run holdfastctl rules explain listed /srv/copy
    echo "$output"
    [[ $status -eq 0 && $output == *"sha256:$(digest "$image_dir/dynamic/usr/bin/marker")"* && $output == *"by its list of programs"* ]]
    # one byte more, on each of them
    for program in /opt/copy /mnt/copy /srv/copy /tmp/copy; do
        refused listed "echo >>$program; $program"
    done
    refused listed 'cp /usr/bin/launch /opt/other; /opt/other path /usr/bin/marker'
    same "$(printf 'exec %s\n' 'added deny /opt/copy' 'added deny /opt/other' 'added deny /tmp/copy' 'memory deny /mnt/copy' \
        'volume deny /srv/copy')" "$(alert_lines)"
    # a script is one, too; what interprets it is judged by itself
    printf '#!/usr/bin/sh\necho ran\n' >"$container_dir/volume/script"
    chmod +x "$container_dir/volume/script"
    refused listed /srv/script
    set_programs "programs: [sha256:$(digest "$container_dir/volume/script")]"
    [[ $(exec_container listed /srv/script) == ran ]]
    refused listed /srv/there
}

@test "what is listed cannot be written to while it is used, and who has it open for writing keeps it from being exempt" {
    start kept
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    exec_container kept cp /usr/bin/marker /opt/copy
    for program in /opt/copy /srv/there; do
        [[ $(exec_container kept writer self "$program") == "Text file busy" ]]
        [[ $(exec_container kept writer unmapped "$program") == writable ]]
        exec_container kept writer map "$program" >"$container_dir/writer" 3>&- &
        wait_for 10 grep ready "$container_dir/writer"
        refused kept "load_code map $program"
        exec_container kept sh -c 'kill $(pidof writer)'
        wait_for 10 exec_container kept sh -c '! pidof writer'
        [[ $(exec_container kept "$program") == ran ]]
    done
}

@test "nothing is listed on a loop device: who can write to the file beneath changes what is in a program" {
    modprobe loop || is_debug
    truncate -s 8M "$container_dir/disk"
    mkfs.ext4 -q "$container_dir/disk"
    mkdir "$container_dir/volume"
    mount -o loop "$container_dir/disk" "$container_dir/volume"
    start looped
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    refused looped /srv/there
    [[ $(exec_container looped sh -c 'cp /srv/there /opt/copy; /opt/copy') == ran ]]
    same "exec volume deny /srv/there" "$(alert_lines)"
    delete_container looped
    umount "$container_dir/volume"
}

@test "what is no regular file is on no list, and nobody waits for its end" {
    start devices --devices
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    for file in /dev/zero /dev/urandom; do
        run exec_container devices timeout -s KILL 20 load_code map "$file"
        echo "$output"
        [[ $status -eq 126 && $output == "mmap: Operation not permitted" ]]
    done
    same $'map memory deny /dev/urandom\nmap memory deny /dev/zero' "$(alert_lines)"
}

@test "nothing is listed on FAT, where the time of a change is one that everybody sets" {
    modprobe --all loop dm_mod vfat nls_cp437 nls_ascii || is_debug
    truncate --size 8M "$container_dir/disk"
    busybox mkdosfs "$container_dir/disk"
    local disk; disk=$(losetup --find --show "$container_dir/disk")
    dmsetup create --noudevsync fat --table "0 16384 linear $disk 0"
    # shellcheck disable=SC2046 # two numbers
    mknod "$container_dir/node" b $(dmsetup info --columns --noheadings --separator ' ' -o major,minor fat)
    mkdir "$container_dir/volume"
    mount -t vfat "$container_dir/node" "$container_dir/volume"
    start fat
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    refused fat /srv/there
    grep -qF "it is on vfat" <(holdfastctl rules explain fat /srv/there)
    [[ $(exec_container fat sh -c 'cp /srv/there /opt/copy; /opt/copy') == ran ]]
    same "exec volume deny /srv/there" "$(alert_lines)"
    delete_container fat
    umount "$container_dir/volume"
    dmsetup remove --noudevsync --retry fat
    losetup --detach "$disk"
}

@test "a program in memory is not exempt while the kernel holds a page of it to write to" {
    start held
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    [[ $(exec_container held sh -c 'cp /usr/bin/marker /mnt/copy; /mnt/copy') == ran ]]
    same $'refused\nrefused' "$(exec_container held pin_pages /mnt/copy)"
    [[ $(exec_container held sh -c 'cp /usr/bin/marker /mnt/other; /mnt/other') == ran ]]
    # one on a disk that the container has mounted, and then any on a disk
    modprobe --all loop dm_mod || is_debug
    truncate --size 8M "$container_dir/disk"
    mkfs.ext4 -q -d "$container_dir/volume" "$container_dir/disk"
    local disk; disk=$(losetup --find --show "$container_dir/disk")
    dmsetup create --noudevsync held --table "0 16384 linear $disk 0"
    make_bundle mounts dynamic --cap all --devices --bind "$container_dir/volume:/srv"
    start_container mounts
    [[ $(exec_container mounts sh -c 'cp /usr/bin/marker /srv/copy; /srv/copy') == ran ]]
    # shellcheck disable=SC2046 # two numbers
    exec_container mounts sh -c "mknod /tmp/disk b $(dmsetup info --columns --noheadings --separator ' ' -o major,minor held) && mount -t ext4 /tmp/disk /mnt"
    refused mounts /mnt/there
    refused mounts /srv/copy
    delete_container mounts
    dmsetup remove --noudevsync --retry held
    losetup --detach "$disk"
}

@test "a list of a hundred thousand programs is in force at once, and stays in the kernel when other rules change" {
    listed_many 100000
}
