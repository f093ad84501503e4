# shellcheck shell=bash
# The ways to get code running in a container: those of docs/exec-matrix.md.
#
# In a container with all capabilities, made by ways_start, ways_foreign and ways_again try what its image did not bring along,
# ways_own what it did, and ways_open what is not covered. Each says "WAY: ran" or "WAY: refused", or what else came of it. Every refusal is
# one operation.
#
# $ways_by says what makes the container, by a few names: BY_ways_start, _exec, _again, _copy_in, _end, _id. A bundle's are
# here, those of lib/engines.bash have the others in part.

ways_by=bundle

# As root of a container: tries COMMAND and says what came of it.
attempt() { # attempt WAY COMMAND…
    way=$1; shift
    output=$("$@" 2>&1) && status=0 || status=$?
    case "$status $output" in
    "0 "*ran* | "0 loaded") echo "$way: ran" ;;
    "0 "*) echo "$way: 0 $output" ;;
    "124 "*) echo "$way: none" ;;
    *"Operation not permitted"* | *"failed to map segment"*) echo "$way: refused" ;;
    *) echo "$way: $status $output" ;;
    esac
}

ways_foreign() {
    mkdir -p /root/drop
    cp /usr/bin/marker /root/drop/copy
    cp /usr/bin/marker /root/drop/left-behind
    attempt copied /root/drop/copy
    attempt by-fd launch fd /root/drop/copy
    attempt by-path-fd start_by opath /root/drop/copy
    attempt by-directory-fd start_by dirfd /root/drop/copy
    attempt by-passed-fd start_by passed /root/drop/copy
    attempt by-proc launch proc /root/drop/copy
    # of one that runs since before the rule was in force
    attempt by-exe-link sh -c 'exec -a sh "/proc/$(cat /root/early/pid)/exe" -c "echo ran"'
    attempt by-thread launch thread /root/drop/copy
    attempt by-vfork start_by vfork /root/drop/copy
    attempt by-spawn start_by spawn /root/drop/copy
    attempt by-clone3 start_by clone3 /root/drop/copy
    mkdir -p /opt/cgroup
    mount -t cgroup2 cgroup2 /opt/cgroup && mkdir -p /opt/cgroup/inner
    attempt by-cgroup start_by cgroup=/opt/cgroup/inner /root/drop/copy
    attempt checked start_by checked /root/drop/copy
    ln -sf /root/drop/copy /root/drop/symlink
    attempt by-symlink /root/drop/symlink
    ln -f /root/drop/copy /root/drop/link
    attempt hard-link /root/drop/link
    cat /usr/bin/marker >/usr/bin/storm
    attempt replaced-in-place /usr/bin/storm
    cp /usr/bin/marker /root/drop/new && mv -f /root/drop/new /usr/bin/pivot_hook
    attempt renamed-over /usr/bin/pivot_hook
    cp /usr/bin/marker /root/drop/gone
    attempt unlinked launch unlinked /root/drop/gone
    attempt later-executable start_by afterwards /root/drop/copy
    attempt by-io-uring start_by io_uring /root/drop/copy
    attempt memfd launch memfd /usr/bin/marker
    attempt sealed-memfd launch sealed /usr/bin/marker
    printf '#!/bin/sh\necho ran\n' >/root/drop/script
    chmod +x /root/drop/script
    attempt script /root/drop/script
    attempt nested-script /usr/bin/nested-script
    cp /usr/bin/marker /root/drop/after
    attempt after-failed-exec launch after=/usr/bin/own-garbage /root/drop/after
    cp /usr/bin/marker /opt/marker
    attempt script-interpreter /usr/bin/foreign-script
    cp /usr/bin/interpreter /opt/interpreter
    attempt program-interpreter /usr/bin/interpreted
    cp /usr/bin/own.foreign-host /root/drop/copy.foreign-host
    attempt for-registered-interpreter /root/drop/copy.foreign-host
    # What is registered is so in every container: none of its names stays. Some kernels never let its file be written to again.
    cp /usr/bin/marker /root/drop/registered
    mkdir -p /opt/binfmt
    mount -t binfmt_misc binfmt_misc /opt/binfmt
    attempt registered-open sh -c 'echo ":foreign-fixed:E::foreign-fixed::/root/drop/registered:F" >/opt/binfmt/register && /usr/bin/own.foreign-fixed'
    attempt registered-by-name sh -c 'echo ":foreign-named:E::foreign-named::/root/drop/registered:" >/opt/binfmt/register && /usr/bin/own.foreign-named'
    cp /usr/bin/marker /root/drop/registered-inside
    mkdir -p /opt/own-binfmt
    attempt registered-in-namespace unshare -U -r -m sh -c 'mount -t binfmt_misc none /opt/own-binfmt || exit 124
        echo ":foreign-inside:E::foreign-inside::/root/drop/registered-inside:F" >/opt/own-binfmt/register && /usr/bin/own.foreign-inside'
    for name in fixed named; do [ ! -e /opt/binfmt/foreign-$name ] || echo -1 >/opt/binfmt/foreign-$name; done
    cp /usr/bin/compat_marker /root/drop/compat
    attempt compat sh -c '[ -e /proc/sys/abi/vsyscall32 ] || exit 124; /root/drop/compat'

    attempt map load_code map /root/drop/copy
    attempt map-shared load_code shared /root/drop/copy
    attempt map-implied load_code implied /root/drop/copy
    attempt map-remapped load_code remapped /root/drop/copy
    attempt mprotect load_code protect /root/drop/copy
    attempt mprotect-written load_code written /root/drop/copy
    attempt mprotect-own-written load_code written /usr/bin/marker
    attempt segment load_code segment /usr/bin/marker
    attempt map-relinked load_code relinked /usr/bin/marker
    cp /usr/libexec/dynamic/bash /root/drop/bash
    attempt by-loader /lib64/ld-linux-x86-64.so.2 /root/drop/bash -c 'echo ran'
    cp /usr/lib/x86_64-linux-gnu/libtinfo.so.6 /root/drop/lib.so
    attempt preload sh -c 'LD_PRELOAD=/root/drop/lib.so /usr/libexec/dynamic/bash -c : 2>&1 |
        { read -r line; case $line in *"cannot be preloaded"*) echo "$line"; exit 126 ;; *) echo ran ;; esac; }'
    attempt audit sh -c 'LD_AUDIT=/root/drop/lib.so /usr/libexec/dynamic/bash -c : 2>&1 |
        { read -r line; case $line in *"cannot be loaded"*"failed to map"*) echo "$line"; exit 126 ;; *) echo ran ;; esac; }'
    mkdir -p /root/drop/libraries
    cp /root/drop/lib.so /root/drop/libraries/libtinfo.so.6
    attempt library-path env LD_LIBRARY_PATH=/root/drop/libraries /usr/libexec/dynamic/bash -c 'echo ran'
    mkdir -p /srv/libraries
    cp /usr/bin/libby_rpath_library.so /srv/libraries/
    attempt rpath by_rpath
    attempt dlopen /usr/libexec/dynamic/bash -c 'enable -f /root/drop/lib.so none 2>&1 |
        { read -r line; [[ $line == *"cannot find none_struct"* ]] && echo ran || { echo "$line"; exit 126; }; }'

    cp /usr/bin/marker /mnt/copy
    attempt on-tmpfs /mnt/copy
    attempt never-named launch tmpfile /mnt/copy
    attempt never-named-in-layer sh -c 'said=$(launch tmpfile /root/drop/copy 2>&1); code=$?
        echo "$said"; case $said in *"not supported"*) exit 124 ;; esac; exit $code'
    attempt map-tmpfs load_code map /mnt/copy
    mount -o remount,exec /dev/shm
    cp /usr/bin/marker /dev/shm/copy
    attempt on-shm /dev/shm/copy
    attempt on-volume /srv/there
    cp /usr/bin/marker /srv/copy
    attempt copied-to-volume /srv/copy
    attempt on-named-volume sh -c '[ -d /named ] || exit 124; cp /usr/bin/marker /named/copy; /named/copy'
    cp /usr/bin/marker /empty/copy
    attempt on-empty-directory /empty/copy
    attempt on-squashfs /places/squashfs/there
    attempt on-fuse /places/fuse/there
    attempt on-9p /places/9p/marker
    attempt from-outside /root/put-here
    mkdir -p /mnt/upper /mnt/work /opt/merged /opt/bound /opt/other
    mount -t overlay -o lowerdir=/root/drop,upperdir=/mnt/upper,workdir=/mnt/work overlay /opt/merged
    attempt own-overlay /opt/merged/copy
    mkdir -p /mnt/image-upper /mnt/image-work /opt/image
    mount -t overlay -o lowerdir=/usr/bin,upperdir=/mnt/image-upper,workdir=/mnt/image-work overlay /opt/image
    attempt own-overlay-of-image /opt/image/marker
    mount --bind /root/drop /opt/bound
    attempt bound /opt/bound/copy
    attempt user-namespace unshare -U -r -m sh -c 'mount -t tmpfs tmpfs /opt/other && cp /usr/bin/marker /opt/other/copy && /opt/other/copy'
}

