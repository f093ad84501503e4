# Programs of the image that the container has a copy of, in its own layer: the image's still, as long as no byte is changed.
# kernels: none

bats_require_minimum_version 1.5.0 # run !

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

make_own_image() {
    make_libc_image dynamic
    printf '#!/usr/bin/sh\necho ran\n' >"$image_dir/dynamic/usr/bin/own-script"
    chmod 755 "$image_dir/dynamic/usr/bin/own-script"
}
start() { # start NAME [OPTION…]
    local name=$1; shift
    make_own_image
    make_bundle "$name" dynamic --cap all "$@"
    start_container "$name"
}
inside() { # inside NAME SCRIPT
    exec_container "$1" sh -c "$2"
}
refused() { # refused NAME SCRIPT
    run inside "$1" "$2"
    echo "$output"
    [[ $status -ne 0 && $output == *"Operation not permitted"* && $output != *ran* && $output != *loaded* ]]
}
# reported NAME LINE SCRIPT   under a rule that alerts it runs, or is loaded, and that is what is said of it
reported() {
    set_rule alert
    run inside "$1" "$3"
    echo "$output"
    [[ $status -eq 0 && $output =~ ^(ran|loaded)$ ]]
    same "$2" "$(alert_lines "$1")"
}
everything='marker && own-script && /usr/libexec/dynamic/bash -c "echo ran" && load_code map /usr/bin/marker &&
    load_code protect /usr/bin/marker && launch fd /usr/bin/marker && launch thread /usr/bin/marker &&
    /lib64/ld-linux-x86-64.so.2 /usr/libexec/dynamic/bash -c "echo ran"'
in_upper() { [[ -f $container_dir/$1/upper/$2 ]]; }

# What an entry point does that wants all to be its own.
@test "an image's programs whose owner, mode, times, attributes and names are changed run unreported" {
    local change name
    for change in 'chmod -R u+w /usr' all; do
        name=unchanged-$(tr -cd "[:lower:]" <<<"$change")
        start "$name"
        set_rule block
        if [[ $change == all ]]; then
            find "$(container_root "$name")/usr" -type f -exec setfattr -n user.note -v 1 {} +
            exec_container "$name" sh -c 'chown -R 0:1 /usr; find /usr -type f -exec touch {} +; chmod -R o-x,o+x /usr'
        else
            # shellcheck disable=SC2086 # words
            exec_container "$name" $change
        fi
        in_upper "$name" usr/bin/busybox
        in_upper "$name" usr/bin/marker
        in_upper "$name" usr/lib/x86_64-linux-gnu/libc.so.6
        run inside "$name" "$everything"
        echo "$output"
        [[ $status -eq 0 && $(grep -c '^ran$\|^loaded$' <<<"$output") -eq 8 ]]
        no_alerts
    done
    inside "$name" 'ln /usr/bin/marker /usr/bin/linked; mv /usr/bin/launch /usr/bin/moved; linked && moved path /usr/bin/marker'
    # and with nothing of it in memory
    echo 3 >/proc/sys/vm/drop_caches
    inside "$name" "linked && moved path /usr/bin/marker && marker"
    no_alerts
    refused "$name" 'cp /usr/bin/marker /usr/bin/copied; copied'
    # overlayfs' own note of where a file was copied from, put on a copy by way of the container's root: it does not get there,
    # and under its other name, which overlayfs does not keep to itself here, it is none
    inside "$name" 'cp /usr/bin/marker /tmp/m; mv /tmp/m /usr/bin/marker'
    local note attribute; note=$(getfattr --only-values -n trusted.overlay.origin "$container_dir/$name/upper/usr/bin/busybox" | base64 -w 0)
    for attribute in trusted.overlay.origin user.overlay.origin; do
        setfattr -n "$attribute" -v "0s$note" "$(container_root "$name")/usr/bin/marker" || [[ $attribute == trusted* ]]
        refused "$name" marker
    done
    same "$(printf 'exec added deny /usr/bin/%s\n' copied marker)" "$(alert_lines)"
}

