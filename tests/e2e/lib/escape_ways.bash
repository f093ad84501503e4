# shellcheck shell=bash
# The ways of a container to reach beyond itself: those of docs/escape-matrix.md.
#
#   setup()    { escape_setup; }
#   teardown() { escape_teardown; }

programs=$BATS_TEST_DIRNAME/../../build/tests/programs
host_files=(/etc/cron.d/escape /root/.ssh/{authorized_keys,id_escape} /etc/ssh/sshd_config.d/escape.conf /etc/sudoers.d/escape
    /etc/udev/rules.d/escape.rules /etc/modprobe.d/escape.conf /etc/kubernetes/{admin.conf,pki/ca.key,manifests/escape.yaml}
    /etc/cni/net.d/escape.conflist /etc/containers/oci/hooks.d/escape.json /usr/bin/holdfast-escape)
host_directories=(/etc /root /usr/bin /var/log)
catalogue=$BATS_TEST_DIRNAME/../../kmod/include/uapi/linux/holdfast_check_defs.h

escape_setup() {
    container_setup
    holdfast_setup
    make_image base
    srv=$container_dir/srv
    mkdir -p "$srv"/{named,devices,systemd,dbus,crio,device-plugins,binfmt,security,config,debug,trace,shared,xfs,btrfs}
    echo text >"$srv/file"
    host_things=()
    found=$BATS_FILE_TMPDIR
    for file in "${host_files[@]}"; do
        mkdir -p "${file%/*}"
        [[ -e $file ]] || echo '# text' >"$file"
    done
}

escape_teardown() {
    local pid
    for pid in "${host_things[@]}"; do kill "$pid" 2>/dev/null || true; done
    pkill -f "$programs/reach give" || true
    rmdir "$srv"/{named,devices}/sub "$srv/config/nullb/escape" 2>/dev/null || true
    umount "$srv"/{named,devices,binfmt,security,config,debug,trace,shared,xfs,btrfs} 2>/dev/null || true
    umount --lazy /mnt /opt 2>/dev/null || true
    rmmod corrupt 2>/dev/null || true
    while umount --lazy /proc/uptime 2>/dev/null; do :; done
    umount --lazy "$srv/namespace" 2>/dev/null || true
    [[ -z ${disk-} ]] || losetup --detach "$disk"
    holdfast_teardown
    container_teardown
    rm -rf "${host_files[@]}" /etc/kubernetes
}

# Things of the host to reach for: a process, sockets, devices, cgroups of version 1, a protocol that is not loaded.
make_host_things() {
    local name
    sleep 1000 3>&- &
    host_things+=($!)
    for name in TCP-LISTEN:{2375,10250},reuseaddr UNIX-LISTEN:"$srv"/{docker.sock,containerd.sock,podman.sock,crio/crio.sock,device-plugins/kubelet.sock,systemd/private,dbus/system_bus_socket} \
        ABSTRACT-LISTEN:/containerd-shim/test; do
        socat "$name,fork" EXEC:/bin/true 3>&- &
        host_things+=($!)
    done
    "$programs/reach" give "$srv/give" / 3>&-
    "$programs/reach" give "$srv/give-namespace" /proc/self/ns/uts 3>&-
    truncate --size 8M "$container_dir/image"
    mkfs.ext4 -q "$container_dir/image"
    # of the debug kernel they are parts
    modprobe --all loop nf_tables dm_mod msr af_alg rxrpc vsock uinput uhid evdev vfio nfsd ecryptfs xfs btrfs sg scsi_debug configfs || is_debug
    modprobe null_blk nr_devices=0 || is_debug
    # which does nothing as its time is over
    modprobe softdog soft_noboot=1 || is_debug
    unload_af_key
    disk=$(losetup --find --show "$container_dir/image")
    # shellcheck disable=SC2046 # two numbers
    mknod "$srv/disk" b $(stat --format '0x%t 0x%T' "$disk")
    mknod "$srv/memory" c 1 1
    mknod "$srv/port" c 1 4
    mknod "$srv/sg" c 21 0
    mknod "$srv/control" c 10 237
    mknod "$srv/mapper" c 10 236
    mknod "$srv/uinput" c 10 223
    mknod "$srv/snapshot" c 10 231
    mknod "$srv/uhid" c 10 239
    mknod "$srv/vfio" c 10 196
    mknod "$srv/keyboard" c 13 64
    mknod "$srv/watchdog" c 10 130
    mknod "$srv/serial" c 4 67
    mknod "$srv/msr" c 202 0
    cp "$BATS_TEST_DIRNAME/../../build/kmod/$(kernel)/test/corrupt.ko" "$srv/module"
    truncate --size 400M "$container_dir/xfs"
    mkfs.xfs -q "$container_dir/xfs"
    mount -o loop "$container_dir/xfs" "$srv/xfs" || is_debug
    truncate --size 120M "$container_dir/btrfs"
    mkfs.btrfs -q "$container_dir/btrfs"
    mount -o loop "$container_dir/btrfs" "$srv/btrfs" || is_debug
    mount -t cgroup -o none,name=escape none "$srv/named"
    mount -t cgroup -o devices none "$srv/devices"
    mount -t binfmt_misc none "$srv/binfmt"
    mount -t securityfs none "$srv/security"
    { mount -t configfs none "$srv/config" && mkdir "$srv/config/nullb/escape"; } || is_debug
    mount -t debugfs none "$srv/debug"
    mount -t tracefs none "$srv/trace"
    mkdir -p "$srv/named/sub" "$srv/devices/sub"
    mount --bind "$srv/file" /proc/uptime
    # nobody stays in it
    touch "$srv/namespace"
    unshare --uts="$srv/namespace" true
    mount --bind "$srv/shared" "$srv/shared"
    mount --make-shared "$srv/shared"
}

