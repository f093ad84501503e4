# What runs in a container and did not come with its image.

load lib/container
load lib/holdfast
load lib/exec_ways

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

@test "without a rule everything runs, and nobody hears of it" {
    ways_start drift-off
    set_rule off
    [[ $(exec_container drift-off sh -c 'cp /usr/bin/marker /root/copy; /root/copy; launch memfd /usr/bin/marker') == $'ran\nran' ]]
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
    { cat /usr/bin/marker; echo; } >/opt/plugins/shipped
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
    attempt dot-dot /opt/plugins/../../root/evil/copy
    mkdir -p /home/again
    mount --bind / /home/again
    attempt another-root launch chroot=/home/again /opt/plugins/copy
    umount /home/again
    # from here on its name is its own choice
    mount --bind /root/evil /opt/plugins
    attempt mounted-over /opt/plugins/copy
    umount /opt/plugins
    attempt as-it-was /opt/plugins/copy
    mount -o bind,private /root/evil /opt/plugins
    attempt mounted-private /opt/plugins/copy
    umount /opt/plugins
    reach move-mount /root/evil /opt/plugins >/dev/null
    attempt moved-over /opt/plugins/copy
    umount /opt/plugins
    attempt as-it-was-still /opt/plugins/copy
    umount -l /mnt
    mkdir -p /mnt/plugins
    cp /usr/bin/marker /mnt/plugins/copy
    attempt uncovered /mnt/plugins/copy
}

@test "below an allowed directory programs run unreported, whatever the action, but not by tricks with its name" {
    ways_start drift-allowed
    local output action
    for action in alert block; do
        set_rule "$action" /opt/plugins /mnt/plugins /srv/plugins
        output=$(in_container drift-allowed run_allowed)
        echo "$output"
        [[ $(grep -c ': ran$' <<<"$output") -eq 8 && $(wc -l <<<"$output") -eq 8 ]]
        no_alerts
    done
    for action in alert block; do
        # in one of its own: where a mount was taken away nothing is what it was
        ways_start "drift-beside-$action"
        set_rule "$action" /opt/plugins /mnt/plugins /srv/plugins
        exec_container "drift-beside-$action" sh -c 'mkdir -p /opt/plugins; cp /usr/bin/marker /opt/plugins/copy; ln -sf /opt/plugins/copy /root/link'
        output=$(in_container "drift-beside-$action" run_beside)
        echo "$output"
        if [[ $action == block ]]; then
            same $'as-it-was: ran\nas-it-was-still: ran' "$(grep -v ': refused$' <<<"$output")"
            [[ $(grep -c ': refused$' <<<"$output") -eq 12 ]]
        else
            [[ $(grep -c ': ran$' <<<"$output") -eq 14 && $(wc -l <<<"$output") -eq 14 ]]
        fi
        same 12 "$(operations)"
    done
    # and no more once the rule allows no directory
    set_rule block
    output=$(in_container drift-allowed run_allowed)
    echo "$output"
    [[ $(grep -c ': refused$' <<<"$output") -eq 8 && $(wc -l <<<"$output") -eq 8 ]]
}

@test "below a mount that a member had renamed or removed what it was on of nothing is allowed" {
    local way script='unshare -m sh -exc "mount --make-rprivate / && umount -l $1 && $2 && mkdir -p $1/plugins && cp /usr/bin/marker $1/plugins/copy"'
    make_image base
    mkdir "$container_dir/volume"
    for way in "mv /mnt /mnt-before" "rmdir /srv"; do
        make_bundle "drift-${way%% *}" base --cap all --tmpfs /mnt --bind "$container_dir/volume:/srv"
        start_container "drift-${way%% *}"
        set_rule block /mnt/plugins /srv/plugins
        run exec_container "drift-${way%% *}" sh -c 'for at in /mnt /srv; do mkdir -p $at/plugins; cp /usr/bin/marker $at/plugins/copy; $at/plugins/copy; done'
        same $'ran\nran' "$output"
        exec_container "drift-${way%% *}" sh -c "$script" sh "/$(cut -d / -f 2 <<<"${way%% /mnt-*}")" "$way"
        run exec_container "drift-${way%% *}" sh -c '[ ! -e /mnt-before ] || exec /mnt/plugins/copy; exec /srv/plugins/copy'
        echo "$output"
        [[ $status -eq 126 && $output != *ran* ]]
    done
}

