# What a container reaches for beyond itself: each item of rules of type container-escape that this version checks, in a
# container that has been given all that its technique needs, in one that has not, and on the host.

load lib/container
load lib/holdfast
load lib/escape_ways

setup() { escape_setup; }
teardown() { escape_teardown; }

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
    same "$(tried_each)" "$(told_each)"
    # of which the debug kernel has not all
    objects_told >"$container_dir/told"
    is_debug || diff -u "$BATS_TEST_DIRNAME/lib/escape_objects" "$container_dir/told"
    same "" "$(LC_ALL=C comm -13 "$BATS_TEST_DIRNAME/lib/escape_objects" "$container_dir/told")"
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
    same "$(tried_each)" "$(told_each)"
    same blocked "$(alerts '[.[] | select(.rule.name == $rule).state] | unique[]' --arg rule "$rule")"
    # by runc and crun alike
    RUNTIME=crun start_privileged escape-crun
    same "$(as_tried refused)" "$(RUNTIME=crun in_container escape-crun)"
    RUNTIME=crun delete_container escape-crun
}

@test "a container with what is usual: what the kernel lets it do is refused, and nobody hears of what that refuses anyway" {
    local everybody
    make_host_things
    echo 1 >/proc/sys/kernel/dmesg_restrict # as Debian has it
    # there is a server of NFS in the kernel, if it has the module
    everybody=(AS4 AS5 AS6 CG5 KL2 PS2 RD1)
    is_debug || everybody+=(PS4)
    # what the kernel lets everybody try, and those in a user namespace too, if they may make one
    usual_told() {
        same "$(expected "$@" AS1 "${everybody[@]}" | grep -vE "^($(lacking)) ")" "$(told)" >&2
        told
    }
    make_bundle escape-let base
    escape_rule alert
    start_container escape-let
    in_container escape-let >"$found/let"
    usual_told alert AS2 CG2 MT6 >"$found/told-let"
    delete_container escape-let
    unload_af_key
    make_bundle escape-usual base
    escape_rule block
    start_container escape-usual
    in_container escape-usual >"$found/usual"
    usual_told deny >"$found/told"
    cat "$found/usual"
    # the root of its cgroup namespace is its own, and that directory; what is masked is another file
    same "$(printf '%s\n' CG4 NS3 PS2 | grep -vxE "$(lacking)" | paste -sd ' ')" "$(sed -n 's/ .*: done$//p' "$found/usual" | sort -u | paste -sd ' ')"
    # and with a user namespace, which would be refused before
    escape_rule block AS1
    in_container escape-usual | grep -E '^(AS2|CG2|MT6) ' >"$found/nested"
    told >>"$found/told"
    same "refused" "$(sed 's/.*: //' "$found/nested" | sort -u)"
    same "$(expected deny AS2 CG2 MT6 "${everybody[@]}" | grep -vE "^($(lacking)) ")" "$(told)"
}

# effects   an item a line, how a container brings it about, and how to see on the host that it has
effects() {
    local upper=$container_dir/$1/upper mounts=/proc/$2/mountinfo
    possible <<END
KL2|reach autoload \| grep done|grep -c ^af_key /proc/modules
NS1|nsenter -t 1 -u hostname escaped|hostname
PT5|kill -STOP ${host_things[0]}|grep ^State: /proc/${host_things[0]}/status
UH1|echo escape >/proc/sys/kernel/core_pattern|cat /proc/sys/kernel/core_pattern
UH2|echo /escape >/proc/sys/kernel/modprobe|cat /proc/sys/kernel/modprobe
UH3|echo :escape:E::escape::/escape: >/srv/binfmt/register|ls $srv/binfmt
CG1|echo /escape >/srv/named/release_agent|cat $srv/named/release_agent
CG1|echo 1 >/srv/named/sub/notify_on_release|cat $srv/named/sub/notify_on_release
CG3|echo c 1:3 r >/srv/devices/sub/devices.allow|cat $srv/devices/sub/devices.list
CG4|echo \$\$ >/sys/fs/cgroup/cgroup.procs; grep ^0:: /proc/self/cgroup >/srv/cgroup|grep ^0::/\$ $srv/cgroup
PS1|echo 1 >/proc/sys/kernel/sysrq|cat /proc/sys/kernel/sysrq
PS3|echo 1 >/proc/sys/kernel/randomize_va_space|cat /proc/sys/kernel/randomize_va_space
PS3|echo 1 >/proc/sys/net/ipv4/ip_forward|cat /proc/sys/net/ipv4/ip_forward
PS4|echo N >/sys/module/printk/parameters/time|cat /sys/module/printk/parameters/time
PS4|echo 0 >/srv/trace/tracing_on|cat $srv/trace/tracing_on
RD1|mknod /tmp/node b 7 0|stat --format %F $upper/tmp/node
RD2|echo escape >/srv/disk|head -c 6 $disk \| tr -d '\\0'
HW1|echo '# escape' >>/host/etc/cron.d/escape|cat /etc/cron.d/escape
HW2|echo '# escape' >>/host/root/.ssh/authorized_keys|cat /root/.ssh/authorized_keys
HW3|reach attribute /host/etc/passwd \| grep done|getfattr --absolute-names /etc/passwd
HW4|: >>/host/etc/modprobe.d/escape-more.conf|ls /etc/modprobe.d
HW5|rm /host/usr/bin/holdfast-escape|ls /usr/bin/holdfast-escape
HC2|cat /host/etc/shadow >/srv/shadow|cat $srv/shadow
HC3|ln -s /etc/shadow /host/var/log/escape|ls /var/log/escape
MT1|mount -t ext4 -o ro /srv/disk /opt|grep ' /opt ' $mounts
MT2|mount -t tracefs none /opt|grep -c ' /opt ' $mounts
MT3|umount /proc/uptime|grep ' /proc/uptime ' $mounts
MT5|mount -t tmpfs escape /srv/shared|grep ^escape /proc/self/mounts
END
}