# What has used it may not have ended as yet.
unload_af_key() { is_debug || wait_for 10 modprobe --quiet --remove af_key; }

# What the debug kernel was built without, or has no function for that could be hooked: a pattern.
lacking() { if is_debug; then echo 'PS2|RD3|RD5|FH1|KL2'; else echo none; fi; }
lacking_ways() { if is_debug; then echo 'compat|kexec-file|write-memory|socket|tree-search|snapshot|.*/(mapper|uinput|uhid|keyboard|watchdog|snapshot|sg|channel|state|resume_offset)|.* (nfsd|ecryptfs|configfs) .*|.*/config/.*'; else echo none; fi; }
possible() { grep -vE "^($(lacking)) |^[A-Z0-9]* ($(lacking_ways))( |$)"; }

# tries SRV [HOST]   an item a line, and how to do it; SRV is where the host's things are, HOST where its directories are
tries() {
    possible <<END
NS1 setns /proc/1/ns/uts
NS1 setns-pidfd ${host_things[0]-} 0x04000000
NS1 take-namespace $1/give-namespace
NS2 setns $1/namespace
NS3 chroot $1
PT1 ptrace ${host_things[0]-}
PT1 open-memory ${host_things[0]-}
PT1 write-memory ${host_things[0]-}
PT1 perf-of ${host_things[0]-}
PT2 read /proc/${host_things[0]-}/root
PT2 read /proc/${host_things[0]-}/cwd
PT2 read /proc/${host_things[0]-}/fd/0
PT2 map-file ${host_things[0]-}
PT3 take-descriptor ${host_things[0]-}
PT4 take $1/give
PT5 kill ${host_things[0]-}
PT5 limit ${host_things[0]-}
UH1 write /proc/sys/kernel/core_pattern
UH1 write /proc/sys/kernel/core_pipe_limit
UH2 write /proc/sys/kernel/modprobe
UH2 write /proc/sys/kernel/poweroff_cmd
UH2 write /proc/sys/kernel/usermodehelper/bset
UH3 write $1/binfmt/register
CG1 write $1/named/release_agent
CG1 write $1/named/sub/notify_on_release
CG1 remount $1/named
CG2 user-mount cgroup none,name=escape
CG3 write $1/devices/sub/devices.allow
CG4 write /sys/fs/cgroup/cgroup.procs
CG4 clone-into /sys/fs/cgroup
CG4 pull ${host_things[0]-}
CG5 bpf-detach /sys/fs/cgroup
PS1 write /proc/sysrq-trigger
PS1 write /proc/sys/kernel/sysrq
PS2 read /proc/kcore
PS2 read /proc/kallsyms
PS2 read /proc/kpageflags
PS3 write /proc/sys/kernel/randomize_va_space
PS3 write /proc/sys/net/ipv4/ip_forward
PS4 write /sys/module/printk/parameters/time
PS4 write $1/security/lsm
PS4 write $1/config/nullb/escape/size
PS4 write $1/debug/clear_warn_once
PS4 write $1/trace/tracing_on
PS4 write /proc/net/rpc/nfsd.export/channel
RD1 mknod /tmp/node 10 237
RD1 mknod-block /tmp/node 7 0
RD2 read $1/disk
RD3 read $1/memory
RD3 read $1/port
RD3 read $1/snapshot
RD3 swap $1/file
RD4 read $1/control
RD4 read $1/mapper
RD4 read $1/sg
RD4 read $1/uinput
RD4 read $1/uhid
RD4 read $1/keyboard
RD5 ioperm
RD5 iopl
RD5 read $1/msr
RD5 read $1/vfio
RD5 serial $1/serial
RD5 put /sys/bus/pci/devices/0000:00:00.0/config
HW1 write ${2-}/etc/cron.d/escape
HW2 write ${2-}/root/.ssh/authorized_keys
HW2 write ${2-}/etc/ssh/sshd_config.d/escape.conf
HW3 write ${2-}/etc/passwd
HW3 write ${2-}/etc/sudoers.d/escape
HW3 attribute ${2-}/etc/passwd
HW3 no-attribute ${2-}/etc/passwd
HW3 access-list ${2-}/etc/passwd
HW4 write ${2-}/etc/systemd/system.conf
HW4 write ${2-}/etc/udev/rules.d/escape.rules
HW4 write ${2-}/etc/modprobe.d/escape.conf
HW5 write ${2-}/usr/bin/holdfast-escape
HW5 write ${2-}/etc/kubernetes/manifests/escape.yaml
HW5 write ${2-}/etc/cni/net.d/escape.conflist
HW5 write ${2-}/etc/containers/oci/hooks.d/escape.json
HW5 cut ${2-}/usr/bin/holdfast-escape
HW5 fanotify 2
HC1 read ${2-}/etc/kubernetes/admin.conf
HC1 read ${2-}/etc/kubernetes/pki/ca.key
HC2 read ${2-}/etc/shadow
HC2 read ${2-}/root/.ssh/id_escape
HC2 fanotify 0
HC3 symlink /etc/shadow ${2-}/var/log/escape
SK1 connect $1/docker.sock
SK1 connect $1/containerd.sock
SK1 connect $1/podman.sock
SK1 connect $1/crio/crio.sock
SK1 connect $1/device-plugins/kubelet.sock
SK2 connect @/containerd-shim/test
SK3 connect $1/systemd/private
SK3 connect $1/dbus/system_bus_socket
SK4 connect-tcp 2375
SK4 connect-tcp 10250
MT1 mount ext4 $1/disk
MT1 fsmount ext4 $1/disk
MT2 mount debugfs none
MT2 fsmount debugfs none
MT2 mount configfs none
MT2 fsmount nfsd none
MT2 fsmount-wrong ecryptfs /tmp
MT2 mount proc none
MT2 mount sysfs none
MT2 mount cgroup2 none
MT2 mount securityfs none
MT2 mount tracefs none
MT2 mount devtmpfs none
MT2 mount binfmt_misc none
MT3 move /proc/uptime /etc/os-release
MT3 detach /proc
MT3 bind /proc /mnt
MT3 move-mount /proc /opt
MT3 uncover /proc/uptime
MT3 writable /proc/sys
MT3 writable /proc/sys /proc/sys
MT3 writable /proc/sys /proc
MT5 mount-on $1/shared
MT5 mount-on-new $1/shared
MT6 user-mount overlay lowerdir=/bin:/tmp
FH1 handle $1/file
FH1 xfs-handle $1/xfs
HC2 tree-search $1/btrfs
HC2 snapshot $1/btrfs
KL1 module
KL1 unload
KL1 module-file $1/module
KL2 autoload
KL3 kexec
KL3 write /sys/power/resume_offset
KL3 kexec-file $1/file
KL4 write /sys/power/state
KL4 read $1/watchdog
KL4 settime
KL4 adjtime
KL4 syslog
KL4 reboot
BP1 bpf 2
BP1 bpf 5
BP2 bpf 29
BP2 bpf 26 26
BP3 perf
AS1 user-namespace
AS2 user-netfilter
AS2 user-traffic
AS3 fsconfig 9p
AS4 io-uring
AS5 userfaultfd
AS6 packet-socket
AS6 socket 38 5
AS6 socket 33 2 2
AS6 socket 40 1
END
}

