# A member that has what nothing gave it (ESC-4): tests/modules/corrupt does to it what exploits of the kernel do.
# kernels: none
# items: PI1 PI2 PI3 PI4 PI5 PI6 PI9

load lib/container
load lib/holdfast
load lib/escape_table

programs=$BATS_TEST_DIRNAME/../../build/tests/programs
catalogue=$BATS_TEST_DIRNAME/../../kmod/include/uapi/linux/holdfast_check_defs.h

setup_file() { insmod "$BATS_TEST_DIRNAME/../../build/kmod/$(kernel)/test/corrupt.ko"; }
teardown_file() { rmmod corrupt; }
setup() {
    container_setup
    holdfast_setup
    make_image base
    # the same path in a container and on the host
    proofs=$container_dir/proofs
    install -d -m 777 "$proofs"
    chmod 755 "$container_dir"
}
teardown() {
    rmdir /sys/fs/cgroup/elsewhere 2>/dev/null || true
    holdfast_teardown
    container_teardown
}

integrity_rule() { put_in_force integrity_text "$1"; } # integrity_rule ACTION
integrity_text() {
    printf 'version: 1\nrules:\n  - {name: %s, type: container-escape, action: %s, checks: {types: [privilege-integrity]}}\n' "$rule" "$1"
}

# start_corruptible   containers to be corrupted: what docker gives, and one in a user namespace
start_corruptible() {
    make_bundle usual base --no-new-privileges --bind "$proofs:$proofs" \
        --jq '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
    make_bundle mapped base --userns --bind "$proofs:$proofs"
    chown 100000:100000 "$(container_root mapped)"
    start_container usual
    start_container mapped
}

# Ways to corrupt, each with the items that it breaks.
ways='copy-of-kernel-cred PI1
kernel-cred PI1
overwritten-cred PI1
capability PI1
namespaces PI3 PI9
root PI5
seccomp PI4
seccomp-flag PI4
no-new-privs PI4
cgroup PI6
user-id PI1
user-namespace PI1 PI2'

# corrupted   each way, by a process that makes a file then: "WAY STATUS MADE"
corrupted() {
    local way status
    # shellcheck disable=SC2016,SC2046 # the container's, words
    {
        exec_container usual sh -c 'for way; do reach corrupted $way create '"$proofs"'/$way; echo $way $?; done' sh \
            $(cut -d ' ' -f 1 <<<"$ways" | grep -v user-)
        exec_container --user 1000 usual sh -c "reach corrupted user-id create $proofs/user-id; echo user-id \$?"
        exec_container mapped sh -c "reach corrupted user-namespace create $proofs/user-namespace; echo user-namespace \$?"
    } 2>/dev/null | grep -v '^done$' | while read -r way status; do
        echo "$way $status $(find "$proofs/$way" 2>/dev/null | wc -l)"
    done
    rm -f "$proofs"/*
}
as_expected() { cut -d ' ' -f 1 <<<"$ways" | sed "s/$/ $1/"; } # as_expected RESULT   of each way

told() { # told   "ITEM VERDICT TECHNIQUE SEVERITY STATE COUNT"
    alerts '.[] | select(.rule.name == $rule) | "\(.operation.check) \(.operation.verdict) \(.operation.technique) \(.severity) \(.state): \(.count)"' \
        --arg rule "$rule" | awk -F ': ' '{ n[$1] += $2 } END { for (i in n) print i ": " n[i] }' | LC_ALL=C sort
}
expected() { # expected VERDICT STATE   once for each way
    cut -d ' ' -f 2- <<<"$ways" | tr ' ' '\n' | LC_ALL=C sort | uniq -c | while read -r count item; do
        echo "$item $1 T1068 urgent $2: $count"
    done
}

# What is an escape of another type is reported, what is a corruption is refused.
both_text() { printf 'version: 1\nrules:\n  - {name: enters, type: container-escape, action: alert, checks: {types: [join-host-ns]}}\n  - {name: %s, type: container-escape, action: block, checks: {types: [privilege-integrity]}}\n' "$rule"; }

# looping NAME [COMMAND]   a container whose first program does that, and then works for ever
looping() {
    make_bundle "$1" base --args sh -c "${2-}"$'\nwhile :; do touch /tmp/alive; sleep 0.1; done' --
    start_container "$1"
}
works() { # works NAME   goes on working
    rm -f "$(container_root "$1")/tmp/alive"
    wait_for 10 test -e "$(container_root "$1")/tmp/alive"
}
has_ended() { [[ $("$RUNTIME" state "$1" | jq -r .status) == stopped ]]; }

@test "each item that this version checks is tried here, by what no package has" {
    same "$(sed -n 's/^HOLDFAST_CHECK(\(PI[0-9]\), [A-Z_]*, checked,.*/\1/p' "$catalogue")" \
        "$(cut -d ' ' -f 2- <<<"$ways" | tr ' ' '\n' | LC_ALL=C sort -u)"
    same "" "$(find "$BATS_TEST_DIRNAME/../../build/stage" -name '*corrupt*')"
}

