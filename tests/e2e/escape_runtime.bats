# What reaches a container's host by way of the host itself: its runtime while it sets a container up, and programs that the
# host, or its kernel, takes from a container.
# items: RT1 RT2 RT3 RT4 RT5 UH4
# kernels: none

bats_require_minimum_version 1.5.0

load lib/container
load lib/holdfast
load lib/escape_table

programs=$BATS_TEST_DIRNAME/../../build/tests/programs
pattern=/proc/sys/kernel/core_pattern
modprobe=/proc/sys/kernel/modprobe

setup() {
    container_setup
    holdfast_setup
    make_image base
    pattern_before=$(<$pattern) modprobe_before=$(<$modprobe)
}

teardown() {
    echo "$pattern_before" >$pattern
    echo "$modprobe_before" >$modprobe
    [[ ! -e /proc/sys/fs/binfmt_misc/taken ]] || echo -1 >/proc/sys/fs/binfmt_misc/taken
    umount "$container_dir/named" 2>/dev/null || true
    rmdir /sys/fs/cgroup/docker-*.scope 2>/dev/null || true
    holdfast_teardown
    container_teardown
}

# in_cgroup PATH COMMAND…   as a runtime does it that sets up a container there: by a program of the host's
in_cgroup() {
    local cgroup=/sys/fs/cgroup$1; shift
    (echo "$BASHPID" >"$cgroup/cgroup.procs" && exec "$@" </dev/null 3>&-)
}

# refused COMMAND…   as a program, or by what it says
refused() {
    run "$@"
    echo "$*: $status, $output"
    [[ $output == *refused* || ($status -ne 0 && $output == *"not permitted"*) ]]
}

# on ITEM OBJECT…   what the alerts say that it was done to
on() {
    local item=$1; shift
    same "$(printf '%s\n' "$@" | LC_ALL=C sort)" \
        "$(alerts '.[] | select(.rule.name == $rule and .operation.check == $item).operation.path' --arg rule "$rule" --arg item "$item" |
            sed "s|$container_dir|DIRECTORY|" | LC_ALL=C sort -u)"
}

@test "what lies in a container's root is not started on the host, by whatever name, nor by the kernel" {
    make_bundle taken base --cap all --unmasked
    escape_rule block
    start_container taken
    local root upper=$container_dir/taken/upper file
    root=$(container_root taken)
    # as those who write core_pattern do: the kernel starts it as the host's
    exec_container taken sh -c 'printf "#!/bin/sh\ncat >/scratch/helped\n" >/tmp/helper; cp /usr/bin/marker /tmp; chmod +x /tmp/*'
    for file in "$root/usr/bin/marker" "$root/tmp/marker" "$upper/tmp/marker" "/proc/$(container_pid taken)/root/tmp/marker" "$upper/tmp/helper"; do
        refused "$file"
    done
    same "UH4 deny T1611" "$(told)"
    on UH4 /tmp/marker DIRECTORY/taken/{rootfs/tmp/marker,rootfs/usr/bin/marker,upper/tmp/helper,upper/tmp/marker}
    in_table UH4 block "refused, reported"
    # who enters the container may
    [[ $(exec_container taken /tmp/marker) == ran ]]
    [[ $(chroot "$root" /tmp/marker) == ran ]]
    [[ $(nsenter --target "$(container_pid taken)" --mount /tmp/marker) == ran ]]
    # and a file may be read
    cp "$upper/tmp/marker" "$container_dir/copy"
    [[ $("$container_dir/copy") == ran ]]

    escape_rule alert
    [[ $("$root/tmp/marker") == ran ]]
    same 1 "$(operations)"
    same "UH4 alert T1611" "$(told)"
    on UH4 DIRECTORY/taken/rootfs/tmp/marker
    in_table UH4 alert "happens, reported"
    # and of a container with what is usual
    escape_rule block
    make_bundle usual base
    start_container usual
    exec_container usual sh -c 'cp /usr/bin/marker /tmp/marker'
    refused "$container_dir/usual/upper/tmp/marker"
    same "UH4 deny T1611" "$(told)"
    on UH4 DIRECTORY/usual/upper/tmp/marker
    in_table UH4 usual "refused, reported"
    cp "$container_dir/usual/upper/tmp/marker" "$container_dir/beside"
    [[ $("$container_dir/beside") == ran ]]
    same 1 "$(operations)"
    in_table UH4 host "happens, unheard"
}