# After the container was ended and started again with the layer that it had.
ways_again() {
    attempt started-again /root/drop/left-behind
}

# The image's own, which always run.
ways_own() {
    attempt own-program marker
    ln -sf /usr/bin/marker /root/own-symlink
    attempt own-by-symlink /root/own-symlink
    attempt own-script own-script
    attempt own-by-fd launch fd /usr/bin/marker
    attempt own-by-path-fd start_by opath /usr/bin/marker
    attempt own-by-directory-fd start_by dirfd /usr/bin/marker
    attempt own-by-passed-fd start_by passed /usr/bin/marker
    attempt own-by-proc launch proc /usr/bin/marker
    attempt own-by-exe-link sh -c 'exec -a sh /proc/self/exe -c "echo ran"'
    attempt own-by-thread launch thread /usr/bin/marker
    attempt own-by-vfork start_by vfork /usr/bin/marker
    attempt own-by-spawn start_by spawn /usr/bin/marker
    attempt own-by-clone3 start_by clone3 /usr/bin/marker
    mkdir -p /opt/cgroup
    mount -t cgroup2 cgroup2 /opt/cgroup && mkdir -p /opt/cgroup/inner
    attempt own-by-cgroup start_by cgroup=/opt/cgroup/inner /usr/bin/marker
    attempt own-unlinked launch unlinked /usr/bin/own-gone
    attempt own-nested-script own-nested-script
    attempt own-after-failed-exec launch after=/usr/bin/own-garbage /usr/bin/marker
    attempt own-registered-interpreter own.foreign-host
    mkdir -p /opt/binfmt
    mount -t binfmt_misc binfmt_misc /opt/binfmt
    attempt own-registered-open sh -c 'echo ":foreign-own-fixed:E::foreign-own-fixed::/usr/bin/own-interpreter:F" >/opt/binfmt/register && own.foreign-own-fixed'
    attempt own-registered-by-name sh -c 'echo ":foreign-own-named:E::foreign-own-named::/usr/bin/own-interpreter:" >/opt/binfmt/register && own.foreign-own-named'
    for name in fixed named; do [ ! -e /opt/binfmt/foreign-own-$name ] || echo -1 >/opt/binfmt/foreign-own-$name; done
    attempt own-compat sh -c '[ -e /proc/sys/abi/vsyscall32 ] || exit 124; compat_marker'
    attempt own-mapped load_code map /usr/bin/marker
    attempt own-mapped-shared load_code shared /usr/bin/marker
    attempt own-mapped-implied load_code implied /usr/bin/marker
    attempt own-mprotect load_code protect /usr/bin/marker
    attempt own-dynamic /usr/libexec/dynamic/bash -c 'echo ran'
    attempt own-by-loader /lib64/ld-linux-x86-64.so.2 /usr/libexec/dynamic/bash -c 'echo ran'
    attempt own-preload env LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libtinfo.so.6 /usr/libexec/dynamic/bash -c 'echo ran'
    attempt own-audit sh -c 'LD_AUDIT=/usr/lib/x86_64-linux-gnu/libtinfo.so.6 /usr/libexec/dynamic/bash -c : 2>&1 |
        { read -r line; case $line in *"cannot be loaded"*"failed to map"*) echo "$line"; exit 126 ;; *) echo ran ;; esac; }'
    attempt own-rpath own_rpath
    attempt own-library-path env LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu /usr/libexec/dynamic/bash -c 'echo ran'
    attempt own-dlopen /usr/libexec/dynamic/bash -c 'enable -f /usr/lib/x86_64-linux-gnu/libtinfo.so.6 none 2>&1 |
        { read -r line; [[ $line == *"cannot find none_struct"* ]] && echo ran || { echo "$line"; exit 126; }; }'
    mkdir -p /opt/own-bound && mount --bind /usr/bin /opt/own-bound
    attempt own-bound /opt/own-bound/marker
    attempt own-user-namespace unshare -U -r -m marker
    chmod u+w /usr/bin/launch && chown 0:1 /usr/bin/load_code
    attempt own-copied-up launch path /usr/bin/marker
    attempt own-mapped-by-copied-up load_code map /usr/bin/launch
    ln -f /usr/bin/own-linked /root/own-link
    attempt own-hard-link /root/own-link
    attempt dropped-as-data load_code data /root/drop/copy
    attempt remapped-as-data load_code remapped-data /root/drop/copy
    attempt segment-as-data load_code segment-data /root/drop/copy
}