@test "a corrupted process is reported, or ended before it does anything; the host's is not" {
    start_corruptible
    integrity_rule alert
    same "$(as_expected '0 1')" "$(corrupted)"
    same "$(expected alert unhandled)" "$(told)"
    in_table PI1 alert "happens, reported"
    in_table PI2 alert "happens, reported"
    in_table PI3 alert "happens, reported"
    in_table PI4 alert "happens, reported"
    in_table PI5 alert "happens, reported"
    in_table PI6 alert "happens, reported"
    in_table PI9 alert "happens, reported"
    integrity_rule block
    same "$(as_expected '137 0')" "$(corrupted)"
    same "$(expected deny 'process terminated')" "$(told)"
    in_table PI1 block "ended first, reported"
    in_table PI2 block "ended first, reported"
    in_table PI3 block "ended first, reported"
    in_table PI4 block "ended first, reported"
    in_table PI5 block "ended first, reported"
    in_table PI6 block "ended first, reported"
    in_table PI9 block "ended first, reported"
    in_table PI1 usual "ended first, reported"
    in_table PI2 usual "ended first, reported"
    in_table PI3 usual "ended first, reported"
    in_table PI4 usual "ended first, reported"
    in_table PI5 usual "ended first, reported"
    in_table PI6 usual "ended first, reported"
    in_table PI9 usual "ended first, reported"
    mapfile -t each < <(cut -d ' ' -f 1 <<<"$ways")
    for way in "${each[@]}"; do "$programs/reach" corrupted "$way" create "$proofs/$way"; done
    same "${#each[@]}" "$(find "$proofs" -type f | wc -l)"
    in_table PI1 host "happens, unheard"
    in_table PI2 host "happens, unheard"
    in_table PI3 host "happens, unheard"
    in_table PI4 host "happens, unheard"
    in_table PI5 host "happens, unheard"
    in_table PI6 host "happens, unheard"
    in_table PI9 host "happens, unheard"
    totals_agree
}

@test "whatever it does then is refused; who was corrupted under alert is ended once the rule blocks, as first process too" {
    make_bundle whatever base --cap all --unmasked --devices
    start_container whatever
    looping corrupted 'echo overwritten-cred >/proc/corrupt'
    integrity_rule alert
    works corrupted
    integrity_rule block
    wait_for 20 has_ended corrupted
    same "" "$(exec_container whatever sh -c '
        for how in "setns /proc/self/ns/uts" "chroot /" "remove /etc/passwd" "mount tmpfs none" "mknod /tmp/node 10 237" "read /proc/version" \
            packet-socket "read /dev/null" module io-uring perf syslog; do
            reach corrupted kernel-cred $how
            [ $? -eq 137 ] || echo "$how: $?"
        done
        (echo kernel-cred >/proc/corrupt; exec touch /tmp/executed)
        (echo kernel-cred >/proc/corrupt; touch /tmp/forked; :)
        ls /tmp/executed /tmp/forked; [ -e /etc/passwd ]' 2>/dev/null)"
}

