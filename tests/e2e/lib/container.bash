# shellcheck shell=bash
# Containers for tests, made without an engine: an image root, an OCI bundle on a real overlayfs, a runtime.
#
#   setup()    { container_setup; }
#   teardown() { container_teardown; }
#   @test "…"  {
#       make_image base                          # an image: busybox and the static test programs
#       make_bundle web base                     # overlay: lower the image, upper and work on /scratch
#       run_container web /bin/true              # runs to its end
#       start_container web2 …                   # or detached, with 'sleep' as its first program
#       exec_container web2 /bin/sh -c '…'
#   }
#
# RUNTIME=runc|crun chooses the runtime. Nothing here names Holdfast: what a test expects is the test's business.

RUNTIME=${RUNTIME:-runc}

# jq takes most of a second to start in an emulated machine, this one a tenth of it.
jq() { gojq "$@"; }

# kernel   which of the kernels of scripts/vm this is
kernel() { case $(uname -r) in 6.12.*) echo 6.12 ;; 6.1.*-amd64) echo 6.1 ;; *) echo debug ;; esac; }

# Under KASAN and lockdep everything takes several times as long: so does what must happen within a time.
slowness=1
[[ $(kernel) != debug ]] || slowness=6

# Everything of one test lives below this; images are kept for the whole file.
container_setup() {
    container_dir=$(mktemp -d /scratch/test.XXXXXX)
    image_dir=/scratch/images
    container_names=()
    # else runc, asking systemd for a cgroup, complains that there is no such device
    modprobe --quiet tun || true
    mkdir -p "$image_dir"
}

container_teardown() {
    local name
    for name in "${container_names[@]}"; do
        "$RUNTIME" delete --force "$name" >/dev/null 2>&1 || true
        # a runtime that stayed in the host's mount namespace has left a second one over it
        while umount --lazy --recursive "$container_dir/$name/rootfs" 2>/dev/null; do :; done
    done
    rm -rf --one-file-system "$container_dir"
}

# make_image NAME [--hard-links]   busybox and its applets, the static test programs in /usr/bin, and a few files. The applets
# are symbolic links, or with --hard-links all one file (as the busybox image of the registries has it).
make_image() {
    local root=$image_dir/$1 program
    [[ ! -d $root ]] || return 0
    local new; new=$(mktemp -d "$image_dir/.new.XXXXXX")
    chmod 755 "$new"
    mkdir -p "$new"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,proc,sys,dev,run,root,opt,srv,home,mnt,var/tmp}
    install -d -m 1777 "$new/tmp"
    local part
    for part in bin sbin lib lib64; do ln -s "usr/$part" "$new/$part"; done
    cp /bin/busybox "$new/usr/bin/busybox"
    if [[ ${2-} == --hard-links ]]; then
        "$new/usr/bin/busybox" --install "$new/usr/bin"
    else
        /usr/bin/busybox --install -s "$new/usr/bin"
    fi
    echo 'root:x:0:0:root:/root:/bin/sh' >"$new/etc/passwd"
    echo 'root:x:0:' >"$new/etc/group"
    echo 'ID=holdfast-test' >"$new/etc/os-release"
    for program in "$BATS_TEST_DIRNAME"/../../build/tests/programs/*; do
        [[ -f $program && -x $program ]] && cp "$program" "$new/usr/bin/"
    done
    mv -T "$new" "$root"
}

# make_libc_image NAME [PROGRAM…]   an image with a dynamic loader and libc: sh, cat, cp, ls and the PROGRAMs of this machine
make_libc_image() {
    local root=$image_dir/$1 file; shift
    [[ ! -d $root ]] || return 0
    make_image "${root##*/}"
    for file in /bin/bash /bin/cat /bin/cp /bin/ls /bin/true "$@"; do
        install -D "$(readlink -f "$file")" "$root/usr/libexec/dynamic/${file##*/}"
        ldd "$file" | grep -o '/[^ ]*' | while read -r file; do
            install -D "$(readlink -f "$file")" "$root$file"
        done
    done
}

# make_debian_image   'debian-own:debian' is this machine's root as an image: with an /etc and a home of its own, lest what it does
# to these be what it does to the host's, and the static test programs
make_debian_image() {
    local own=$image_dir/debian-own new
    mkdir -p "$image_dir/debian"
    mountpoint -q "$image_dir/debian" || mount --bind / "$image_dir/debian"
    [[ ! -d $own ]] || return 0
    make_image base
    new=$(mktemp -d "$image_dir/.new.XXXXXX")
    chmod 755 "$new"
    mkdir -p "$new/usr/bin"
    install -d -m 700 "$new/root"
    cp -a /etc "$new/etc"
    cp "$image_dir"/base/usr/bin/{marker,launch,reach} "$new/usr/bin"
    mv -T "$new" "$own"
}

