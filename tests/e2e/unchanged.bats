# Programs of the image that the container has a copy of, in its own layer: the image's still, as long as no byte is changed.
# kernels: 6.1

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
    # a note of the kind that overlayfs leaves under its other name, which it does not keep to itself here
    inside "$name" 'cp /usr/bin/marker /tmp/m; mv /tmp/m /usr/bin/marker'
    setfattr -n user.overlay.origin -v x "$(container_root "$name")/usr/bin/marker"
    refused "$name" marker
    same "$(printf 'exec added deny /usr/bin/%s\n' copied marker)" "$(alert_lines)"
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

@test "a mapping that was written to is no longer the file's" {
    start execmod
    set_rule block
    refused execmod 'load_code written /usr/bin/marker'
    same "mprotect changed deny /usr/bin/marker" "$(alert_lines)"
    inside execmod 'load_code protect /usr/bin/marker'
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
    refused nested 'echo >>/usr/bin/marker; marker'
    delete_container nested
    umount --lazy "$image_dir/nested"
}
