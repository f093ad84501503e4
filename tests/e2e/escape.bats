# What a container reaches for beyond itself: each item of rules of type container-escape that this version checks, in a
# container that has been given all that its technique needs, in one that has not, and on the host.

load lib/container
load lib/holdfast

catalogue=$BATS_TEST_DIRNAME/../../kmod/include/uapi/linux/holdfast_check_defs.h

setup() {
    container_setup
    holdfast_setup
    make_image base
    srv=$container_dir/srv
    mkdir -p "$srv"/{named,devices,systemd}
    echo text >"$srv/file"
    host_things=()
}

teardown() {
    local pid
    for pid in "${host_things[@]}"; do kill "$pid" 2>/dev/null || true; done
    umount "$srv/named" "$srv/devices" 2>/dev/null || true
    [[ -z ${disk-} ]] || losetup --detach "$disk"
    holdfast_teardown
    container_teardown
}

# Things of the host to reach for: a process, sockets, a disk, cgroups of version 1.
make_host_things() {
    local name
    sleep 1000 3>&- &
    host_things+=($!)
    for name in UNIX-LISTEN:"$srv/docker.sock" UNIX-LISTEN:"$srv/systemd/private" ABSTRACT-LISTEN:/containerd-shim/test; do
        socat "$name,fork" EXEC:/bin/true 3>&- &
        host_things+=($!)
    done
    truncate --size 8M "$container_dir/image"
    mkfs.ext4 -q "$container_dir/image"
    modprobe loop
    disk=$(losetup --find --show "$container_dir/image")
    mount -t cgroup -o none,name=escape none "$srv/named"
    mount -t cgroup -o devices none "$srv/devices"
    mkdir -p "$srv/named/sub" "$srv/devices/sub"
}

# tries SRV DISK MEMORY   an item a line, and how to do it; the later three are names of the same things
tries() {
    cat <<END
NS1 setns /proc/1/ns/uts
NS1 setns-pidfd ${host_things[0]} 0x04000000
NS3 chroot /proc/1/root
PT1 ptrace ${host_things[0]}
UH1 write /proc/sys/kernel/core_pattern
UH2 write /proc/sys/kernel/modprobe
CG1 write $1/named/release_agent
CG1 write $1/named/sub/notify_on_release
CG3 write $1/devices/sub/devices.allow
CG4 write /sys/fs/cgroup/cgroup.procs
CG5 bpf-detach
PS1 write /proc/sysrq-trigger
PS2 read /proc/kcore
PS3 write /proc/sys/kernel/randomize_va_space
PS4 write /sys/module/printk/parameters/time
RD2 read $2
RD3 read $3
RD5 ioperm
SK1 connect $1/docker.sock
SK2 connect @/containerd-shim/test
SK3 connect $1/systemd/private
MT1 mount ext4 $2
MT1 fsmount ext4 $2
MT2 mount debugfs none
MT2 fsmount debugfs none
FH1 handle $1/file
KL1 module
KL3 kexec
KL4 settime
KL4 syslog
KL4 reboot
BP1 bpf 2
BP2 bpf 29
END
}

each='while read -r item arguments; do echo "$item $arguments: $(reach $arguments)"; done'

# in_container NAME   does all of it there
in_container() {
    exec_container "$1" sh -c "mknod /tmp/disk b $(stat --format '0x%t 0x%T' "$disk" | { read -r a b; echo "$((a)) $((b))"; })
        mknod /tmp/memory c 1 1
        $each <<'END'
$(tries /srv /tmp/disk /tmp/memory)
END" 2>/dev/null
}

# start_privileged NAME   a container with all that there is to be had
start_privileged() {
    make_bundle "$1" base --cap all --unmasked --devices --share pid --share network --share cgroup --bind "$srv:/srv"
    start_container "$1"
}

