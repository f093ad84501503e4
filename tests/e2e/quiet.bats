# Programs that do within a container what escapes do beyond it, under rules that block everything: not one alert, and they
# work. What needs a long time or an engine is in quiet_workloads.bats and quiet_engines.bats.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_debian_image; }
teardown() { holdfast_teardown; container_teardown; }

@test "gdb and strace, on a process that they start and on one that runs" {
    block_all
    start_debian traced
    exec_container traced sh -exc '
        sleep 100 & pid=$!
        strace -f -o /tmp/trace sh -c "ls / >/dev/null"
        grep -q "execve(" /tmp/trace
        timeout --signal=INT 3 strace -o /tmp/trace -p $pid || true
        test -s /tmp/trace
        gdb -nx -batch -p $pid -ex "info registers rip" -ex "x/1i \$pc" | grep -q "=> 0x"
        gdb -nx -batch -ex starti -ex "x/1i \$pc" -ex stepi -ex continue --args /bin/sh -c "exec marker" >/tmp/gdb
        grep -q "=> 0x" /tmp/gdb
        grep -q ran /tmp/gdb
        kill $pid'
    no_alerts
}

@test "mounts of a container's own, by both interfaces, and namespaces further in" {
    block_all
    start_debian mounts --cap all --unmasked
    exec_container mounts sh -exc '
        mkdir -p /tmp/a /tmp/b /srv/c
        mount -t tmpfs -o size=1m none /tmp/a
        touch /tmp/a/file
        mount --bind /tmp/a /tmp/b
        mount -o remount,bind,ro /tmp/b
        ! touch /tmp/b/file 2>/dev/null
        mount -o remount,bind,rw /tmp/b
        touch /tmp/b/file
        mount --bind /etc/hostname /tmp/b/file
        umount /tmp/b/file
        mount --make-rshared /tmp/a
        mount --make-rprivate /tmp/a
        mount --move /tmp/b /srv/c
        umount /srv/c /tmp/a
        mount -t overlay -o lowerdir=/usr/bin:/usr/sbin none /tmp/a
        umount /tmp/a
        mount -t devpts -o newinstance none /tmp/a
        umount /tmp/a
        mount -t mqueue none /tmp/a
        umount /tmp/a
        unshare --mount --pid --fork --mount-proc --uts --ipc --net --cgroup sh -exc "
            mount -t cgroup2 none /tmp/a
            hostname inner
            ip link set lo up
            umount /tmp/a
            mount --rbind / /mnt
            mkdir -p /mnt/tmp/old
            cd /mnt
            pivot_root . tmp/old
            umount -l /tmp/old
            exec chroot . marker"' | tee "$container_dir/out"
    same ran "$(tail -n 1 "$container_dir/out")"
    no_alerts
}

# 'ip netns exec' shows the system's files anew, as the namespace has them; bridges and pairs of devices are modules.
@test "network namespaces of a container's own, and plug-ins of CNI in them, without KL2 and MT2" {
    start_debian networks --cap all --unmasked
    needs KL2,MT2 exec_container networks sh -exc '
        ip netns add one
        ip netns exec one ip link set lo up
        ip netns exec one marker
        export CNI_CONTAINERID=one CNI_NETNS=/run/netns/one CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni
        network="{\"cniVersion\": \"0.4.0\", \"name\": \"n\", \"type\": \"bridge\", \"bridge\": \"cni0\",
            \"ipam\": {\"type\": \"host-local\", \"subnet\": \"10.9.0.0/24\"}}"
        echo "$network" | CNI_COMMAND=ADD /usr/lib/cni/bridge
        ip -netns one address show dev eth0 | grep -q 10.9.0.2
        echo "$network" | CNI_COMMAND=DEL /usr/lib/cni/bridge
        ip netns delete one'
}