each='while read -r item arguments; do echo "$item $arguments: $(reach $arguments)"; done'

# in_container NAME [PATTERN]   does all of it there, or those items
in_container() {
    wait_for 10 host_watched || return
    exec_container "$1" sh -c "$each <<'END'
$(tries /srv /host | grep -E "^(${2-.*}) ")
END" 2>/dev/null
}

# start_privileged NAME [OPTION…]   a container with all that there is to be had; options of make_bundle
start_privileged() {
    local directory binds=() name=$1; shift
    for directory in "${host_directories[@]}"; do binds+=(--bind "$directory:/host$directory"); done
    make_bundle "$name" base --cap all --unmasked --devices --share pid --share network --share cgroup --bind "$srv:/srv" \
        --bind "$srv/shared:/srv/shared:rbind,rshared" --jq '.linux.rootfsPropagation = "rshared"' --bind "$srv/file:/proc/uptime" "${binds[@]}" "$@"
    start_container "$name"
}

# The controller looks for directories as it takes rules.
host_watched() { python3 "$BATS_TEST_DIRNAME/lib/host_directories.py" /etc /etc/cron.d /root/.ssh /etc/kubernetes /var/log; }

expected() { # expected VERDICT [ITEM…]   without items all that are tried
    local verdict=$1; shift
    if (($#)); then printf '%s\n' "$@"; else tries x | cut -d ' ' -f 1; fi | LC_ALL=C sort -u | while read -r item; do
        echo "$item $verdict $(sed -n "s/^HOLDFAST_CHECK($item, .*\"\(T[0-9.]*\)\".*/\1/p" "$catalogue")"
    done
}
# tried_each, told_each   "ITEM COUNT": how often each is tried, and was told
tried_each() { tries x | cut -d ' ' -f 1 | LC_ALL=C sort | uniq -c | awk '{ print $2, $1 }'; }
told_each() {
    alerts '[.[] | select(.rule.name == $rule) | {item: .operation.check, count}] | group_by(.item)[] | "\(.[0].item) \(map(.count) | add)"' \
        --arg rule "$rule" | LC_ALL=C sort
}
loaded() { grep -q "^$1 " /proc/modules; }

# objects   what of the host would be another by what is tried
objects() {
    cut -d ' ' -f 1 /proc/modules | LC_ALL=C sort
    sha256sum "${host_files[@]}" /etc/passwd /etc/shadow
    (cd /proc/sys/kernel && head core_pattern core_pipe_limit modprobe poweroff_cmd usermodehelper/bset sysrq randomize_va_space)
    cat /proc/sys/net/ipv4/ip_forward /sys/module/printk/parameters/time "$srv"/named/{release_agent,sub/notify_on_release} \
        "$srv"/devices/sub/devices.list "$srv/trace/tracing_on" /proc/self/mounts
    ls "$srv/binfmt" /var/log
    grep -E '^(State|TracerPid)' "/proc/${host_things[0]}/status"
    cat "/proc/${host_things[0]}/cgroup"
}

# objects_told   what the alerts say that it was done to, each once; what is another in each run is replaced
objects_told() {
    alerts '.[] | select(.rule.name == $rule).operation | "\(.check) \(if .target_pid > 0 then "process \(.target_pid)" else "" end) \(.path // "")"' \
        --arg rule "$rule" |
        sed "s|$container_dir|DIRECTORY|; s/ process ${host_things[0]} / process P /; s/ process [0-9][0-9]* / process N /; s|/proc/[0-9][0-9]*/|/proc/N/|
            s/[0-9a-f]*-[0-9a-f]*000\$/RANGE/; s/  */ /; s/ \$//" | LC_ALL=C sort -u
}

as_tried() { tries /srv /host | sed "s/$/: $1/"; }

# others   the same by io_uring, and by system calls of 32-bit programs
others() {
    possible <<END
UH1 ring write /proc/sys/kernel/core_pattern
HW3 ring write /host/etc/passwd
HW3 ring attribute /host/etc/passwd
SK1 ring connect /srv/docker.sock
UH1 worker write /proc/sys/kernel/core_pattern
HW3 worker write /host/etc/passwd
HW3 worker attribute /host/etc/passwd
SK1 worker connect /srv/docker.sock
NS1 compat setns /proc/1/ns/uts
PT1 compat ptrace ${host_things[0]-}
UH1 compat write /proc/sys/kernel/core_pattern
HC2 compat fanotify 0
SK1 compat connect /srv/docker.sock
MT2 compat mount debugfs
MT3 compat writable /proc/sys /proc/sys
FH1 compat handle /srv/file
KL1 compat module
KL1 compat unload
PT1 compat perf-of ${host_things[0]-}
RD3 compat swap /srv/file
KL3 compat kexec
KL4 compat reboot
END
}