# What runs all the same.
ways_open() {
    printf 'echo ran\n' >/root/drop/text
    attempt interpreted-text sh /root/drop/text
    attempt anonymous-memory load_code anonymous /usr/bin/marker
    attempt writable-code load_code writable /usr/bin/marker
    attempt poked-code load_code poked /usr/bin/marker
}

# What no kernel here has (AT_EXECVE_CHECK), what only some engines have, what 6.1 has not (O_TMPFILE in overlays, binfmt_misc of
# a user namespace), and what the debug kernel has not (32 bits).
ways_missing() {
    local missing='^checked: '
    [[ $ways_by == docker || $ways_by == podman ]] || missing+='|^on-named-volume: '
    [[ -e /proc/sys/abi/vsyscall32 ]] || missing+='|compat: '
    [[ $(kernel) == 6.12 ]] || missing+='|^never-named-in-layer: |^registered-in-namespace: '
    echo "$missing"
}

# What FUNCTIONs try, a line each, if all of it that there is ends with WORD.
ways_all() { # ways_all WORD FUNCTION…
    local word=$1; shift
    # shellcheck disable=SC2046 # words
    printf "%s: $word\n" $(declare -f "$@" | sed -n 's/^ *attempt \([^ ;]*\).*/\1/p') | LC_ALL=C sort |
        sed -E "/$(ways_missing)/s/: .*/: none/"
}