# Of a container whose cgroup's name says nothing it is not known what its runtime did before.
@test "mounts on a volume where all is shared within the container; where its set-up is not known, without MT5" {
    mkdir "$container_dir/volume"
    share() { exec_container "$1" sh -exc 'mount --make-rshared /; mount -t tmpfs none /srv; umount /srv'; }
    start_debian plain --cap all --bind "$container_dir/volume:/srv"
    needs MT5 share plain
    block_all
    start_debian named --cap all --bind "$container_dir/volume:/srv" --cgroup "$(engine_cgroup named)"
    share named
    no_alerts
    # one that was given it to share
    mount --bind "$container_dir/volume" "$container_dir/volume"
    mount --make-shared "$container_dir/volume"
    start_debian given --cap all --bind "$container_dir/volume:/srv:rbind,rshared" --jq '.linux.rootfsPropagation = "rshared"' \
        --cgroup "$(engine_cgroup given)"
    same refused "$(exec_container given reach mount-on /srv)"
    same "MT5" "$(alerts '[.[] | select(.rule.name == "no-escape" and .container.id == "given").operation.check] | unique[]')"
    umount "$container_dir/volume"
}

@test "unshare -r and bubblewrap, by who has all, and by others without AS1" {
    start_debian unprivileged --unmasked
    needs AS1 exec_container --user 33 unprivileged sh -exc '
        unshare -r sh -c "test \$(id -u) = 0"
        unshare -rmpf --mount-proc sh -exc "
            mount -t tmpfs none /mnt
            mount --bind /etc /srv
            mount -o remount,bind,ro /srv
            ls /proc/1/fd >/dev/null"
        bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all --die-with-parent sh -c "marker && echo >/tmp/x"'
    block_all
    start_debian privileged --cap all --unmasked
    exec_container privileged sh -exc '
        unshare -r marker
        bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all --die-with-parent marker'
    no_alerts
}

# Nobody is in the network yet that the host has made for a pod; the sidecar's sockets have names of an engine's and of the
# system's; the agent puts a file into the sidecar's layer, as an engine does that keeps its containers on the host's disk.
@test "what agents of nodes do, and containers of a pod together, without HC2, HW5, NS2, PT4, SK1 and SK3" {
    ip netns add pod
    mkdir -p "$container_dir"/shared/dbus
    start_debian sidecar --bind "$container_dir/shared:/run/shared"
    exec_container sidecar sh -c 'for socket in docker.sock dbus/system_bus_socket; do
        socat UNIX-LISTEN:/run/shared/$socket,fork EXEC:/bin/true >/dev/null 2>&1 & done'
    start_debian agent --cap all --unmasked --bind /run/netns:/run/netns --bind "$container_dir/shared:/run/shared" \
        --bind "$container_dir/sidecar/upper:/srv"
    agent() {
        exec_container agent sh -exc '
            test "$(reach fanotify 0)" = done
            nsenter --net=/run/netns/pod ip link set lo up
            test "$(reach connect /run/shared/docker.sock)" = done
            test "$(reach connect /run/shared/dbus/system_bus_socket)" = done
            echo put >/srv/put
            unshare --mount sh -exc "mount -t tmpfs none /mnt; mkdir /mnt/files; reach give /tmp/give /mnt/files"
            test "$(reach take /tmp/give)" = done
            pkill -x reach
            rm /tmp/give'
    }
    needs HC2,HW5,NS2,PT4,SK1,SK3 agent
    ip netns delete pod
}

@test "set-user-id programs, and exec with privileges that the container has not" {
    block_all
    start_debian users
    exec_container --user 33 users sh -exc '
        su -s /bin/sh -c "marker && touch /root/x && mkdir /root/y && id -u" root
        ! su -s /bin/sh -c "exit 3" root || exit 1
        ! mount -t tmpfs none /mnt || exit 1'
    exec_container users sh -exc 'setpriv --reuid 33 --clear-groups sh -c marker; chroot / marker; runuser -u www-data marker'
    exec_container --cap CAP_SYS_ADMIN --cap CAP_NET_ADMIN users sh -exc 'mount -t tmpfs none /mnt; unshare -n ip link set lo up; marker'
    no_alerts
}

@test "nginx" {
    block_all
    start_debian nginx
    exec_container nginx sh -exc '
        nginx
        curl --silent --fail http://127.0.0.1/ | grep -q "Welcome to nginx"
        nginx -s reload
        curl --silent --fail http://127.0.0.1/ >/dev/null
        nginx -s quit'
    no_alerts
}