@test "nor where what a mount was on the way to was renamed by another mount, or in another mount namespace; other renames change nothing" {
    local name way
    make_image base
    mkdir "$container_dir/volume"
    cp "$image_dir/base/usr/bin/marker" "$container_dir/volume/there"
    renamed() { # renamed NAME SCRIPT   and then what is allowed there is run
        run exec_container "$1" sh -exc "$2
            mkdir -p /opt/app/plugins; [ -e /opt/app/plugins/there ] || cp /usr/bin/marker /opt/app/plugins/there; /opt/app/plugins/there"
        echo "$output"
    }
    for way in 'mount --bind / /mnt; mv /mnt/opt/app /mnt/opt/app2' \
        'unshare -m sh -exc "mount --make-rprivate /; umount -l /opt/app/plugins; mv /opt/app /opt/app2"'; do
        name=drift-way-${way:0:1}
        make_bundle "$name" base --cap all --bind "$container_dir/volume:/opt/app/plugins:bind,ro"
        start_container "$name"
        set_rule block /opt/app/plugins
        renamed "$name" 'mkdir -p /srv/one && unshare -m mv /srv/one /srv/other; mount --bind / /mnt && mv /mnt/srv/other /mnt/srv/one && umount /mnt'
        [[ $status -eq 0 && $output == *ran ]]
        renamed "$name" "$way"
        [[ $status -eq 126 && $output != *ran* ]]
    done
}

@test "a root that is another one all the time makes no name of an allowed directory's" {
    make_image base
    make_bundle drift-flipping base --cap all
    start_container drift-flipping
    set_rule block /opt/plugins
    [[ $(exec_container drift-flipping sh -c 'for at in /opt /home/jail/opt; do mkdir -p $at/plugins; cp /usr/bin/marker $at/plugins/copy; done
        /opt/plugins/copy') == ran ]]
    run exec_container drift-flipping start_by flipping=/home/jail /home/jail/opt/plugins/copy
    echo "$output"
    [[ $status -eq 126 && $output != *ran* ]]
}

@test "of thousands of allowed directories each counts, and nothing beside them" {
    local many
    mapfile -t many < <(seq -f '/opt/plugins/%05.0f/lib/x86_64-linux-gnu/extensions' 1 2 8000)
    make_image base
    make_bundle drift-many base
    start_container drift-many
    rule=many
    write_rules "$(rule_text block "${many[@]}")"
    wait_for 60 in_force
    run exec_container drift-many sh -c '
        for number in 00001 03999 07999 00002 04000 08000; do
            at=/opt/plugins/$number/lib/x86_64-linux-gnu/extensions
            (mkdir -p $at && cp /usr/bin/marker $at && $at/marker) 2>/dev/null || echo no
        done'
    echo "$output"
    same "ran ran ran no no no" "$(grep -xE "ran|no" <<<"$output" | paste -sd ' ')"
    same 3 "$(operations)"
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
    ways_start drift-covered
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
    ways_start drift-named --share pid
    make_bundle drift-other ways
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

run_beside_by_fd() {
    for file in /proc/1/root/usr/local/bin/foreign-host /proc/1/root/scratch/of-other/copy; do
        attempt "exec ${file##*/}" launch fd "$file"
        attempt "map ${file##*/}" load_code map "$file"
    done
}
@test "a program of the host's or of another container's, by a descriptor, is not the image's" {
    local action verdict words
    ways_images
    make_bundle of-other ways
    start_container of-other
    exec_container of-other cp /usr/bin/marker /root/copy
    mkdir /scratch/of-other
    mount --bind "$container_dir/of-other/rootfs/root" /scratch/of-other
    for action in alert block; do
        words=(refused deny)
        [[ $action == block ]] || words=(ran alert)
        ways_start "by-fd-$action" --share pid
        set_rule $action
        same "$(printf "%s: ${words[0]}\n" 'exec foreign-host' 'map foreign-host' 'exec copy' 'map copy')" \
            "$(in_container "by-fd-$action" run_beside_by_fd)"
        same "$(printf "%s host ${words[1]} %s\n" exec /scratch/of-other/copy exec /usr/local/bin/foreign-host map /scratch/of-other/copy map /usr/local/bin/foreign-host)" \
            "$(alert_lines "by-fd-$action")"
    done
    umount /scratch/of-other
}

# Of the first process alone is the namespace, and so gone as soon as it has made another.
@test "an allowed directory is so in the container's mount namespace, not in a later one at the same address" {
    ways_images
    make_bundle drift-rebound ways --cap none --uid 1000 --args sh -c 'mkdir /tmp/evil && cp /usr/bin/marker /tmp/evil/copy &&
        exec launch rebind=/tmp/evil=/opt/plugins /opt/plugins/copy' --
    set_rule block /opt/plugins
    run run_container drift-rebound
    echo "$output"
    [[ $status -eq 126 && $output != *ran* ]]
    [[ $(operations) -eq 500 ]]
}