# prepare WAY FILE   in the container: what has the host start FILE; bring_about WAY   on the host: what does it
prepare() {
    exec_container upcalls sh -ec "echo \$\$ >/tmp/pid; $(case $1 in
        core_pattern) echo "echo '|$2' >$pattern" ;;
        modprobe) echo "echo '$2' >$modprobe" ;;
        release_agent) echo "echo '$2' >/named/release_agent" ;;
        binfmt_misc) echo "echo ':taken:E::taken::$2:' >/binfmt/register" ;;
    esac)"
}
bring_about() {
    case $1 in
    core_pattern) bash -c 'kill -SEGV $BASHPID' || true ;;
    modprobe) "$container_dir/of-no-kind" 2>/dev/null || true ;;
    release_agent) bash -c 'echo $BASHPID >"$1/cgroup.procs"' sh "$container_dir/named/left" ;;
    binfmt_misc) "$container_dir/file.taken" || true ;;
    esac
}

@test "whatever has the kernel start a program out of a container: it does not, or who has prepared it is named" {
    local way file upper=$container_dir/upcalls/upper
    mkdir "$container_dir/named"
    mount -t cgroup -o none,name=taken none "$container_dir/named"
    mkdir "$container_dir/named/left"
    echo 1 >"$container_dir/named/left/notify_on_release"
    mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    printf '\1\2\377\376' >"$container_dir/of-no-kind"
    echo >"$container_dir/file.taken"
    chmod +x "$container_dir"/{of-no-kind,file.taken}
    make_bundle upcalls base --cap all --unmasked --share pid --bind "$container_dir/named:/named" --bind /proc/sys/fs/binfmt_misc:/binfmt
    start_container upcalls
    exec_container upcalls sh -c 'printf "#!/bin/sh\n: >/scratch/helped\n" >/tmp/helper; chmod +x /tmp/helper'
    writer() { # as the alert of what was started has it
        alerts '[.[] | select(.rule.name == $rule and .operation.check == "UH4")][0].operation | "\(.path) \(.target_pid)"' --arg rule "$rule"
    }
    for way in core_pattern:UH1 modprobe:UH2 release_agent:CG1 binfmt_misc:UH3; do
        echo "$way"
        rm -f /scratch/helped
        escape_rule alert
        prepare "${way%:*}" "$upper/tmp/helper"
        bring_about "${way%:*}"
        wait_for 10 test -e /scratch/helped
        same "$(printf '%s\n' "${way#*:}" UH4)" "$(told | cut -d ' ' -f 1 | LC_ALL=C sort)"
        same "/tmp/helper $(<"$upper/tmp/pid")" "$(writer | sed 's|.*/upper||')"
        rm /scratch/helped
        escape_rule block
        bring_about "${way%:*}"
        same "UH4 deny T1611" "$(told)"
        same "/tmp/helper $(<"$upper/tmp/pid")" "$(writer | sed 's|.*/upper||')"
        sleep 1
        [[ ! -e /scratch/helped ]]
        echo "$pattern_before" >$pattern
        echo "$modprobe_before" >$modprobe
    done
}

@test "a program of the host's, the runtime's too, loads no code out of a container" {
    make_bundle lent base
    escape_rule block
    start_container lent
    local root cgroup
    root=$(container_root lent)
    exec_container lent cp /usr/bin/marker /tmp/library
    refused "$programs/load_code" map "$root/usr/bin/marker"
    refused "$programs/load_code" protect "$container_dir/lent/upper/tmp/library"
    [[ $("$programs/load_code" data "$root/usr/bin/marker") == loaded ]]
    same "RT5 deny T1611" "$(told)"
    on RT5 DIRECTORY/lent/{rootfs/usr/bin/marker,upper/tmp/library}
    in_table RT5 block "refused, reported"
    in_table RT5 usual "refused, reported"
    # a container's own program, whoever has started it
    [[ $(chroot "$root" load_code map /tmp/library) == loaded ]]
    escape_rule alert
    [[ $("$programs/load_code" map "$root/usr/bin/marker") == loaded ]]
    same "RT5 alert T1611" "$(told)"
    on RT5 DIRECTORY/lent/rootfs/usr/bin/marker
    in_table RT5 alert "happens, reported"

    # who has gone into the container's root, as docker cp did, and who has into another directory (CVE-2019-14271)
    local load='import ctypes, os, sys; ctypes.CDLL; os.chroot(sys.argv[1]); os.chdir("/"); ctypes.CDLL(sys.argv[2])'
    escape_rule block
    cp /lib/x86_64-linux-gnu/libz.so.1 "$(container_root lent)/tmp/libgiven.so"
    mkdir -p "$container_dir/beside/tmp"
    cp /lib/x86_64-linux-gnu/libz.so.1 "$container_dir/beside/tmp/libgiven.so"
    run ! python3 -c "$load" "$root" /tmp/libgiven.so
    same "RT5 deny T1611" "$(told)"
    on RT5 /tmp/libgiven.so
    python3 -c "$load" "$container_dir/beside" /tmp/libgiven.so
    same 1 "$(operations)"
    escape_rule alert
    python3 -c "$load" "$root" /tmp/libgiven.so
    same "RT5 alert T1611" "$(told)"

    # a hook, before the container has a program
    cgroup=$(engine_cgroup hooked)
    cgroup=/${cgroup##*/}
    mkdir "/sys/fs/cgroup$cgroup"
    make_bundle hooked base
    escape_rule block
    root=$(container_root hooked)
    # known by its mount on itself; no other overlay is meant, such as that of the host's own programs
    [[ $(in_cgroup "$cgroup" "$programs/load_code" map "$root/usr/bin/marker") == loaded ]]
    refused in_cgroup "$cgroup" unshare --mount sh -c "'$programs/reach' bind '$root' '$root'; '$programs/load_code' map '$root/usr/bin/marker'"
    [[ $("$programs/load_code" map "$root/usr/bin/marker") == loaded ]]
    same "RT5 deny T1611" "$(told)"
    on RT5 DIRECTORY/hooked/rootfs/usr/bin/marker
    in_table RT5 host "happens, unheard"

    # or starts
    local script="'$programs/reach' bind '$root' '$root'; '$root/usr/bin/marker'"
    printf '#!/bin/sh\necho ran\n' >"$root/tmp/script"
    chmod +x "$root/tmp/script"
    escape_rule block
    refused in_cgroup "$cgroup" unshare --mount sh -c "$script"
    refused in_cgroup "$cgroup" unshare --mount sh -c "${script%/usr/bin/marker*}/tmp/script'"
    same "UH4 deny T1611" "$(told)"
    on UH4 DIRECTORY/hooked/rootfs/{tmp/script,usr/bin/marker}
    [[ $(unshare --mount sh -c "$script") == $'done\nran' ]]
    same 2 "$(operations)"
    escape_rule alert
    [[ $(in_cgroup "$cgroup" unshare --mount sh -c "$script") == $'done\nran' ]]
    # what is let run then maps itself
    same $'RT5 alert T1611\nUH4 alert T1611' "$(told)"
}

@test "who sets a container up is not led to settings of the whole host, and no runtime is written to" {
    make_bundle led base --bind "$container_dir:/srv"
    cp "$(type -P runc)" "$container_dir/runtime"
    cp "$(type -P runc)" "$container_dir/beside"
    escape_rule block
    RUNTIME=$container_dir/runtime start_container led
    local cgroup file
    cgroup=$(container_cgroup led)
    mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    for file in $pattern $modprobe /proc/sysrq-trigger /proc/sys/vm/swappiness /proc/sys/net/ipv4/ip_forward /sys/module/printk/parameters/time \
        /proc/sys/fs/binfmt_misc/register; do
        refused in_cgroup "$cgroup" "$programs/reach" write "$file"
        [[ $("$programs/reach" write "$file") == "done" ]]
    done
    same $'RT4 deny T1611\nUH3 deny T1546' "$(told)"
    on UH3 /proc/sys/fs/binfmt_misc/register
    on RT4 $pattern $modprobe /proc/sys/{net/ipv4/ip_forward,vm/swappiness} /proc/sysrq-trigger /sys/module/printk/parameters/time
    run ! in_cgroup "$cgroup" sh -c "echo led >$pattern"
    same "$pattern_before" "$(<$pattern)"
    in_table RT4 block "refused, reported"
    in_table RT4 usual "refused, reported"
    in_table RT4 host "happens, unheard"
    # what is the container's: its processes, and what is of its namespaces
    [[ $(in_cgroup "$cgroup" "$programs/reach" write /proc/self/oom_score_adj) == "done" ]]
    [[ $(in_cgroup "$cgroup" "$programs/reach" read $pattern) == "done" ]]
    [[ $(in_cgroup "$cgroup" unshare --net --ipc sh -c "$programs/reach write /proc/sys/net/ipv4/ip_forward
        $programs/reach write /proc/sys/kernel/shmmax") == $'done\ndone' ]]

    escape_rule block
    same refused "$(exec_container led reach write /srv/runtime)"
    same refused "$(in_cgroup "$cgroup" "$programs/reach" write "$container_dir/runtime")"
    run ! exec_container led sh -c 'echo >>/srv/runtime'
    cmp "$(type -P runc)" "$container_dir/runtime"
    same "RT1 deny T1611" "$(told)"
    on RT1 /srv/runtime DIRECTORY/runtime
    same "$(printf 'done\ndone\ndone')" "$(exec_container led reach read /srv/runtime; exec_container led reach write /srv/beside
        "$programs/reach" write "$container_dir/runtime")"
    same 3 "$(operations)"
    in_table RT1 block "refused, reported"
    in_table RT1 usual "refused, reported"
    in_table RT1 host "happens, unheard"
    escape_rule alert
    exec_container led sh -c 'echo >>/srv/runtime'
    run ! cmp --silent "$(type -P runc)" "$container_dir/runtime"
    same "RT1 alert T1611" "$(told)"
    on RT1 /srv/runtime
    in_table RT1 alert "happens, reported"
    in_cgroup "$cgroup" sh -c "echo led >$pattern"
    same led "$(<$pattern)"
    same $'RT1 alert T1611\nRT4 alert T1611' "$(told)"
    on RT4 $pattern
    in_table RT4 alert "happens, reported"

    # an image whose first program is whatever starts it
    make_bundle self base --args /tmp/self --
    printf '#!/proc/self/exe\n' >"$(container_root self)/tmp/self"
    chmod +x "$(container_root self)/tmp/self"
    for RUNTIME in runc crun; do
        escape_rule block
        run ! run_container self
        same "RT1 deny T1611" "$(told)"
        on RT1 "$(realpath "$(type -P "$RUNTIME")")"
    done
    RUNTIME=runc
}

@test "no directory of the host's is left to the program that a container is given" {
    make_bundle left base
    escape_rule block
    start_container left
    local root cgroup
    root=$(container_root left) cgroup=$(container_cgroup left)
    refused in_cgroup "$cgroup" bash -c "exec chroot '$root' /usr/bin/marker 7</etc"
    same "RT2 deny T1611" "$(told)"
    on RT2 /etc
    in_cgroup "$cgroup" bash -c "exec chroot '$root' /usr/bin/marker 7<'$root/etc' 8</etc/passwd"
    local work='import os, sys; os.chdir(sys.argv[2]); os.open("/etc", os.O_RDONLY); os.chroot(sys.argv[1]); os.execv("/usr/bin/marker", ["marker"])'
    refused in_cgroup "$cgroup" python3 -c "$work" "$root" /etc
    # what is closed by then is not left
    [[ $(in_cgroup "$cgroup" python3 -c "$work" "$root" "$root/etc") == ran ]]
    [[ $(runtime exec --cwd /etc left marker </dev/null) == ran ]]
    # who enters it from elsewhere leaves what it likes
    [[ $(bash -c "exec chroot '$root' /usr/bin/marker 7</etc") == ran ]]
    same 2 "$(operations)"
    in_table RT2 block "refused, reported"
    in_table RT2 usual "refused, reported"
    in_table RT2 host "happens, unheard"
    escape_rule alert
    [[ $(in_cgroup "$cgroup" bash -c "exec chroot '$root' /usr/bin/marker 7</etc") == ran ]]
    same "RT2 alert T1611" "$(told)"
    on RT2 /etc
    in_table RT2 alert "happens, reported"
}

@test "who sets a container up mounts nothing beside its root, and nothing of the kernel's where a device is meant" {
    make_bundle mounted base --cgroup "$(engine_cgroup mounted)"
    mkdir "$container_dir/"{beside,dev}
    escape_rule block
    start_container mounted
    make_bundle crunned base --cgroup "$(engine_cgroup crunned)"
    RUNTIME=crun start_container crunned
    RUNTIME=crun delete_container crunned
    no_alerts
    local root cgroup each how
    root=$(container_root mounted) cgroup=$(container_cgroup mounted)
    # as it is while a container is made: the host's root, but mounts and processes of its own
    each="mount -t proc proc '$root/proc'
        for how in bind move-mount; do
            $programs/reach \$how /usr '$container_dir/beside'
            $programs/reach \$how '$root/proc/uptime' '$root/etc/passwd'
            $programs/reach \$how /usr '$root/mnt'
            $programs/reach \$how /proc/uptime '$root/etc/passwd'
            $programs/reach \$how '$root/proc/uptime' '$root/proc/uptime'
            $programs/reach \$how '$root/usr' '$root/usr'
        done"
    apart=(unshare --mount --propagation private --pid --fork sh -c "$each")
    same "$(for how in 1 2; do printf 'refused\nrefused\ndone\ndone\ndone\ndone\n'; done)" "$(in_cgroup "$cgroup" "${apart[@]}")"
    same "RT3 deny T1611" "$(told)"
    on RT3 /usr DIRECTORY/mounted/rootfs/proc/uptime /uptime
    same 4 "$(operations)"
    same "$(yes "done" | head -12)" "$("${apart[@]}")"
    same 4 "$(operations)"
    in_table RT3 block "refused, reported"
    in_table RT3 usual "refused, reported"
    in_table RT3 host "happens, unheard"
    escape_rule alert
    same "$(yes "done" | head -12)" "$(in_cgroup "$cgroup" "${apart[@]}")"
    same "RT3 alert T1611" "$(told)"
    on RT3 /usr DIRECTORY/mounted/rootfs/proc/uptime /uptime
    in_table RT3 alert "happens, reported"

    # CVE-2025-31133: what is to hide a file is a link that the container's user has made
    ln -s /proc/sys/kernel/core_pattern "$container_dir/dev/null"
    make_bundle linked base --cgroup "$(engine_cgroup linked)" --jq ".mounts |= map(select(.destination | startswith(\"/dev\") | not)) +
        [{type: \"bind\", source: \"$container_dir/dev\", destination: \"/dev\", options: [\"rbind\", \"rw\"]}]"
    escape_rule block
    run ! run_container linked true
    echo "$output"
    same "RT3 deny T1611" "$(told)"
    on RT3 $pattern
}
