# What runs in a container and did not come with its image.

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

# As root of a container: tries COMMAND and says what came of it.
attempt() { # attempt NAME COMMAND…
    name=$1; shift
    output=$("$@" 2>&1) && status=0 || status=$?
    case "$status $output" in
    "0 "*ran* | "0 loaded") echo "$name: ran" ;;
    "0 "*) echo "$name: 0 $output" ;;
    *"Operation not permitted"* | *"failed to map segment"*) echo "$name: refused" ;;
    *) echo "$name: $status $output" ;;
    esac
}

# Each program of the container that its image did not bring along, by all ways to start one.
drop_and_run() {
    mkdir -p /root/drop
    cp /usr/bin/marker /root/drop/copy
    attempt copied /root/drop/copy
    attempt by-fd launch fd /root/drop/copy
    attempt by-proc launch proc /root/drop/copy
    attempt by-thread launch thread /root/drop/copy
    ln -sf /root/drop/copy /root/drop/symlink
    attempt by-symlink /root/drop/symlink
    ln -f /root/drop/copy /root/drop/link
    attempt hard-link /root/drop/link
    cat /usr/bin/marker >/usr/bin/storm
    attempt replaced-in-place /usr/bin/storm
    cp /usr/bin/marker /root/drop/new && mv -f /root/drop/new /usr/bin/pivot_hook
    attempt renamed-over /usr/bin/pivot_hook
    cp /usr/bin/marker /mnt/copy
    attempt on-tmpfs /mnt/copy
    attempt on-volume /srv/there
    cp /usr/bin/marker /srv/copy
    attempt copied-to-volume /srv/copy
    attempt memfd launch memfd /usr/bin/marker
    attempt sealed-memfd launch sealed /usr/bin/marker
    attempt never-named launch tmpfile /mnt/copy
    cp /usr/bin/marker /root/drop/gone
    attempt unlinked launch unlinked /root/drop/gone
    printf '#!/bin/sh\necho ran\n' >/root/drop/script
    chmod +x /root/drop/script
    attempt script /root/drop/script
    cp /usr/bin/marker /root/drop/after
    attempt after-failed-exec launch after=/usr/bin/own-garbage /root/drop/after
    cp /usr/bin/marker /opt/marker
    attempt script-interpreter /usr/bin/foreign-script
    cp /usr/bin/interpreter /opt/interpreter
    attempt program-interpreter /usr/bin/interpreted
    attempt map load_code map /root/drop/copy
    attempt map-shared load_code shared /root/drop/copy
    attempt map-tmpfs load_code map /mnt/copy
    attempt mprotect load_code protect /root/drop/copy
    attempt mprotect-written load_code written /root/drop/copy
    cp /usr/libexec/dynamic/bash /root/drop/bash
    attempt by-loader /lib64/ld-linux-x86-64.so.2 /root/drop/bash -c 'echo ran'
    cp /usr/lib/x86_64-linux-gnu/libtinfo.so.6 /root/drop/lib.so
    attempt preload sh -c 'LD_PRELOAD=/root/drop/lib.so /usr/libexec/dynamic/bash -c : 2>&1 |
        { read -r line; case $line in *"cannot be preloaded"*) echo "$line"; exit 126 ;; *) echo ran ;; esac; }'
    attempt dlopen /usr/libexec/dynamic/bash -c 'enable -f /root/drop/lib.so none 2>&1 |
        { read -r line; [[ $line == *"cannot find none_struct"* ]] && echo ran || { echo "$line"; exit 126; }; }'
}

# The image's own, which always run.
run_own() {
    attempt own-program marker
    ln -sf /usr/bin/marker /root/own-symlink
    attempt own-by-symlink /root/own-symlink
    attempt own-script own-script
    attempt own-by-fd launch fd /usr/bin/marker
    attempt own-by-proc launch proc /usr/bin/marker
    attempt own-by-thread launch thread /usr/bin/marker
    attempt own-after-failed-exec launch after=/usr/bin/own-garbage /usr/bin/marker
    attempt own-mapped load_code map /usr/bin/marker
    attempt own-mprotect load_code protect /usr/bin/marker
    attempt own-shared-memory load_code anonymous /usr/bin/marker
    attempt own-dynamic /usr/libexec/dynamic/bash -c 'echo ran'
    attempt own-by-loader /lib64/ld-linux-x86-64.so.2 /usr/libexec/dynamic/bash -c 'echo ran'
    attempt dropped-as-data load_code data /root/drop/copy
}

in_container() { # in_container NAME FUNCTION
    exec_container "$1" sh -c "$(declare -f attempt "$2"); $2"
}