# escape_rule ACTION [EXCEPT…]   of all types
escape_rule() {
    local action=$1 except=''; shift
    rule=escape-${EPOCHREALTIME/[.,]/}
    (($# == 0)) || except="    checks: {except: [$(IFS=,; echo "$*")]}"
    write_rules "version: 1
rules:
  - name: $rule
    type: container-escape
    action: $action
$except"
    wait_for 20 in_force
    echo "in force after $((in_force_at - written)) ms"
}

told() { # told   "ITEM VERDICT TECHNIQUE", each once
    alerts '.[] | select(.rule.name == $rule) | .operation | "\(.check) \(.verdict) \(.technique)"' --arg rule "$rule" |
        LC_ALL=C sort -u
}
expected() { # expected VERDICT
    tries x x x | cut -d ' ' -f 1 | LC_ALL=C sort -u | while read -r item; do
        echo "$item $1 $(sed -n "s/^HOLDFAST_CHECK($item, .*\"\(T[0-9.]*\)\".*/\1/p" "$catalogue")"
    done
}
as_tried() { tries /srv /tmp/disk /tmp/memory | sed "s/$/: $1/"; }

@test "each item that this version checks is tried here, and the module notices all of them on this kernel" {
    make_host_things
    same "$(sed -n 's/^HOLDFAST_CHECK(\([A-Z]*[0-9]\), [A-Z_]*, checked,.*/\1/p' "$catalogue" | LC_ALL=C sort)" \
        "$(tries x x x | cut -d ' ' -f 1 | LC_ALL=C sort -u)"
    same "" "$(status_of '.hooks[] | select(.attached | not).symbol')"
}

@test "alert: all of it happens, and is reported with its technique" {
    make_host_things
    start_privileged escape-alert
    escape_rule alert
    same "$(as_tried "done")" "$(in_container escape-alert)"
    same "$(expected alert)" "$(told)"
    same "$(tries x x x | wc -l)" "$(operations)"
    totals_agree
}

@test "block: none of it happens, and each is reported; an item that is left out happens" {
    make_host_things
    start_privileged escape-block
    escape_rule block
    same "$(as_tried refused)" "$(in_container escape-block)"
    same "$(expected deny)" "$(told)"
    same "$(tries x x x | wc -l)" "$(operations)"
    same blocked "$(alerts '[.[] | select(.rule.name == $rule).state] | unique[]' --arg rule "$rule")"
    # for a running container in less than a second, item by item
    escape_rule block UH1 KL4
    ((in_force_at - written < 1000 * slowness))
    same "$(as_tried refused | sed -E '/^(UH1|KL4) /s/refused$/done/')" "$(in_container escape-block)"
    escape_rule block
    same "$(as_tried refused)" "$(in_container escape-block)"
    # by runc and crun alike
    RUNTIME=crun start_privileged escape-crun
    same "$(as_tried refused)" "$(RUNTIME=crun in_container escape-crun)"
    RUNTIME=crun delete_container escape-crun
}

@test "a container with what is usual can do none of it, and nobody hears of what the kernel refuses anyway" {
    make_host_things
    make_bundle escape-usual base
    escape_rule block
    start_container escape-usual
    in_container escape-usual >"$container_dir/tried"
    cat "$container_dir/tried"
    # there is no cgroup for CG5, its first process has its own root, and what is masked there is another file
    same "CG5 NS3 PS2" "$(sed -n 's/ .*: done$//p' "$container_dir/tried" | sort -u | paste -sd ' ')"
    no_alerts
}

@test "the host does all of it, and nobody hears of it" {
    make_host_things
    escape_rule block
    start_privileged escape-beside
    mknod "$container_dir/memory" c 1 1
    same "$(tries "$srv" "$disk" "$container_dir/memory" | sed 's/$/: done/')" \
        "$(PATH=$BATS_TEST_DIRNAME/../../build/tests/programs:$PATH bash -c "$each" < <(tries "$srv" "$disk" "$container_dir/memory"))"
    no_alerts
}

@test "what is the container's own is not reported: its namespaces, processes, sockets, cgroups and settings" {
    make_bundle escape-own base --cap all --unmasked
    escape_rule block
    start_container escape-own
    [[ $(exec_container escape-own sh -c '
        set -e
        unshare -m -u -i -n sleep 100 & child=$!
        sleep 100 & other=$!
        until [ "$(readlink /proc/$child/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
        for kind in net uts ipc mnt; do reach setns /proc/$child/ns/$kind; done
        reach ptrace $other
        mkdir -p /sys/fs/cgroup/inner
        reach write /sys/fs/cgroup/inner/cgroup.procs
        reach write /proc/sys/net/ipv4/ip_forward
        reach write /proc/sys/kernel/hostname
        reach write /proc/sys/kernel/shmmax
        reach chroot /tmp
        reach mount tmpfs none
        reach mount proc none
        kill $child $other' | sort | uniq -c | tr -s ' ') == " 12 done" ]]
    no_alerts
}