start_debian() { # start_debian NAME OPTION…   a container of it
    local name=$1; shift
    make_bundle "$name" debian-own:debian "$@"
    start_container "$name"
}

docker_capabilities='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID",
    "CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]'

all_capabilities() {
    local last; last=$(</proc/sys/kernel/cap_last_cap)
    local names; names=$(capsh --decode="$(printf '%x' $(((1 << (last + 1)) - 1)))")
    names=${names#*=} names=${names^^}
    echo "[\"${names//,/\",\"}\"]"
}

change() { jq_programs+=("$1"); } # of the make_bundle that calls it
json() { if [[ $1 =~ ^[A-Za-z0-9\ ./:=_@,+-]*$ ]]; then echo "\"$1\""; else jq -nc --arg v "$1" '$v'; fi; }

# make_bundle NAME IMAGE[:IMAGE…] [OPTION…]   a bundle in $container_dir/NAME whose root is an overlay; images from the top down
#   --args ARG… --            the first program (last option); default 'sleep 1000'
#   --cap docker|all|none     capabilities (default docker)
#   --share NAMESPACE         the host's instead of its own: pid network ipc uts mount cgroup; repeatable
#   --join NAMESPACE=PATH     another's, by path
#   --userns                  a user namespace of its own, root mapped to 100000
#   --bind SOURCE:TARGET[:OPTIONS]   default options rbind,rw
#   --tmpfs TARGET            a tmpfs that allows programs
#   --hook KIND:PROGRAM       prestart, createRuntime, createContainer, startContainer, poststart, poststop
#   --env NAME=VALUE
#   --uid N                   run as that user
#   --read-only               the root read-only
#   --unmasked                neither masked nor read-only paths in /proc and /sys (privileged)
#   --devices                 all devices allowed
#   --no-new-privileges
#   --annotation NAME=VALUE
#   --cgroup PATH             cgroupsPath
#   --overlay OPTIONS         more mount options for the overlay (metacopy=on, …)
#   --root-on overlay|directory|tmpfs|host   what the root is (default overlay); host: the host's own, bound there
#   --jq PROGRAM              a last change to config.json
make_bundle() {
    local name=$1 images=$2 dir=$container_dir/$1 kind=overlay overlay_options='' lower='' i; shift 2
    local args=() program='["sleep","1000"]' jq_programs=() v
    mkdir -p "$dir"/{rootfs,upper,work}
    local caps=$docker_capabilities
    while (($#)); do
        case $1 in
        --args)
            shift
            while (($#)) && [[ $1 != -- ]]; do args+=("$1"); shift; done
            program=$(jq -nc '$ARGS.positional' --args -- "${args[@]}") ;;
        --cap)
            case $2 in all) caps=$(all_capabilities) ;; none) caps='[]' ;; esac
            shift ;;
        --share)
            change ".linux.namespaces |= map(select(.type != $(json "$2")))"
            [[ $2 != uts ]] || change 'del(.hostname)'
            shift ;;
        --join)
            change ".linux.namespaces |= map(select(.type != $(json "${2%%=*}"))) + [{type: $(json "${2%%=*}"), path: $(json "${2#*=}")}]"
            shift ;;
        --userns)
            change '.linux.namespaces += [{type: "user"}] |
                .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings' ;;
        --bind)
            IFS=: read -r -a v <<<"$2"
            change ".mounts += [{type: \"bind\", source: $(json "${v[0]}"), destination: $(json "${v[1]}"),
                options: ($(json "${v[2]:-rbind,rw}") | split(\",\") | if index(\"rbind\") or index(\"bind\") then . else . + [\"rbind\"] end)}]"
            shift ;;
        --tmpfs) change ".mounts += [{type: \"tmpfs\", source: \"tmpfs\", destination: $(json "$2"), options: [\"rw\", \"exec\"]}]"; shift ;;
        --hook) change ".hooks[$(json "${2%%:*}")] += [{path: $(json "${2#*:}"), args: [$(json "${2#*:}")]}]"; shift ;;
        --env) change ".process.env += [$(json "$2")]"; shift ;;
        --uid) change ".process.user = {uid: $2, gid: $2}"; shift ;;
        --read-only) change '.root.readonly = true' ;;
        --unmasked) change '.linux.maskedPaths = [] | .linux.readonlyPaths = [] |
            .mounts |= map(if .type == "sysfs" or .type == "cgroup" then .options -= ["ro"] else . end)' ;;
        --devices) change '.linux.resources.devices = [{allow: true, access: "rwm"}]' ;;
        --no-new-privileges) change '.process.noNewPrivileges = true' ;;
        --annotation) change ".annotations[$(json "${2%%=*}")] = $(json "${2#*=}")"; shift ;;
        --cgroup) change ".linux.cgroupsPath = $(json "$2")"; shift ;;
        --overlay) overlay_options=,$2; shift ;;
        --root-on) kind=$2; shift ;;
        --jq) change "$2"; shift ;;
        *) echo "make_bundle: what is $1?" >&2; return 1 ;;
        esac
        (($#)) && shift
    done
    case $kind in
    overlay)
        IFS=: read -r -a v <<<"$images"
        for i in "${v[@]}"; do lower+=${lower:+:}$image_dir/$i; done
        mount -t overlay -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work$overlay_options" overlay "$dir/rootfs" || return ;;
    tmpfs) mount -t tmpfs tmpfs "$dir/rootfs" && cp -a "$image_dir/${images%%:*}/." "$dir/rootfs" || return ;;
    host) mount --bind / "$dir/rootfs" || return ;;
    directory) cp -a "$image_dir/${images%%:*}/." "$dir/rootfs" || return ;;
    esac
    # The namespaces, mounts and masks that docker gives. With systemd as init the runtimes are asked for its cgroups.
    jq -n --argjson args "$program" --argjson caps "$caps" --arg name "$name" --argjson systemd "$(uses_systemd && echo true || echo false)" '
        {ociVersion: "1.0.2", hostname: $name, root: {path: "rootfs", readonly: false},
        process: {terminal: false, user: {uid: 0, gid: 0}, args: $args, cwd: "/", noNewPrivileges: false,
            env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"],
            capabilities: {bounding: $caps, effective: $caps, permitted: $caps}},
        mounts: [
            {destination: "/proc", type: "proc", source: "proc"},
            {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {destination: "/dev/pts", type: "devpts", source: "devpts", options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            {destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
            {destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]},
            {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]},
            {destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}],
        linux: {
            cgroupsPath: (if $systemd then "system.slice:test:" + $name else "/test/" + $name end),
            resources: {devices: [{allow: false, access: "rwm"}]},
            namespaces: [{type: "pid"}, {type: "network"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}, {type: "cgroup"}],
            maskedPaths: ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
            readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]}}
        | '"$(printf '%s\n| ' "${jq_programs[@]:-.}" .)"' .' >"$dir/config.json"
    container_names+=("$name")
}