in_container() { # in_container NAME FUNCTION
    "${ways_by}_exec" "$1" sh -c "$(declare -f attempt "$2"); $2"
}

ways_images() {
    make_libc_image ways /bin/grep
    local name
    [[ ! -e $image_dir/ways/usr/bin/own-script ]] || return 0
    printf '#!/bin/sh\necho ran\n' >"$image_dir/ways/usr/bin/own-script"
    printf '#!/usr/bin/own-script\n' >"$image_dir/ways/usr/bin/own-nested-script"
    for name in own-gone own-linked own-interpreter; do cp "$image_dir/ways/usr/bin/marker" "$image_dir/ways/usr/bin/$name"; done
    printf '#!/opt/marker /root/script-ran\n' >"$image_dir/ways/usr/bin/foreign-script"
    printf '#!/root/drop/script\n' >"$image_dir/ways/usr/bin/nested-script"
    echo 'no program' >"$image_dir/ways/usr/bin/own-garbage"
    for name in host fixed named inside own-fixed own-named; do echo 'a program of another kind' >"$image_dir/ways/usr/bin/own.foreign-$name"; done
    chmod +x "$image_dir"/ways/usr/bin/{*-script,own-garbage,own.foreign-*}
    mkdir -p "$image_dir/ways/opt/plugins"
    cp "$image_dir/ways/usr/bin/marker" "$image_dir/ways/opt/plugins/shipped"
}

