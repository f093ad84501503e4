# What a container reaches for beyond itself: each item of rules of type container-escape that this version checks, in a
# container that has been given all that its technique needs, in one that has not, and on the host.

load lib/container
load lib/holdfast

programs=$BATS_TEST_DIRNAME/../../build/tests/programs
host_files=(/etc/cron.d/escape /root/.ssh/{authorized_keys,id_escape} /etc/ssh/sshd_config.d/escape.conf /etc/sudoers.d/escape
    /etc/udev/rules.d/escape.rules /etc/modprobe.d/escape.conf /etc/kubernetes/{admin.conf,pki/ca.key,manifests/escape.yaml}
    /etc/cni/net.d/escape.conflist /etc/containers/oci/hooks.d/escape.json /usr/bin/holdfast-escape)
host_directories=(/etc /root /usr/bin /var/log)
catalogue=$BATS_TEST_DIRNAME/../../kmod/include/uapi/linux/holdfast_check_defs.h

setup() {
    container_setup
    holdfast_setup
    make_image base
    srv=$container_dir/srv
    mkdir -p "$srv"/{named,devices,systemd,dbus,binfmt,security,debug,trace,shared}
    echo text >"$srv/file"
    host_things=()
    found=$BATS_FILE_TMPDIR
    for file in "${host_files[@]}"; do
        mkdir -p "${file%/*}"
        [[ -e $file ]] || echo '# text' >"$file"
    done
}