# engine_cgroup NAME   a cgroup named as engines do, which the kernel knows for a container's without being told
engine_cgroup() { echo "/test/docker-$(sha256sum <<<"$1" | cut -c 1-64).scope"; }

uses_systemd() { [[ -d /run/systemd/system && $(</proc/1/comm) == systemd ]]; }

# Warnings go to a log; crun would put its errors there too.
runtime() {
    local options=()
    [[ $RUNTIME != runc ]] || options=(--log "$container_dir/runc.log")
    ! uses_systemd || options+=(--systemd-cgroup)
    "$RUNTIME" "${options[@]}" "$@"
}

set_args() { # set_args NAME ARG…
    local config=$container_dir/$1/config.json; shift
    jq '.process.args = $ARGS.positional' "$config" --args -- "$@" >"$config.new" && mv "$config.new" "$config"
}

# run_container NAME [ARG…]   runs it to its end; status and output are the first program's
run_container() {
    local name=$1; shift
    (($# == 0)) || set_args "$name" "$@"
    runtime run --bundle "$container_dir/$name" "$name" </dev/null
}

# start_container NAME [ARG…]   runs it detached; its output goes to $container_dir/NAME/log
start_container() {
    local name=$1; shift
    (($# == 0)) || set_args "$name" "$@"
    # bats waits for whoever holds its descriptor 3
    runtime run --detach --bundle "$container_dir/$name" "$name" </dev/null >"$container_dir/$name/log" 2>&1 3>&-
}

exec_container() { # exec_container NAME ARG…
    runtime exec "$@" </dev/null
}

container_pid() { "$RUNTIME" state "$1" | jq -r .pid; }
container_root() { echo "$container_dir/$1/rootfs"; }
container_cgroup() { sed -n 's/^0:://p' "/proc/$(container_pid "$1")/cgroup"; }

kill_container() { "$RUNTIME" kill "$1" "${2:-KILL}"; }

# delete_container NAME   ends and forgets it, root and all
delete_container() {
    "$RUNTIME" delete --force "$1"
    umount "$container_dir/$1/rootfs" 2>/dev/null || umount --lazy "$container_dir/$1/rootfs" 2>/dev/null || true
}

# wait_for SECONDS COMMAND…   until it succeeds
wait_for() {
    local end=$((SECONDS + $1 * slowness)); shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}