# Volumes of kinds of their own, each with a copy of a program; and an interpreter that the host has registered.
ways_places() {
    local places=/scratch/places type=squashfs name
    [[ ! -d $places ]] || return 0
    mkdir -p $places/{squashfs,fuse,9p,of}
    cp "$image_dir/ways/usr/bin/marker" $places/of/there
    # of the debug kernel they are parts, but for one
    modprobe --all --quiet loop fuse binfmt_misc squashfs || is_debug
    if grep -qw squashfs /proc/filesystems; then
        mksquashfs $places/of $places/image -no-progress >/dev/null
    else
        type=ext4
        truncate --size 8M $places/image
        mkfs.ext4 -q -d $places/of $places/image
    fi
    mount -o loop,ro $places/image $places/squashfs
    # bats waits for whoever holds its descriptor 3
    fuse-overlayfs -o lowerdir=$places/of $places/fuse 3>&-
    # the checkout is shared with the guest by it
    mount --bind "$BATS_TEST_DIRNAME/../../build/tests/programs" $places/9p
    same "$type fuse.fuse-overlayfs 9p" "$(for name in squashfs fuse 9p; do findmnt -n -o FSTYPE "$places/$name"; done | paste -sd ' ')"
    cp "$image_dir/ways/usr/bin/marker" /usr/local/bin/foreign-host
    mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    echo ':foreign-host:E::foreign-host::/usr/local/bin/foreign-host:F' >/proc/sys/fs/binfmt_misc/register
}

bundle_ways_start() {
    local name=$1; shift
    make_bundle "$name" ways --cap all --tmpfs /mnt --bind "$container_dir/volume-$name:/srv" \
        --bind "$(empty_directory "$name"):/empty" --bind /scratch/places:/places "$@"
    start_container "$name"
}
# empty_directory NAME   where the kubelet has a pod's volume of this kind
empty_directory() {
    local directory=/var/lib/kubelet/pods/$1/volumes/kubernetes.io~empty-dir/cache
    mkdir -p "$directory"
    echo "$directory"
}
bundle_exec() { exec_container "$@"; }
bundle_again() {
    "$RUNTIME" delete --force "$1"
    start_container "$1"
}
bundle_copy_in() { cp "$1" "$(container_root "$2")$3"; } # BY_copy_in FILE NAME PATH
bundle_end() { delete_container "$1"; }
bundle_id() { echo "$1"; }

ways_start() { # ways_start NAME [OPTION…]   options of make_bundle
    ways_images
    ways_places
    mkdir "$container_dir/volume-$1"
    cp "$image_dir/ways/usr/bin/marker" "$container_dir/volume-$1/there"
    "${ways_by}_ways_start" "$@"
    "${ways_by}_copy_in" "$image_dir/ways/usr/bin/marker" "$1" /root/put-here
}

# ways_judged COLUMN ACTION WORD VERDICT   what is not the image's is all WORD, and told of once each; what is, runs and is
# not. What came of each is kept for the COLUMN of the table.
ways_judged() {
    local name=matrix-$1-$2 count script_ran=''
    ways_start "$name"
    # under one that was there before nothing would run
    set_rule off
    "${ways_by}_exec" "$name" sh -c 'mkdir -p /root/early; cp /usr/bin/busybox /root/early/sleep
        echo $$ >/root/early/pid; exec /root/early/sleep 100000' >/dev/null 2>&1 3>&- &
    wait_for 20 "${ways_by}_exec" "$name" sh -c '[ "$(readlink "/proc/$(cat /root/early/pid)/exe")" = /root/early/sleep ]' 2>/dev/null
    set_rule "$2"
    in_container "$name" ways_foreign >"$container_dir/foreign"
    "${ways_by}_again" "$name"
    in_container "$name" ways_again >>"$container_dir/foreign"
    same "$(ways_all "$3" ways_foreign ways_again)" "$(LC_ALL=C sort "$container_dir/foreign")"
    same "$(ways_alerts "$4")" "$(ways_told "$("${ways_by}_id" "$name")")"
    count=$(grep -c ": $3\$" "$container_dir/foreign")
    # what ran before is reported too
    ((++count))
    same "$count" "$(operations)"
    in_container "$name" ways_own >"$container_dir/own"
    same "$(ways_all ran ways_own)" "$(LC_ALL=C sort "$container_dir/own")"
    in_container "$name" ways_open >"$container_dir/open"
    same "$(ways_all ran ways_open)" "$(LC_ALL=C sort "$container_dir/open")"
    same "$count" "$(operations)"
    # a script's dropped interpreter leaves a mark
    script_ran=$("${ways_by}_exec" "$name" sh -c '[ ! -e /root/script-ran ] || echo ran')
    [[ -n $script_ran || $3 == refused ]]
    [[ -z $script_ran || $3 == ran ]]
    mkdir -p "$BATS_FILE_TMPDIR/$1"
    cp "$container_dir"/{foreign,own,open} "$BATS_FILE_TMPDIR/$1/"
    "${ways_by}_end" "$name"
}