make_images() {
    make_libc_image dynamic /bin/grep
    [[ ! -e $image_dir/dynamic/usr/bin/own-script ]] || return 0
    printf '#!/bin/sh\necho ran\n' >"$image_dir/dynamic/usr/bin/own-script"
    printf '#!/opt/marker /root/script-ran\n' >"$image_dir/dynamic/usr/bin/foreign-script"
    echo 'no program' >"$image_dir/dynamic/usr/bin/own-garbage"
    chmod +x "$image_dir"/dynamic/usr/bin/{*-script,own-garbage}
    mkdir -p "$image_dir/dynamic/opt/plugins"
    cp "$image_dir/dynamic/usr/bin/marker" "$image_dir/dynamic/opt/plugins/shipped"
}

start() { # start NAME [OPTION…]
    local name=$1; shift
    make_images
    mkdir "$container_dir/volume"
    cp "$image_dir/dynamic/usr/bin/marker" "$container_dir/volume/there"
    make_bundle "$name" dynamic --cap all --tmpfs /mnt --bind "$container_dir/volume:/srv" "$@"
    start_container "$name"
}

# What drop_and_run and run_own print, sorted, if every line of the first ends with $1.
all_dropped() {
    # shellcheck disable=SC2046 # words
    printf "%s: $1\n" $(sed -n '/^drop_and_run/,/^}/s/^ *attempt \([^ ]*\).*/\1/p' "$BATS_TEST_FILENAME") | LC_ALL=C sort
}
all_own() {
    # shellcheck disable=SC2046
    printf '%s: ran\n' $(sed -n '/^run_own/,/^}/s/^ *attempt \([^ ]*\).*/\1/p' "$BATS_TEST_FILENAME") | LC_ALL=C sort
}

# The alerts of drop_and_run. While memory is locked for mprotect, added is not told from changed.
expected_alerts() { # expected_alerts VERDICT
    sed "s/ V / $1 /" <<'LINES'
exec added V /root/drop/after
exec added V /root/drop/copy
exec added V /root/drop/gone (deleted)
exec added V /root/drop/link
exec added V /root/drop/script
exec added V /usr/bin/pivot_hook
exec changed V /usr/bin/storm
exec memory V /memfd:copy (deleted)
exec memory V /mnt/#N (deleted)
exec memory V /mnt/copy
exec volume V /srv/copy
exec volume V /srv/there
interpreter added V /opt/interpreter
interpreter added V /opt/marker
map added V /root/drop/bash
map added V /root/drop/copy
map added V /root/drop/lib.so
map memory V /mnt/copy
mprotect added V /root/drop/copy
LINES
}
told() { alert_lines "$1" | sed 's/#[0-9]*/#N/; s/^mprotect changed/mprotect added/'; }

judged() { # judged NAME ACTION WORD VERDICT   what is dropped is all WORD, and told of
    start "$1"
    set_rule "$2"
    same "$(all_dropped "$3")" "$(in_container "$1" drop_and_run | LC_ALL=C sort)"
    same "$(expected_alerts "$4")" "$(told "$1")"
    [[ $(operations) == $(all_dropped "$3" | wc -l) ]]
    same "$(all_own)" "$(in_container "$1" run_own | LC_ALL=C sort)"
    [[ $(operations) == $(all_dropped "$3" | wc -l) ]]
}

@test "block: what was dropped is refused and reported; what is the image's own runs" {
    judged drift-block block refused deny
    [[ ! -e $(container_root drift-block)/root/script-ran ]]
}

@test "alert: what was dropped runs and is reported; what is the image's own runs" {
    judged drift-alert alert ran alert
    [[ -e $(container_root drift-alert)/root/script-ran ]]
}

@test "crun: a dropped program is refused" {
    RUNTIME=crun
    start drift-crun
    set_rule block
    run exec_container drift-crun sh -c 'cp /usr/bin/marker /root/copy; /root/copy'
    [[ $status -eq 126 && $output == *"Operation not permitted"* ]]
    [[ $(alert_lines drift-crun) == "exec added deny /root/copy" ]]
    run exec_container drift-crun marker
    [[ $output == ran ]]
}

@test "without a rule everything runs, and nobody hears of it" {
    start drift-off
    set_rule off
    same "$(all_dropped ran)" "$(in_container drift-off drop_and_run | LC_ALL=C sort)"
    no_alerts
}

