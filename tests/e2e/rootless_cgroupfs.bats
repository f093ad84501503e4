# Podman without root and with the cgroup manager "cgroupfs", its default where a user has no session of systemd's: its
# containers stay in the cgroup of who started them, and are known by the first process of their pid namespace.
# vm: --init systemd --in-turn
# kernels: none

load lib/container
load lib/holdfast
load lib/engines
load lib/rootless

setup_file() {
    rootless_setup_file
    # without a session
    useradd --create-home --shell /bin/bash traveller
    cp -a "/home/$user/.config" /home/traveller
    chown -R traveller /home/traveller
}
setup() {
    firsts=() # of pid namespaces that are no container's
    rootless_setup
    # a home of their own, for programs of theirs
    install -d -o "$user" "/home/$user/bin"
    install -m 755 "$image/usr/bin/marker" "$image/usr/bin/launch" "/home/$user/bin"
}
teardown() {
    ((!${#firsts[@]})) || kill -9 "${firsts[@]}" 2>/dev/null || true
    rootless_teardown
}

refused_copy() { # refused_copy NAME   what was added to the container does not run there
    run podman_exec "$1" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
    echo "$output"
    [[ $status -ne 0 && $output == ran*"Operation not permitted"* ]]
}
as_traveller() { (cd / && exec runuser -u traveller -- env -i PATH="$PATH" HOME=/home/traveller "$@"); }
queries() { status_of .counters.queries; }

@test "crun" {
    podman_begin crun cgroupfs
    life_cycle podman more
}

@test "runc" {
    podman_begin runc cgroupfs
    life_cycle podman
}

@test "a user without a session, whose state is below /tmp" {
    podman_as=(as_traveller)
    podman_begin crun cgroupfs
    set_rule block
    podman_start web sleep 1000
    ls -d /tmp/podman-run-*/crun
    is_covered web
    refused_copy web
    same "exec added deny /tmp/copy" "$(alert_lines)"
    podman_end web
}

@test "it ran before the module and the controller; and the controller is started again" {
    podman_begin crun cgroupfs
    begin_before_the_module before
    kill -9 "$(systemctl show --property MainPID --value holdfastd.service)"
    wait_for 20 is_covered before
    refused_copy before
    same "exec added deny /tmp/copy" "$(alert_lines | grep -v '^running ')"
    podman_end before
    is_gone() { ! holdfastctl containers "$1"; }
    wait_for 30 is_gone "$(shown_as before)"
}

@test "what the same user runs in the same cgroup is no container, and asked about once" {
    podman_begin crun cgroupfs
    set_rule block
    # with a root that is not the host's
    sandbox() {
        as_user bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
            --ro-bind /home /home --proc /proc --dev /dev --tmpfs /tmp --unshare-all --die-with-parent "$@"
    }
    before=$(queries)
    same "ran ran ran" "$(sandbox sh -c "cp /home/$user/bin/marker /tmp/m; /tmp/m; /tmp/m; /tmp/m" | paste -sd ' ')"
    asked=$(($(queries) - before))
    echo "asked $asked times"
    ((asked == 1))
    # the user's own, chosen by no one: a root of theirs and all namespaces
    same ran "$(as_user unshare --user --map-root-user --mount --pid --fork --mount-proc \
        sh -c "mount --bind /home/$user/bin /mnt && chroot / /mnt/marker")"
    podman_start web sleep 1000
    is_covered web
    refused_copy web
    same ran "$(sandbox "/home/$user/bin/marker")"
    same "exec added deny /tmp/copy" "$(alert_lines)"
    podman_end web
}

@test "a user cannot make another's processes a container" {
    podman_begin crun cgroupfs
    set_rule block
    state=/run/user/$(id -u "$user")/crun
    claim() { # claim NAME TEXT
        as_user mkdir -p "$state/$1"
        as_user tee "$state/$1/status" >/dev/null <<<"$2"
    }
    claim_child_of() { # claim_child_of PID NAME   the first process of the pid namespace that PID has made
        local first; first=$(pgrep --parent "$1") && [[ $first ]] || return
        firsts+=("$first")
        claim "$2" "{\"pid\": $first, \"process-start-time\": $(cut -d ' ' -f 22 "/proc/$first/stat")}"
    }
    # a service of root's and one of another user's, with a root, processes and users of their own
    root=$container_dir/service
    mkdir -p "$root" && mount -t tmpfs -o mode=755 none "$root" && cp -a "$image/." "$root"
    cp "$root/usr/bin/marker" "$root/added"
    install -d -o traveller "$root/tmp/theirs"
    service='while sleep 0.2; do /added >>"$0"; done'
    unshare --user --map-root-user --mount --pid --fork chroot "$root" sh -c "$service" /tmp/of-root >/dev/null 2>&1 3>&- &
    wait_for 5 claim_child_of $! theirs
    as_traveller unshare --user --map-root-user --mount --pid --fork chroot "$root" sh -c "$service" /tmp/theirs/ran \
        >/dev/null 2>&1 3>&- &
    unshared() { theirs=$(pgrep --uid traveller --exact unshare); }
    wait_for 5 unshared
    wait_for 5 claim_child_of "$theirs" another
    # and what is no state at all, or nothing but trouble
    claim broken '{"pid": '
    claim deep "$(printf '[%.0s' {1..20000})"
    as_user mkdir -p "$state/fifo" && as_user mkfifo "$state/fifo/status"
    as_user ln -sfn /etc "$state/link"
    as_user mkdir -p "$state/to-link" && as_user ln -sf /etc/shadow "$state/to-link/status"
    podman_start web sleep 1000
    sleep 8
    is_covered web
    refused_copy web
    same "exec added deny /tmp/copy" "$(alert_lines)"
    for file in of-root theirs/ran; do
        ran=$(wc -l <"$root/tmp/$file")
        sleep 1
        (($(wc -l <"$root/tmp/$file") > ran))
    done
    same "" "$(holdfastctl containers --output json | jq -r '.[] | select((.id == "theirs" or .id == "another") and .members > 0).id')"
    podman_end web
    rm -rf "${state:?}"/{theirs,another,broken,deep,fifo,link,to-link}
    kill -9 "${firsts[@]}"
    umount --lazy "$root"
}

@test "who enters where the first process has taken itself elsewhere is a member" {
    podman_begin crun cgroupfs
    set_rule block
    podman_run --detach --name away --cap-add SYS_ADMIN --security-opt seccomp=unconfined localhost/base:1 \
        unshare -m sh -c 'cp /usr/bin/marker /tmp/copy; exec sleep 1000' >/dev/null
    there() { podman_exec away test -e /tmp/copy; }
    wait_for 10 there
    run podman_exec away /tmp/copy
    [[ $status -ne 0 && $output != *ran* ]]
    [[ $(podman_exec away marker) == ran ]]
    podman_end away
    # or where it has been, and another one still is
    podman_run --detach --name wide --cap-add SYS_ADMIN --security-opt seccomp=unconfined localhost/base:1 \
        sh -c 'cp /usr/bin/marker /tmp/copy; unshare -m sleep 1234 & exec sleep 1000' >/dev/null
    has_other() { other=$(pgrep --full --exact 'sleep 1234'); }
    wait_for 10 has_other
    enter() { as_user nsenter --target "$other" --user --mount --pid --root --wd "$@"; }
    run enter /tmp/copy
    echo "$output"
    [[ $status -ne 0 && $output == *"Operation not permitted"* ]]
    [[ $(enter /usr/bin/marker) == ran ]]
    podman_end wide
}

@test "a pod whose containers share processes: the first is covered, the other runs" {
    podman_begin crun cgroupfs
    set_rule block
    podman pod create --name both --share pid,ipc,uts --infra-command 'sleep 1000' --infra-image localhost/base:1 >/dev/null
    podman_run --detach --name one --pod both localhost/base:1 sleep 1000 >/dev/null
    [[ $(podman_exec one sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy; marker' | paste -sd ' ') == "ran ran" ]]
    podman pod rm --force both
    no_alerts
}