teardown() {
    local pid
    for pid in "${host_things[@]}"; do kill "$pid" 2>/dev/null || true; done
    pkill -f "$programs/reach give" || true
    rmdir "$srv"/{named,devices}/sub 2>/dev/null || true
    umount "$srv"/{named,devices,binfmt,security,debug,trace,shared} 2>/dev/null || true
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
    for name in TCP-LISTEN:{2375,10250},reuseaddr UNIX-LISTEN:"$srv"/{docker.sock,containerd.sock,podman.sock,systemd/private,dbus/system_bus_socket} \
        ABSTRACT-LISTEN:/containerd-shim/test; do
        socat "$name,fork" EXEC:/bin/true 3>&- &
        host_things+=($!)
    done
    "$programs/reach" give "$srv/give" / 3>&-
    truncate --size 8M "$container_dir/image"
    mkfs.ext4 -q "$container_dir/image"
    # of the debug kernel they are parts
    modprobe --all loop nf_tables dm_mod msr af_alg uinput nfsd ecryptfs || is_debug
    unload_af_key
    disk=$(losetup --find --show "$container_dir/image")
    # shellcheck disable=SC2046 # two numbers
    mknod "$srv/disk" b $(stat --format '0x%t 0x%T' "$disk")
    mknod "$srv/memory" c 1 1
    mknod "$srv/control" c 10 237
    mknod "$srv/mapper" c 10 236
    mknod "$srv/uinput" c 10 223
    mknod "$srv/snapshot" c 10 231
    mknod "$srv/msr" c 202 0
    cp "$BATS_TEST_DIRNAME/../../build/kmod/$(kernel)/test/corrupt.ko" "$srv/module"
    mount -t cgroup -o none,name=escape none "$srv/named"
    mount -t cgroup -o devices none "$srv/devices"
    mount -t binfmt_misc none "$srv/binfmt"
    mount -t securityfs none "$srv/security"
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
lacking_ways() { if is_debug; then echo 'compat|kexec-file|write-memory|socket|tree-search|snapshot|.*/(mapper|uinput|snapshot|channel|state)|.* (nfsd|ecryptfs) .*'; else echo none; fi; }
possible() { grep -vE "^($(lacking)) |^[A-Z0-9]* ($(lacking_ways))( |$)"; }

# tries SRV [HOST]   an item a line, and how to do it; SRV is where the host's things are, HOST where its directories are
tries() {
    possible <<END
NS1 setns /proc/1/ns/uts
NS1 setns-pidfd ${host_things[0]-} 0x04000000
NS2 setns $1/namespace
NS3 chroot $1
PT1 ptrace ${host_things[0]-}
PT1 open-memory ${host_things[0]-}
PT1 write-memory ${host_things[0]-}
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
PS4 write $1/debug/clear_warn_once
PS4 write $1/trace/tracing_on
PS4 write /proc/net/rpc/nfsd.export/channel
RD1 mknod /tmp/node 10 237
RD1 mknod-block /tmp/node 7 0
RD2 read $1/disk
RD3 read $1/memory
RD3 read $1/snapshot
RD4 read $1/control
RD4 read $1/mapper
RD4 read $1/uinput
RD5 ioperm
RD5 iopl
RD5 read $1/msr
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
SK2 connect @/containerd-shim/test
SK3 connect $1/systemd/private
SK3 connect $1/dbus/system_bus_socket
SK4 connect-tcp 2375
SK4 connect-tcp 10250
MT1 mount ext4 $1/disk
MT1 fsmount ext4 $1/disk
MT2 mount debugfs none
MT2 fsmount debugfs none
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
MT6 user-mount overlay lowerdir=/bin:/tmp
FH1 handle $1/file
KL1 module
KL1 module-file $1/module
KL2 autoload
KL3 kexec
KL3 kexec-file $1/file
KL4 write /sys/power/state
KL4 settime
KL4 adjtime
KL4 syslog
KL4 reboot
BP1 bpf 2
BP1 bpf 5
BP2 bpf 29
BP3 perf
AS1 user-namespace
AS2 user-netfilter
AS3 fsconfig 9p
AS4 io-uring
AS5 userfaultfd
AS6 packet-socket
AS6 socket 38 5
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

# start_privileged NAME   a container with all that there is to be had
start_privileged() {
    local directory binds=()
    for directory in "${host_directories[@]}"; do binds+=(--bind "$directory:/host$directory"); done
    make_bundle "$1" base --cap all --unmasked --devices --share pid --share network --share cgroup --bind "$srv:/srv" \
        --bind "$srv/shared:/srv/shared:rbind,rshared" --jq '.linux.rootfsPropagation = "rshared"' --bind "$srv/file:/proc/uptime" "${binds[@]}"
    start_container "$1"
}

# The controller looks for directories as it takes rules.
host_watched() { python3 "$BATS_TEST_DIRNAME/lib/host_directories.py" /etc /etc/cron.d /root/.ssh /etc/kubernetes /var/log; }

expected() { # expected VERDICT [ITEM…]   without items all that are tried
    local verdict=$1; shift
    if (($#)); then printf '%s\n' "$@"; else tries x | cut -d ' ' -f 1; fi | LC_ALL=C sort -u | while read -r item; do
        echo "$item $verdict $(sed -n "s/^HOLDFAST_CHECK($item, .*\"\(T[0-9.]*\)\".*/\1/p" "$catalogue")"
    done
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

as_tried() { tries /srv /host | sed "s/$/: $1/"; }

# others   the same by io_uring, and by system calls of 32-bit programs
others() {
    possible <<END
UH1 ring write /proc/sys/kernel/core_pattern
HW3 ring write /host/etc/passwd
HW3 ring attribute /host/etc/passwd
SK1 ring connect /srv/docker.sock
NS1 compat setns /proc/1/ns/uts
PT1 compat ptrace ${host_things[0]-}
UH1 compat write /proc/sys/kernel/core_pattern
HC2 compat fanotify 0
SK1 compat connect /srv/docker.sock
MT2 compat mount debugfs
MT3 compat writable /proc/sys /proc/sys
FH1 compat handle /srv/file
KL1 compat module
KL3 compat kexec
KL4 compat reboot
END
}

@test "each item that this version checks is tried here, or where a file says so, and the module notices all of them on this kernel" {
    make_host_things
    same "$(sed -n 's/^HOLDFAST_CHECK(\([A-Z]*[0-9]\), [A-Z_]*, checked,.*/\1/p' "$catalogue" | LC_ALL=C sort)" \
        "$({ tries x | cut -d ' ' -f 1; lacking | tr '|' '\n' | sed '/none/d'; sed -n 's/^# items: //p' "$BATS_TEST_DIRNAME"/*.bats | tr ' ' '\n'; } | LC_ALL=C sort -u)"
    same "" "$(not_attached)"
}

@test "alert: all of it happens, and is reported with its technique" {
    make_host_things
    start_privileged escape-alert
    escape_rule alert
    in_container escape-alert >"$found/alert"
    same "$(as_tried "done")" "$(<"$found/alert")"
    same "$(expected alert)" "$(told)"
    same "$(tries x | wc -l)" "$(operations)"
    totals_agree
    loaded corrupt
}

@test "block: none of it happens, and each is reported; an item that is left out happens" {
    make_host_things
    start_privileged escape-block
    escape_rule block
    local before; before=$(objects)
    in_container escape-block >"$found/block"
    same "$before" "$(objects)"
    same "$(as_tried refused)" "$(<"$found/block")"
    same "$(expected deny)" "$(told)"
    same "$(tries x | wc -l)" "$(operations)"
    same blocked "$(alerts '[.[] | select(.rule.name == $rule).state] | unique[]' --arg rule "$rule")"
    # for a running container in less than a second, item by item
    escape_rule block UH1 KL4
    ((in_force_at - written < 1000 * slowness))
    local some='UH1|KL4|PT1|MT3|HW3'
    same "$(as_tried refused | grep -E "^($some) " | sed -E '/^(UH1|KL4) /s/refused$/done/')" "$(in_container escape-block "$some")"
    escape_rule block
    same "$(as_tried refused | grep -E "^($some) ")" "$(in_container escape-block "$some")"
    # by runc and crun alike
    RUNTIME=crun start_privileged escape-crun
    same "$(as_tried refused)" "$(RUNTIME=crun in_container escape-crun)"
    RUNTIME=crun delete_container escape-crun
}

@test "a container with what is usual: what the kernel lets it do is refused, and nobody hears of what that refuses anyway" {
    make_host_things
    echo 1 >/proc/sys/kernel/dmesg_restrict # as Debian has it
    make_bundle escape-usual base
    escape_rule block
    start_container escape-usual
    in_container escape-usual >"$found/usual"
    cat "$found/usual"
    # the root of its cgroup namespace is its own, and that directory; what is masked is another file
    same "$(printf '%s\n' CG4 NS3 PS2 | grep -vxE "$(lacking)" | paste -sd ' ')" "$(sed -n 's/ .*: done$//p' "$found/usual" | sort -u | paste -sd ' ')"
    # what the kernel lets everybody try
    told >"$found/told"
    # there is a server of NFS in the kernel, if it has the module
    everybody=(AS4 AS5 AS6 CG5 KL2 PS2 RD1)
    is_debug || everybody+=(PS4)
    same "$(expected deny AS1 "${everybody[@]}" | grep -vE "^($(lacking)) ")" "$(<"$found/told")"
    # and with a user namespace, which would be refused before
    escape_rule block AS1
    in_container escape-usual | grep -E '^(AS2|CG2|MT6) ' >"$found/nested"
    told >>"$found/told"
    same "refused" "$(sed 's/.*: //' "$found/nested" | sort -u)"
    same "$(expected deny AS2 CG2 MT6 "${everybody[@]}" | grep -vE "^($(lacking)) ")" "$(told)"
}

@test "the host does all of it, and nobody hears of it" {
    make_host_things
    escape_rule block
    start_privileged escape-beside
    PATH=$programs:$PATH bash -c "$each" < <(tries "$srv") >"$found/host"
    same "$(tries "$srv" | sed 's/$/: done/')" "$(<"$found/host")"
    no_alerts
}

@test "files of the host's directories: made, moved, linked, changed or removed by whatever name, and nothing beside them" {
    escape_rule block
    start_privileged escape-files
    cp /etc/passwd "$container_dir/passwd"
    wait_for 10 host_watched
    exec_container escape-files sh -c '
        cd /host
        try() { "$@" 2>/dev/null && echo "happened: $*"; }
        echo "* * * * * root true" >/tmp/job
        try cp /tmp/job etc/cron.d/new
        try mkdir etc/systemd/system/new.service.d
        try ln -s /bin/sh usr/bin/new
        try mv etc/cron.d/escape etc/cron.d/other
        try mv etc/passwd etc/beside
        try mv etc/shadow etc/beside
        try ln etc/shadow etc/beside
        try ln etc/hosts etc/cron.d/hosts
        try rm etc/cron.d/escape
        try rmdir etc/cron.d
        try mv etc/cron.d etc/cron.old
        try mv etc/kubernetes etc/k8s
        try mkdir etc/cron.yearly
        try touch etc/ld.so.preload
        try chmod 4777 usr/bin/holdfast-escape
        try chown 1 etc/passwd
        try truncate -s 0 etc/passwd
        mount --bind etc /mnt && try cp /tmp/job /mnt/cron.d/new
        try cat /mnt/shadow >/dev/null
        umount /mnt
        try ln -s ../../etc/shadow var/log/out
        # what lies beside them, and links that stay
        touch etc/new-file && mv etc/new-file etc/other-file && chmod 600 etc/other-file && rm etc/other-file
        cat etc/passwd etc/hostname >/dev/null && ln -s syslog var/log/link && rm var/log/link && touch var/log/new && rm var/log/new
        ls etc/cron.d root/.ssh >/dev/null && echo beside' >"$container_dir/tried" 2>&1 || true
    same beside "$(<"$container_dir/tried")"
    cmp /etc/passwd "$container_dir/passwd"
    same "HC2 HC3 HW1 HW3 HW4 HW5" "$(told | cut -d ' ' -f 1 | grep -v HC1 | sort -u | paste -sd ' ')"
    # what the host replaces, and makes anew, is watched again
    mv /etc/cron.d /etc/cron.before && mkdir /etc/cron.d && cp -a /etc/cron.before/. /etc/cron.d && rm -r /etc/cron.before
    escape_rule block
    wait_for 10 host_watched
    exec_container escape-files sh -c '! touch /host/etc/cron.d/new 2>/dev/null'
    [[ ! -e /etc/cron.d/new ]]
}

@test "by io_uring, which is let be for that, and by system calls of 32-bit programs, it is the same" {
    local items
    make_host_things
    start_privileged escape-others
    in_other_ways() { others | exec_others; }
    exec_others() { runtime exec escape-others sh -c "$each" 2>/dev/null; }
    mapfile -t items < <(others | cut -d ' ' -f 1 | sort -u)
    escape_rule alert AS4
    wait_for 10 host_watched
    same "$(others | sed 's/$/: done/')" "$(in_other_ways)"
    same "$(expected alert "${items[@]}")" "$(told)"
    same "$(others | wc -l)" "$(operations)"
    escape_rule block AS4
    same "$(others | sed 's/$/: refused/')" "$(in_other_ways)"
    same "$(expected deny "${items[@]}")" "$(told)"
    same "$(others | wc -l)" "$(operations)"
}

# What is read and written through an overlay comes to no open of the host's file.
overlays='
    mkdir -p /tmp/lower /srv/upper /srv/work /host/etc/escape-work
    over() {
        mount -t overlay -o "$1" none /mnt 2>/dev/null || { echo "refused"; return; }
        eval "$2"
        umount /mnt
    }
    over lowerdir=/host/etc:/tmp/lower "cat /mnt/shadow >/tmp/shadow; echo read"
    over lowerdir=/tmp/lower,upperdir=/host/etc/cron.d,workdir=/host/etc/escape-work "echo >/mnt/escape-job; echo written"
    over lowerdir=/host/usr/bin:/bin,upperdir=/srv/upper,workdir=/srv/work "echo >/mnt/own; echo own"
    over lowerdir=/bin:/tmp/lower "ls /mnt >/dev/null; echo own"'

@test "overlays over the host's directories, and none but these" {
    make_host_things
    escape_rule alert
    start_privileged escape-overlay
    wait_for 10 host_watched
    same "read written own own" "$(exec_container escape-overlay sh -c "$overlays" | paste -sd ' ')"
    [[ -f /etc/cron.d/escape-job ]]
    rm /etc/cron.d/escape-job
    same "$(expected alert HC1 HC2 HW1)" "$(told)"
    escape_rule block
    same "refused refused own own" "$(exec_container escape-overlay sh -c "$overlays" | paste -sd ' ')"
    [[ ! -e /etc/cron.d/escape-job ]]
    same "$(expected deny HC1 HW1)" "$(told)"
    escape_rule block HC1 HC2
    same "read refused own own" "$(exec_container escape-overlay sh -c "$overlays" | paste -sd ' ')"
    same "$(expected deny HW1)" "$(told)"
    rm -r /etc/escape-work
}

# make_secret UID   what the kubelet makes for a pod
make_secret() {
    local directory=/var/lib/kubelet/pods/$1/volumes/kubernetes.io~projected/token
    mkdir -p "$directory"
    mount -t tmpfs none "$directory"
    mkdir "$directory/..2026"
    echo "$1" >"$directory/..2026/token"
    ln -s ..2026 "$directory/..data"
    ln -s ..data/token "$directory/token"
}

@test "a pod's own secrets are read, those of others are not" {
    local own=11111111-2222-3333-4444-555555555555 other=66666666-7777-8888-9999-000000000000 cgroup
    for uid in $own $other; do make_secret "$uid"; done
    cgroup=/kubepods/burstable/pod$own/$(basename "$(engine_cgroup pod)")
    mkdir -p "/sys/fs/cgroup/kubepods/burstable/pod$other" /sys/fs/cgroup/kubepods/burstable/pod$own
    make_bundle pod base --cap all --cgroup "$cgroup" --bind /var/lib/kubelet:/kubelet:rbind \
        --bind "/var/lib/kubelet/pods/$own/volumes/kubernetes.io~projected/token:/var/run/token"
    start_container pod
    reads() {
        wait_for 10 python3 "$BATS_TEST_DIRNAME/lib/host_directories.py" /var/lib/kubelet/pods/{"$own","$other"}/volumes/kubernetes.io~projected/token/..2026
        exec_container pod sh -c 'cd /kubelet/pods; for uid in '"$own $other"'; do cat "$uid/volumes/kubernetes.io~projected/token/token" 2>/dev/null || echo refused; done
            cat /var/run/token/token; ls */volumes/kubernetes.io~projected/token >/dev/null && touch "$uid/new" && rm "$uid/new" && echo beside'
    }
    escape_rule alert
    same "$own $other $own beside" "$(reads | paste -sd ' ')"
    same "$(expected alert HC2)" "$(told)"
    same 1 "$(operations)"
    escape_rule block
    same "$own refused $own beside" "$(reads | paste -sd ' ')"
    same "$(expected deny HC2)" "$(told)"
    cat "/var/lib/kubelet/pods/$other/volumes/kubernetes.io~projected/token/token"
    umount /var/lib/kubelet/pods/*/volumes/kubernetes.io~projected/token
    rm -r /var/lib/kubelet
}

@test "what is the container's own is not reported: its namespaces, processes, sockets, cgroups and settings" {
    printf '\177ELF\2' >"$image_dir/base/usr/bin/foreign"
    chmod 755 "$image_dir/base/usr/bin/foreign"
    make_bundle escape-own base --cap all --unmasked
    escape_rule block
    start_container escape-own
    # the socket's maker ends before it is connected to
    exec_container escape-own sh -c '
        set -e
        unshare -m -u -i -n sleep 100 & child=$!
        sleep 100 & other=$!
        reach give /tmp/docker.sock /tmp
        until [ "$(readlink /proc/$child/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
        for kind in net uts ipc mnt; do reach setns /proc/$child/ns/$kind; done
        reach ptrace $other
        reach kill $other
        reach read /proc/$child/root
        reach take-descriptor $other
        reach connect /tmp/docker.sock
        reach take /tmp/docker.sock
        mkdir -p /sys/fs/cgroup/inner
        reach write /sys/fs/cgroup/inner/cgroup.procs
        reach clone-into /sys/fs/cgroup/inner
        reach bpf-detach /sys/fs/cgroup/inner
        reach write /proc/sys/net/ipv4/ip_forward
        reach write /proc/sys/kernel/hostname
        reach write /proc/sys/kernel/shmmax
        reach mknod /tmp/null 1 3
        reach mknod-block /tmp/none 0 0
        reach chroot /
        reach chroot /usr
        reach mount tmpfs none
        reach mount proc none
        ! env foreign 2>/dev/null
        kill $child $other' >"$container_dir/tried"
    same "$(yes "done" | head -22)" "$(<"$container_dir/tried")"
    no_alerts
}

# in_turn NAME   enters the host's namespace twice, and ones that are made there, that nobody stays in
in_turn() {
    exec_container "$1" sh -c '
        reach setns /srv/namespace
        reach setns /srv/namespace
        for kind in uts net ipc; do
            touch /tmp/$kind
            unshare --$kind=/tmp/$kind true
            reach setns /tmp/$kind
            reach setns /tmp/$kind
            nsenter --$kind=/tmp/$kind reach setns /tmp/$kind
            umount /tmp/$kind
        done 2>&1
        # left by unsharing again, kept by a descriptor
        unshare --uts sh -c "exec 7</proc/self/ns/uts; unshare --uts reach setns /proc/self/fd/7"
        unshare -r --uts sh -c "exec 7</proc/self/ns/uts; unshare --uts reach setns /proc/self/fd/7"' 2>&1 | uniq -c | xargs
}

@test "a namespace that nobody is in: the host's stays so after it was entered, and what members have left is their own" {
    make_host_things
    start_privileged escape-left
    escape_rule alert AS1
    same "13 done" "$(in_turn escape-left)"
    same "$(expected alert NS2)" "$(told)"
    escape_rule block AS1
    same "2 refused 11 done" "$(in_turn escape-left)"
    same "$(expected deny NS2)" "$(told)"
}

@test "the published table is what was found here" {
    python3 "$BATS_TEST_DIRNAME/lib/escape_matrix.py" "$catalogue" "$BATS_TEST_DIRNAME" "$found" >"$BATS_TEST_DIRNAME/../../build/escape-matrix.md"
    local lacking; lacking=$(lacking)
    # of which one way is not there
    ! is_debug || lacking+='|PS4'
    tried() { grep -vE "^\| \`($lacking)\`" "$BATS_TEST_DIRNAME/../../$1/escape-matrix.md"; }
    diff <(tried docs) <(tried build)
}