@test "what the kernel lets it do is no corruption: users, namespaces, roots, cgroups, other threads, the runtime's exec" {
    local as
    make_bundle all base --cap all --unmasked --devices --share pid --share network --tmpfs /srv
    start_container all
    make_bundle usual base
    start_container usual
    looping moved
    integrity_rule block
    exec_container all sh -c '
        set -e
        cp /usr/bin/reach /tmp/by-root
        chmod 4755 /tmp/by-root
        cp /usr/bin/busybox /srv/
        set -x
        # namespaces and roots of the host, which no rule here is about
        nsenter -t 1 -u -- /bin/sh -c "/bin/touch /tmp/1; marker"
        nsenter -t 1 -m -u -i -n -- /bin/sh -c "/bin/true; exec /bin/true"
        chroot /proc/1/root /bin/sh -c "/bin/true; exec /bin/true"
        chroot /srv /busybox sh -c "/busybox touch /new; exec /busybox true"
        # its own
        unshare -m -u -i -n -p -f --mount-proc sh -c "marker; exec marker"
        unshare -U -r sh -c "unshare -m mount -t tmpfs none /mnt; exec marker"
        unshare -m sh -c "mount -t tmpfs none /mnt; cp /usr/bin/busybox /mnt/; mkdir /mnt/old; cd /mnt
            pivot_root . old; /busybox umount -l /old; /busybox touch /new; exec /busybox true"
        test "$(reach user-namespace)" = done
        test "$(reach personality /root/by-personality)" = done
        test -e /root/by-personality
        echo more >>/etc/os-release
        launch thread /bin/true
        setpriv --nnp sh -c "marker; exec marker"
        setpriv --inh-caps -chown sh -c "marker; exec marker"
        mkdir /sys/fs/cgroup/inner
        sh -c "echo \$\$ >/sys/fs/cgroup/inner/cgroup.procs; marker; exec marker"' >"$container_dir/said" 2>&1 || { cat "$container_dir/said"; false; }
    # by a set-user-id program what its user could not
    for as in reach /tmp/by-root; do exec_container --user 1000 all sh -c "$as create /root/as-${as##*/}; marker"; done >"$container_dir/said"
    same "$(printf '%s\n' 'Permission denied' ran 'done' ran)" "$(<"$container_dir/said")"
    # more than the container itself has
    exec_container --cap CAP_SYS_ADMIN usual sh -c 'mount -t tmpfs none /mnt; marker; exec marker'
    exec_container usual sh -c 'su -s /bin/sh nobody -c marker || exec marker'
    mkdir -p /sys/fs/cgroup/elsewhere
    container_pid moved >/sys/fs/cgroup/elsewhere/cgroup.procs
    works moved
    delete_container moved
    same "" "$(told)"
}

@test "what was only reported is no corruption; each exec has capabilities of its own; and all threads end" {
    make_bundle all base --cap all --unmasked --share pid
    start_container all
    make_bundle usual base
    start_container usual
    put_in_force both_text
    exec_container all sh -c 'for i in 1 2; do nsenter -t 1 -m -u -i -n -- /bin/sh -c "/bin/true; exec /bin/true" || exit; done'
    same "" "$(told)"
    same "NS1 alert" "$(rule=enters; alerts '[.[] | select(.rule.name == $rule).operation | "\(.check) \(.verdict)"] | unique[]' --arg rule enters)"
    # what is more was given to another one
    [[ $(exec_container --cap CAP_SYS_ADMIN usual reach mount tmpfs none) == "done" ]]
    run exec_container usual reach corrupted capability create /tmp/one
    [[ $status -eq 137 && ! -e $(container_root usual)/tmp/one ]]
    run exec_container usual reach beside /tmp/beside corrupted kernel-cred create /tmp/one
    [[ $status -eq 137 ]]
    sleep 3
    [[ ! -e $(container_root usual)/tmp/beside && ! -e $(container_root usual)/tmp/one ]]
    same "PI1 deny T1068 urgent process terminated: 2" "$(told)"
    integrity_rule alert
    exec_container usual reach beside /tmp/beside corrupted kernel-cred create /tmp/one
    [[ -e $(container_root usual)/tmp/beside && -e $(container_root usual)/tmp/one ]]
}