# Below the directories that are allowed, and elsewhere.
run_allowed() {
    for directory in /opt/plugins /opt/plugins/a/b /mnt/plugins /srv/plugins; do
        mkdir -p "$directory"
        cp /usr/bin/marker "$directory/copy"
        attempt "$directory" "$directory/copy"
    done
    attempt loaded load_code map /opt/plugins/copy
    ln -sf /opt/plugins/copy /root/link
    attempt link-into /root/link
    printf '#!/bin/sh\necho ran\n' >/opt/plugins/script
    chmod +x /opt/plugins/script
    attempt script /opt/plugins/script
    cat /usr/bin/marker >/opt/plugins/shipped
    attempt replaced-in-place /opt/plugins/shipped
}
run_beside() {
    mkdir -p /opt/plugins-2 /root/evil
    cp /usr/bin/marker /opt/plugins-2/copy
    attempt same-beginning /opt/plugins-2/copy
    cp /usr/bin/marker /root/evil/copy
    ln -sf /root/evil/copy /opt/plugins/link
    attempt link-out-of /opt/plugins/link
    attempt memfd launch memfd /opt/plugins/copy
    cp /opt/plugins/copy /opt/plugins/gone
    attempt unlinked launch unlinked /opt/plugins/gone
    mkdir -p /home/jail/opt/plugins
    cp /usr/bin/marker /home/jail/opt/plugins/copy
    attempt chroot launch chroot=/home/jail /opt/plugins/copy
    attempt bound-over launch bind=/root/evil=/opt/plugins /opt/plugins/copy
}

@test "below an allowed directory programs run unreported, whatever the action, but not by tricks with its name" {
    start drift-allowed
    local output action
    for action in alert block; do
        set_rule "$action" /opt/plugins /mnt/plugins /srv/plugins
        output=$(in_container drift-allowed run_allowed)
        echo "$output"
        [[ $(grep -c ': ran$' <<<"$output") -eq 8 && $(wc -l <<<"$output") -eq 8 ]]
        no_alerts
    done
    output=$(in_container drift-allowed run_beside)
    echo "$output"
    [[ $(grep -c ': refused$' <<<"$output") -eq 6 && $(wc -l <<<"$output") -eq 6 ]]
    [[ $(operations) -eq 6 ]]
    # and no more once the rule allows no directory
    set_rule block
    output=$(in_container drift-allowed run_allowed)
    echo "$output"
    [[ $(grep -c ': refused$' <<<"$output") -eq 8 && $(wc -l <<<"$output") -eq 8 ]]
}

@test "block: an image whose programs are one file runs them all" {
    make_image hard --hard-links
    make_bundle drift-hard hard
    start_container drift-hard
    set_rule block
    run exec_container drift-hard sh -c 'ls / >/dev/null && true && env sh -c "echo ran"'
    [[ $output == ran ]]
    no_alerts
}

@test "who enters a container later is judged by the root it was started with, not by what a member mounted there" {
    start drift-covered
    set_rule block
    exec_container drift-covered sh -c 'mkdir -p /mnt/proc /mnt/bin /mnt/dev /mnt/sys && cp /usr/bin/marker /usr/bin/busybox /mnt/bin &&
        mount -t proc proc /mnt/proc && mount --rbind /dev /mnt/dev && mount --rbind /mnt /'
    run exec_container drift-covered /bin/marker
    echo "$output"
    [[ $status -ne 0 && $output != *ran* ]]
    [[ $(alert_lines drift-covered) == "exec memory deny /bin/marker" ]]
}

@test "an allowed directory is the container's own: another's of the same name exempts nothing" {
    local other
    start drift-named --share pid
    make_bundle drift-other dynamic
    start_container drift-other
    exec_container drift-other sh -c 'mkdir -p /opt/plugins; cp /usr/bin/marker /opt/plugins/copy'
    set_rule block /opt/plugins
    other=/proc/$(container_pid drift-other)/root/opt/plugins/copy
    run exec_container drift-named launch fd "$other"
    echo "$output"
    [[ $status -eq 126 ]]
    run exec_container drift-named load_code map "$other"
    echo "$output"
    [[ $status -eq 126 ]]
    same "$(printf '%s host deny /opt/plugins/copy\n' exec map)" "$(alert_lines drift-named)"
    # its owner may
    [[ $(exec_container drift-other /opt/plugins/copy) == ran ]]
}

# Of the first process alone is the namespace, and so gone as soon as it has made another.
@test "an allowed directory is so in the container's mount namespace, not in a later one at the same address" {
    make_images
    make_bundle drift-rebound dynamic --cap none --uid 1000 --args sh -c 'mkdir /tmp/evil && cp /usr/bin/marker /tmp/evil/copy &&
        exec launch rebind=/tmp/evil=/opt/plugins /opt/plugins/copy' --
    set_rule block /opt/plugins
    run run_container drift-rebound
    echo "$output"
    [[ $status -eq 126 && $output != *ran* ]]
    [[ $(operations) -eq 500 ]]
}