# seen NAME PID   what there is to see of each, a line each
seen() {
    effects "$@" | sed 's/\\|/\x01/g' | while IFS='|' read -r item _ how; do
        echo "$item $(eval "${how//$'\x01'/|}" 2>/dev/null | paste -sd ' ')"
    done
}
bring_about() { # bring_about NAME PID   those of them that could be done: an item a line
    effects "$@" | sed 's/\\|/\x01/g' | while IFS='|' read -r item how _; do
        runtime exec "$1" sh -c "${how//$'\x01'/|}" >/dev/null 2>&1 </dev/null && echo "$item"
    done
}

@test "what is refused leaves nothing on the host, and what is let be is seen there" {
    make_host_things
    is_debug || unload_af_key
    echo a >"$srv/devices/sub/devices.deny"
    local files=(/proc/sys/kernel/{core_pattern,modprobe,sysrq,randomize_va_space} /proc/sys/net/ipv4/ip_forward /sys/module/printk/parameters/time
        "$srv"/trace/tracing_on "$srv"/named/{release_agent,sub/notify_on_release}) file had items name before
    name=$(hostname)
    for file in "${files[@]}"; do had+=("$(<"$file")"); done
    start_privileged escape-seen
    set -- escape-seen "$(container_pid escape-seen)"
    mapfile -t items < <(effects "$@" | cut -d '|' -f 1)
    escape_rule block
    wait_for 10 host_watched
    before=$(seen "$@")
    # in its cgroup it then is as it was
    same CG4 "$(bring_about "$@")"
    same "$before" "$(seen "$@")"
    same "$(expected deny "${items[@]}")" "$(told)"
    escape_rule alert
    same "$(printf '%s\n' "${items[@]}")" "$(bring_about "$@")"
    # nothing is as before
    same "" "$(LC_ALL=C comm -12 <(LC_ALL=C sort <<<"$before") <(seen "$@" | LC_ALL=C sort))"
    same "$(expected alert "${items[@]}")" "$(told)"
    hostname "$name"
    for file in "${!files[@]}"; do echo "${had[file]}" >"${files[file]}"; done
    kill -CONT "${host_things[0]}"
    echo -1 >"$srv/binfmt/escape"
    setfattr -x user.holdfast-test /etc/passwd
    umount "$srv/shared"
    rm -f /var/log/escape /etc/modprobe.d/escape-more.conf
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
    start_privileged escape-files --bind /etc/shadow:/opt/notes
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
        try cat /opt/notes >/dev/null
        umount /mnt
        try ln -s ../../etc/shadow var/log/out
        # what lies beside them, and links that stay
        touch etc/new-file && mv etc/new-file etc/other-file && chmod 600 etc/other-file && rm etc/other-file
        cat etc/passwd etc/hostname >/dev/null && ln -s syslog var/log/link && rm var/log/link && touch var/log/new && rm var/log/new
        ls etc/cron.d root/.ssh >/dev/null && echo beside' >"$container_dir/tried" 2>&1 || true
    same beside "$(<"$container_dir/tried")"
    cmp /etc/passwd "$container_dir/passwd"
    same "HC2 HC3 HW1 HW3 HW4 HW5" "$(told | cut -d ' ' -f 1 | grep -v HC1 | sort -u | paste -sd ' ')"
    # what the host replaces is watched as it comes
    cp -a /etc/passwd /etc/replaced && mv /etc/replaced /etc/passwd
    exec_container escape-files sh -c '! { echo >>/host/etc/passwd; } 2>/dev/null'
    cmp /etc/passwd "$container_dir/passwd"
    # a directory that it makes anew is
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

# try_each   done by the container escape-apart
try_each() { runtime exec escape-apart sh -c "$each" 2>/dev/null; }

@test "the node by its address, from a network of the container's own; not what listens there, nor another node" {
    make_bundle escape-apart base --cap all
    start_container escape-apart
    ip link add node type veth peer name eth0 netns "$(container_pid escape-apart)"
    ip address add 10.99.0.1/24 dev node
    ip address add fd99::1/64 dev node nodad
    ip link set node up
    exec_container escape-apart sh -c 'ip address add 10.99.0.2/24 dev eth0; ip link set lo up; ip link set eth0 up'
    nsenter --target "$(container_pid escape-apart)" --net ip address add fd99::2/64 dev eth0 nodad
    local node=("SK4 connect-tcp "{2375,10250}" "{10.99.0.1,fd99::1,::ffff:10.99.0.1})
    local other=("SK4 connect-tcp 10250 "{10.99.0.2,127.0.0.1,fd99::2,::1} "SK4 connect-tcp 8080 "{10.99.0.1,fd99::1})
    socat TCP6-LISTEN:10250,reuseaddr,fork EXEC:/bin/true 3>&- &
    host_things+=($!)
    escape_rule block
    same "$(printf '%s: refused\n' "${node[@]}")" "$(printf '%s\n' "${node[@]}" | try_each)"
    same "$(expected deny SK4)" "$(told)"
    same "${#node[@]}" "$(operations)"
    # and nobody listens there
    same "$(printf '%s: Connection refused\n' "${other[@]}")" "$(printf '%s\n' "${other[@]}" | try_each)"
    same "${#node[@]}" "$(operations)"
    escape_rule alert
    same "SK4 connect-tcp 10250 fd99::1: done" "$(echo "SK4 connect-tcp 10250 fd99::1" | try_each)"
    same "$(expected alert SK4)" "$(told)"
    ip link delete node
}

@test "programs that write to memory of users are told from those that only look" {
    make_bundle escape-apart base --cap all
    start_container escape-apart
    escape_rule block BP1
    same "BP2 bpf-write-user: refused" "$(echo "BP2 bpf-write-user" | try_each)"
    same "$(expected deny BP2)" "$(told)"
    # the verifier may ask more than once
    local before; before=$(operations)
    same "BP1 bpf 5: done" "$(echo "BP1 bpf 5" | try_each)"
    same "done" "$("$programs/reach" bpf-write-user)"
    same "$before" "$(operations)"
    escape_rule alert BP1
    same "BP2 bpf-write-user: done" "$(echo "BP2 bpf-write-user" | try_each)"
    same "$(expected alert BP2)" "$(told)"
}

@test "a file system of the kernel's is not made writable by the newer interface either" {
    make_bundle escape-apart base --cap all
    start_container escape-apart
    escape_rule block
    same "MT3 reconfigure /sys: refused" "$(echo "MT3 reconfigure /sys" | try_each)"
    same "$(expected deny MT3)" "$(told)"
    grep -q ' /sys .* - sysfs sysfs ro' "/proc/$(container_pid escape-apart)/mountinfo"
    escape_rule alert
    same "MT3 reconfigure /sys: done" "$(echo "MT3 reconfigure /sys" | try_each)"
    same "$(expected alert MT3)" "$(told)"
    grep -q ' /sys .* - sysfs sysfs rw' "/proc/$(container_pid escape-apart)/mountinfo"
    # the host's own
    mount -t tmpfs -o ro none /mnt
    "$programs/reach" reconfigure /mnt
    umount /mnt
    same 1 "$(operations)"
}

@test "what is another container's is as far outside as the host's" {
    local pid cgroup items=(NS1 PT1 PT2 PT3 PT5 CG4)
    make_bundle escape-other base
    start_container escape-other
    pid=$(container_pid escape-other)
    cgroup=/sys/fs/cgroup$(container_cgroup escape-other)
    make_bundle escape-neighbour base --cap all --unmasked --share pid --share cgroup
    start_container escape-neighbour
    ways() {
        printf '%s\n' "NS1 setns /proc/$pid/ns/"{uts,net,ipc,mnt} "NS1 setns-pidfd $pid 0x04000000" "PT1 ptrace $pid" "PT1 open-memory $pid" \
            "PT2 read /proc/$pid/root" "PT3 take-descriptor $pid" "PT5 kill $pid" "CG4 write $cgroup/cgroup.procs" "CG4 clone-into $cgroup"
    }
    in_neighbour() { ways | runtime exec escape-neighbour sh -c "$each" 2>/dev/null; }
    escape_rule alert
    same "$(ways | sed 's/$/: done/')" "$(in_neighbour)"
    same "$(expected alert "${items[@]}")" "$(told)"
    escape_rule block
    same "$(ways | sed 's/$/: refused/')" "$(in_neighbour)"
    same "$(expected deny "${items[@]}")" "$(told)"
    same "$(ways | wc -l)" "$(operations)"
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