# ways_table   what was found is what docs/exec-matrix.md says
ways_table() {
    local document=$BATS_TEST_DIRNAME/../../docs/exec-matrix.md made=$BATS_TEST_DIRNAME/../../build/exec-matrix.md
    python3 "$BATS_TEST_DIRNAME/lib/exec_matrix.py" "$document" "$(kernel)" "$BATS_FILE_TMPDIR" >"$made"
    diff -u "$document" "$made"
}

# The alerts of ways_foreign and ways_again. While memory is locked for mprotect, added is not told from changed; and
# what binfmt_misc has open already is an interpreter for some kernels only.
ways_alerts() { # ways_alerts VERDICT
    sed "s/ V / $1 /; $([[ -e /proc/sys/abi/vsyscall32 ]] || echo '/\/compat$/d')
        $([[ $(kernel) == 6.12 ]] || echo '/\/drop\/#N\|\/registered-inside$/d')
        $([[ $ways_by == docker || $ways_by == podman ]] || echo '/\/named\//d')" <<'LINES'
exec added V /opt/bound/copy
exec added V /root/drop/#N (deleted)
exec added V /root/drop/after
exec added V /root/drop/compat
exec added V /root/drop/copy
exec added V /root/drop/copy.foreign-host
exec added V /root/drop/copy.later
exec added V /root/drop/copy.ring
exec added V /root/drop/gone (deleted)
exec added V /root/drop/left-behind
exec added V /root/drop/link
exec added V /root/drop/script
exec added V /root/early/sleep
exec added V /root/put-here
exec added V /usr/bin/pivot_hook
exec changed V /usr/bin/storm
exec memory V /dev/shm/copy
exec memory V /memfd:copy (deleted)
exec memory V /mnt/#N (deleted)
exec memory V /mnt/copy
exec memory V /opt/other/copy
exec volume V /empty/copy
exec volume V /named/copy
exec volume V /opt/image/marker
exec volume V /opt/merged/copy
exec volume V /places/9p/marker
exec volume V /places/fuse/there
exec volume V /places/squashfs/there
exec volume V /srv/copy
exec volume V /srv/there
interpreter added V /opt/interpreter
interpreter added V /opt/marker
interpreter added V /root/drop/registered
interpreter added V /root/drop/registered-inside
interpreter added V /root/drop/script
map added V /root/drop/bash
map added V /root/drop/copy
map added V /root/drop/lib.so
map added V /root/drop/libraries/libtinfo.so.6
map memory V /SYSV00000000 (deleted)
map memory V /dev/zero (deleted)
map memory V /mnt/copy
map volume V /srv/libraries/libby_rpath_library.so
mprotect added V /root/drop/copy
mprotect added V /usr/bin/marker
running added alert /root/early/sleep
LINES
}
ways_told() {
    alert_lines "$1" | sed 's/#[0-9]*/#N/; s/^mprotect changed/mprotect added/; s|^exec \(.*/registered\(-inside\)\?\)$|interpreter \1|' |
        LC_ALL=C sort -u
}