@test "an entry point that makes all of the image its own, in every way that leaves the bytes as they are" {
    start_entry() { # start_entry NAME
        make_bundle "$1" dynamic --cap all --args sh -c 'chmod -R u+w /usr /etc && chown -R 0:1 /usr /etc &&
            find /usr /etc -type f -exec touch {} + && find /usr /etc -type f -exec reach attribute {} \; && mkdir /opt/links &&
            for file in /usr/bin/* /usr/libexec/dynamic/*; do [ -L "$file" ] || ln "$file" /opt/links/ || exit; done
            '"$everything"' && /opt/links/marker && touch /tmp/done; exec sleep 1000' --
        start_container "$1"
        wait_for 120 test -e "$(container_root "$1")/tmp/done" || { cat "$container_dir/$1/log"; return 1; }
    }
    make_own_image
    set_rule block
    start_entry entry
    same $'done\nloaded\nran' "$(sort -u "$container_dir/entry/log")"
    in_upper entry usr/lib/x86_64-linux-gnu/libc.so.6
    in_upper entry opt/links/marker
    no_alerts
    refused entry 'cp /opt/links/marker /opt/copied; /opt/copied'
}

make_large() { # make_large MEBIBYTES   an image that has a program of that size
    make_own_image
    mkdir -p "$image_dir/large/usr/bin"
    cp "$image_dir/dynamic/usr/bin/marker" "$image_dir/large/usr/bin/large"
    truncate --size $(($1 << 20)) "$image_dir/large/usr/bin/large"
}

@test "a program above 1 GiB is the image's as it came, and a changed one as soon as it is copied, as is said of it" {
    make_large 1025
    make_bundle large large:dynamic --cap all
    start_container large
    set_rule block
    [[ $(inside large large) == ran ]]
    no_alerts
    inside large 'chmod u+w /usr/bin/large'
    refused large large
    same "exec changed deny /usr/bin/large" "$(alert_lines)"
    same "changed refused" "$(holdfastctl rules explain large /usr/bin/large --output json | jq -r '"\(.origin) \(.outcome)"')"
    delete_container large
    rm -r "$image_dir/large"
}

# Of an interpreter all is read while a program is started that is not to wait for it.
@test "a program interpreter above 256 MiB is the image's as it came, and a changed one as soon as it is copied" {
    local size
    make_own_image
    for size in 1 257; do
        mkdir -p "$image_dir/interpreter-$size/opt"
        cp "$image_dir/dynamic/usr/bin/interpreter" "$image_dir/interpreter-$size/opt/interpreter"
        truncate --size $((size << 20)) "$image_dir/interpreter-$size/opt/interpreter"
        make_bundle "interpreter-$size" "interpreter-$size:dynamic" --cap all
        start_container "interpreter-$size"
        set_rule block
        [[ $(inside "interpreter-$size" interpreted) == ran ]]
        inside "interpreter-$size" 'chmod u+w /opt/interpreter'
        in_upper "interpreter-$size" opt/interpreter
        [[ $size == 257 ]] || [[ $(inside "interpreter-$size" interpreted) == ran ]]
        no_alerts
    done
    refused interpreter-257 interpreted
    same 'interpreter changed deny /opt/interpreter' "$(alert_lines)"
    reported interpreter-257 'interpreter changed alert /opt/interpreter' interpreted
    for size in 1 257; do
        delete_container "interpreter-$size"
        rm -r "$image_dir/interpreter-$size"
    done
}

@test "what was looked at once is not looked at again as it runs, or is loaded, another time" {
    local ran
    make_large 100
    make_bundle looked large:dynamic --cap all
    start_container looked
    set_rule block
    # hundredths of seconds: of the first run, and of five more
    ran=$(inside looked 'hundredths() { tr -d . </proc/uptime | cut -d " " -f 1; }
        chmod u+w /usr/bin/large
        at=$(hundredths); large >/dev/null; first=$(($(hundredths) - at))
        at=$(hundredths); for i in 1 2 3 4; do large >/dev/null; done; load_code map /usr/bin/large >/dev/null
        echo $first $(($(hundredths) - at))')
    echo "$ran"
    ((${ran% *} > ${ran#* }))
    no_alerts
    delete_container looked
    rm -r "$image_dir/large"
}

# The kernel closes its own copy's file only when who caused it returns to user space.
@test "a program that is started while another process causes its copy" {
    local i new
    make_libc_image many
    new=$image_dir/many/usr/libexec
    mkdir "$new/single" "$new/linked"
    local nr=$((60 / slowness)) hogs='1 2 3 4'
    # else the controller's own tests of the hooks do not end in time
    ((slowness == 1)) || hogs=1
    for ((i = 1; i <= nr; i++)); do
        cp "$new/dynamic/true" "$new/single/$i"
        cp "$new/dynamic/true" "$new/linked/$i"
        ln "$new/linked/$i" "$new/linked/$i-too"
    done
    make_bundle moved many --cap all
    start_container moved
    set_rule block
    # so many run that the copier has to wait
    inside moved 'for i in '"$hogs"'; do yes >/dev/null & done
        start_by moved /usr/libexec/single/* && start_by moved /usr/libexec/linked/*; code=$?
        kill $(jobs -p); exit $code'
    in_upper moved "usr/libexec/single/$nr"
    in_upper moved "usr/libexec/linked/$nr"
    no_alerts
}

@test "one changed byte, and it is the image's no more: of a program, a library, an interpreter, a script" {
    start changed
    set_rule block
    inside changed 'chmod -R u+w /usr && marker && own-script'
    for file in bin/marker libexec/dynamic/bash lib/x86_64-linux-gnu/libtinfo.so.6 bin/own-script; do
        inside changed "printf x | dd of=/usr/$file bs=1 seek=\$((\$(stat -c %s /usr/$file) - 1)) conv=notrunc 2>/dev/null"
    done
    refused changed marker
    refused changed own-script
    refused changed '/usr/libexec/dynamic/bash -c "echo ran"'
    refused changed '/usr/libexec/dynamic/ls /none; load_code map /usr/lib/x86_64-linux-gnu/libtinfo.so.6'
    # again, as it was known before
    refused changed marker
    same "$(printf '%s\n' 'exec changed deny /usr/bin/marker' 'exec changed deny /usr/bin/own-script' \
        'exec changed deny /usr/libexec/dynamic/bash' 'map changed deny /usr/lib/x86_64-linux-gnu/libtinfo.so.6')" "$(alert_lines)"
    # shorter, and longer
    inside changed 'cp /usr/bin/launch /tmp/whole; head -c 4096 /tmp/whole >/usr/bin/launch'
    refused changed 'launch path /usr/bin/true'
    inside changed '{ cat /tmp/whole; echo; } >/usr/bin/launch'
    refused changed 'launch path /usr/bin/true'
    # what is as it was is the image's again
    inside changed 'cat /tmp/whole >/usr/bin/launch; launch path /usr/bin/true'
}

@test "who can write to the file, or might have a mapping to write through, makes it a changed one" {
    local how
    start written
    set_rule block
    inside written 'chmod u+w /usr/bin/marker; marker'
    for how in open map; do
        exec_container written writer "$how" /usr/bin/marker >"$container_dir/$how" 3>&- &
        wait_for 10 grep ready "$container_dir/$how"
        # a program that is open for writing is the kernel's own affair
        if [[ $how == map ]]; then
            # who writes may do so for ever, and is not waited for as the kernel's own copying is
            refused written 'hundredths() { tr -d . </proc/uptime | cut -d " " -f 1; }
                at=$(hundredths); marker; code=$?
                [ $(($(hundredths) - at)) -lt 150 ] || echo ran late
                exit $code'
        fi
        refused written 'load_code map /usr/bin/marker'
        inside written 'kill $(pidof writer)'
        wait_for 10 inside written '! pidof writer'
        inside written 'marker && load_code map /usr/bin/marker'
    done
    same "$(printf '%s changed deny /usr/bin/marker\n' exec map)" "$(alert_lines)"
}

@test "what a shared mapping stores after the file was judged makes it a changed one, until it is taken back" {
    start stored
    set_rule block
    inside stored 'chmod u+w /usr/bin/marker; marker && load_code map /usr/bin/marker; writer store /usr/bin/marker'
    refused stored marker
    refused stored 'load_code map /usr/bin/marker'
    same "$(printf '%s changed deny /usr/bin/marker\n' exec map)" "$(alert_lines)"
    inside stored 'writer store /usr/bin/marker; marker && load_code map /usr/bin/marker'
}

@test "what io_uring writes after the file was judged makes it a changed one, until it is taken back" {
    start ring
    set_rule block
    inside ring 'chmod u+w /usr/bin/marker; marker && load_code map /usr/bin/marker'
    refused ring 'start_by changed /usr/bin/marker'
    refused ring 'load_code map /usr/bin/marker'
    same "$(printf '%s changed deny /usr/bin/marker\n' exec map)" "$(alert_lines)"
    inside ring 'start_by changed /usr/bin/marker && load_code map /usr/bin/marker'
}

@test "alert: what would be refused runs and is reported, and what is unchanged is not" {
    local how file
    start reported
    set_rule alert
    inside reported "chmod -R u+w /usr && $everything"
    in_upper reported usr/bin/marker
    no_alerts
    # of what nobody has run or mapped as code since nothing is known
    reported reported 'mprotect changed alert /usr/bin/reach' 'load_code protect /usr/bin/reach'
    reported reported 'mprotect changed alert /usr/bin/marker' 'load_code written /usr/bin/marker'
    for how in open map; do
        exec_container reported writer "$how" /usr/bin/marker >"$container_dir/$how" 3>&- &
        wait_for 10 grep ready "$container_dir/$how"
        [[ $how == open ]] || reported reported 'exec changed alert /usr/bin/marker' marker
        reported reported 'map changed alert /usr/bin/marker' 'load_code map /usr/bin/marker'
        inside reported 'kill $(pidof writer)'
        wait_for 10 inside reported '! pidof writer'
    done
    set_rule alert
    inside reported 'marker && load_code map /usr/bin/marker'
    same 0 "$(operations)"
    for file in bin/marker bin/own-script lib/x86_64-linux-gnu/libtinfo.so.6; do inside reported "echo >>/usr/$file"; done
    reported reported 'exec changed alert /usr/bin/marker' marker
    reported reported 'exec changed alert /usr/bin/own-script' own-script
    reported reported 'map changed alert /usr/lib/x86_64-linux-gnu/libtinfo.so.6' 'load_code map /usr/lib/x86_64-linux-gnu/libtinfo.so.6'
    reported reported 'map changed alert /usr/lib/x86_64-linux-gnu/libtinfo.so.6' '/usr/libexec/dynamic/bash -c "echo ran"'
    reported reported 'mprotect changed alert /usr/bin/marker' 'load_code protect /usr/bin/marker'
    reported reported 'exec added alert /usr/bin/copied' 'cp /usr/bin/launch /usr/bin/copied; copied path /usr/bin/true; echo ran'
}

# uncounted NAME SCRIPT   a container's directory on a file system that counts no changes; what it runs
uncounted() {
    start "$1"
    set_rule block
    inside "$1" "chmod -R u+w /usr; $2"
    in_upper "$1" usr/bin/marker
    same "" "$(alert_lines "$1")"
    inside "$1" 'writer store /usr/bin/marker'
    refused "$1" marker
    same "exec changed deny /usr/bin/marker" "$(alert_lines "$1")"
    inside "$1" 'writer store /usr/bin/marker; marker'
    delete_container "$1"
    umount "$container_dir/$1"
}

# The time of the last change has to do then, once it is long enough ago.
@test "a layer on a file system that counts no changes: one changed byte is found all the same" {
    mkdir "$container_dir"/{xfs,tmpfs}
    # of which the debug kernel has none
    if ! is_debug; then
        modprobe loop
        truncate --size 400M "$container_dir/disk"
        mkfs.xfs -q -m crc=0 -n ftype=1 "$container_dir/disk"
        mount -o loop "$container_dir/disk" "$container_dir/xfs"
        uncounted xfs "$everything"
    fi
    # nor does time tell there what a mapping has written: what is not run or mapped at the time is read again
    mount -t tmpfs none "$container_dir/tmpfs"
    uncounted tmpfs "${everything/load_code protect/load_code data}"
}

# Else it would be changed under those who run it.
@test "what was accepted for its bytes cannot be written to while it may be mapped, and no longer" {
    start kept
    set_rule block
    inside kept 'chmod u+w /usr/bin/marker'
    [[ $(inside kept 'writer self /usr/bin/marker') == "Text file busy" ]]
    [[ $(inside kept 'writer vforked /usr/bin/marker') == "Text file busy" ]]
    [[ $(inside kept 'writer forked /usr/bin/marker | cat') == "Text file busy" ]]
    [[ $(inside kept 'writer unmapped /usr/bin/marker') == writable ]]
    [[ $(inside kept 'writer executed /usr/bin/marker') == writable ]]
    inside kept 'load_code hold /usr/bin/marker & sleep 1; ! echo >/usr/bin/marker; kill $!; wait $!; echo >/usr/bin/marker'
    refused kept 'load_code map /usr/bin/marker'
    # nor is it kept by a container that is gone
    delete_container kept
    echo >>"$container_dir/kept/upper/usr/bin/marker"
}

@test "a page that the kernel holds to write to is not the file's any more, once that is accepted" {
    start pinned
    set_rule block
    inside pinned 'chmod u+w /usr/bin/marker'
    # which the debug kernel has no way to do
    same "$(if is_debug; then echo 'process_vm_writev: Function not implemented'; else printf 'ran\nran'; fi)" \
        "$(inside pinned 'pin_pages /usr/bin/marker' || is_debug)"
    [[ $(inside pinned marker) == ran ]]
    same 0 "$(operations)"
}

@test "a mapping that was written to is no longer the file's" {
    start execmod
    set_rule block
    refused execmod 'load_code written /usr/bin/marker'
    same "mprotect changed deny /usr/bin/marker" "$(alert_lines)"
    inside execmod 'load_code protect /usr/bin/marker'
    # where nothing may be read what is not known counts as changed
    refused execmod 'chmod u+w /usr/bin/launch; load_code protect /usr/bin/launch'
    inside execmod 'load_code map /usr/bin/launch && load_code protect /usr/bin/launch'
}

@test "an image whose programs are one file: all run when it was copied up; a copy of it does not" {
    local link
    make_image hard --hard-links
    make_bundle hard hard --cap all
    start_container hard
    set_rule block
    inside hard 'chown -R 0:1 /usr'
    link=$(getfattr -n trusted.overlay.origin "$container_dir/hard/upper/usr/bin/ls" 2>&1) || true
    [[ $link == *"No such attribute"* ]]
    inside hard '/usr/bin/ls / >/dev/null && /usr/bin/true && /usr/bin/env sh -c "echo ran"'
    echo 3 >/proc/sys/vm/drop_caches
    inside hard '/usr/bin/ls / >/dev/null && /usr/bin/true && /usr/bin/env sh -c "echo ran"'
    no_alerts
    refused hard 'cp /usr/bin/busybox /usr/bin/other; /usr/bin/other true'
    # a name that the container gave it, used first
    inside hard 'ln /usr/bin/sort /opt/sort && /opt/sort /etc/passwd && mkdir /opt/moved && mv /opt/sort /opt/moved && /opt/moved/sort /etc/passwd'
    refused hard 'echo >>/usr/bin/ls; /usr/bin/ls /'
    same "$(printf 'exec %s deny /usr/bin/%s\n' added other changed ls)" "$(alert_lines)"
    # two files by now, which wait together behind as many as are sent at once
    make_bundle two hard
    start_container two
    kill -STOP "$(daemon_pid)"
    refused two 'i=0; while [ $i -lt 150 ]; do : >/tmp/$i; chmod 755 /tmp/$i; /tmp/$i; i=$((i + 1)); done 2>/dev/null
        for name in ls env; do echo >>/usr/bin/$name; /usr/bin/$name; done'
    kill -CONT "$(daemon_pid)"
    same "$(printf 'exec changed deny /usr/bin/%s\n' env ls)" "$(alert_lines two | grep -v /tmp/)"
}

@test "overlays that copy up attributes only, keep an index, follow redirects, nest or keep their notes for users" {
    local options name
    for options in metacopy=on,redirect_dir=on index=on xino=on userxattr; do
        name=with-${options%%=*}
        start "$name" --overlay "$options"
        set_rule block
        inside "$name" "chmod -R u+w /usr && $everything"
        # a directory of the image that is renamed, where that can be
        [[ $options != *redirect* ]] ||
            inside "$name" 'mv /usr/libexec /usr/moved && /usr/moved/dynamic/bash -c "echo ran"'
        same 0 "$(operations)"
        refused "$name" 'echo >>/usr/bin/marker; marker'
        delete_container "$name"
    done
}

# There overlayfs has its notes among the attributes that any user may set.
@test "a copy of a program does not become the image's by a note of where it was copied from" {
    local note attribute upper
    start noted --overlay userxattr
    upper=$container_dir/noted/upper/usr/bin/marker
    set_rule block
    inside noted 'chmod u+w /usr/bin/marker; marker'
    note=$(getfattr --only-values -n user.overlay.origin "$upper" | base64 -w 0)
    [[ $note ]]
    no_alerts
    inside noted 'cp /usr/bin/marker /tmp/m; mv /tmp/m /usr/bin/marker'
    run ! getfattr -n user.overlay.origin "$upper"
    refused noted marker
    for attribute in user.overlay.origin trusted.overlay.origin; do
        setfattr -n "$attribute" -v "0s$note" "$(container_root noted)/usr/bin/marker" || true
        echo 3 >/proc/sys/vm/drop_caches
        refused noted marker
    done
    run ! getfattr -n user.overlay.origin "$upper"
    same "exec added deny /usr/bin/marker" "$(alert_lines)"
    reported noted "exec added alert /usr/bin/marker" marker
}

@test "an image that is an overlay itself, whose files have no handles to be found by" {
    make_own_image
    mkdir -p "$image_dir"/{nested,nested-upper,nested-work}
    mount -t overlay -o "lowerdir=$image_dir/dynamic,upperdir=$image_dir/nested-upper,workdir=$image_dir/nested-work" overlay \
        "$image_dir/nested"
    make_bundle nested nested --cap all
    start_container nested
    set_rule block
    inside nested "chmod -R u+w /usr && marker && own-script"
    echo 3 >/proc/sys/vm/drop_caches
    inside nested "$everything"
    same 0 "$(operations)"
    # By a name that was another program's nothing tells what it is a copy of, but its own name still does.
    inside nested 'ln -f /usr/bin/marker /usr/bin/own-script'
    echo 3 >/proc/sys/vm/drop_caches
    refused nested own-script
    inside nested 'marker && own-script'
    refused nested 'echo >>/usr/bin/marker; marker'
    delete_container nested
    umount --lazy "$image_dir/nested"
    # one whose programs are one file, of whose names its inode in memory knows nothing
    make_image hard --hard-links
    mkdir -p "$image_dir"/nested-hard{,-upper,-work}
    mount -t overlay -o "lowerdir=$image_dir/hard,upperdir=$image_dir/nested-hard-upper,workdir=$image_dir/nested-hard-work" overlay \
        "$image_dir/nested-hard"
    make_bundle linked nested-hard --cap all
    start_container linked
    set_rule block
    inside linked 'chown -R 0:1 /usr && /usr/bin/ls / >/dev/null && /usr/bin/true && /usr/bin/env sh -c "echo ran"'
    same 0 "$(operations)"
    refused linked 'echo >>/usr/bin/ls; /usr/bin/ls /'
    delete_container linked
    umount --lazy "$image_dir/nested-hard"
}
