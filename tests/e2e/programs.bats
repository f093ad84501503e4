# Programs that a rule exempts by the digest of what is in them, wherever they are.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; rm -f /etc/holdfast/listed; }

digest() { sha256sum <"$1" | cut -c 1-64; }

# set_programs [LINE…]   puts $rule in force, with what these say in its allow list
set_programs() {
    rule=test-${EPOCHREALTIME/[.,]/}
    write_rules "$(rule_text block; echo '    allow_list:'; printf '      %s\n' "$@")"
    wait_for 20 in_force
}
start() { # start NAME [OPTION…]
    local name=$1; shift
    make_libc_image dynamic
    mkdir -p "$container_dir/volume"
    cp "$image_dir/dynamic/usr/bin/marker" "$container_dir/volume/there"
    make_bundle "$name" dynamic --cap all --tmpfs /mnt --bind "$container_dir/volume:/srv" "$@"
    start_container "$name"
}
refused() { # refused NAME SCRIPT
    run exec_container "$1" sh -c "$2"
    echo "$output"
    [[ $status -ne 0 && $output == *"Operation not permitted"* && $output != *ran* ]]
}

@test "what is listed runs from every place and by every name, and nothing else does" {
    start listed
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    exec_container listed sh -c 'for place in /opt /mnt /srv /tmp; do cp /usr/bin/marker $place/copy; done'
    for program in /opt/copy /mnt/copy /srv/copy /tmp/copy /srv/there; do
        [[ $(exec_container listed "$program") == ran ]]
    done
    [[ $(exec_container listed sh -c 'load_code map /tmp/copy; load_code protect /tmp/copy; launch memfd /usr/bin/marker') == $'loaded\nloaded\nran' ]]
    no_alerts
    run holdfastctl rules explain listed /srv/copy
    echo "$output"
    [[ $status -eq 0 && $output == *"sha256:$(digest "$image_dir/dynamic/usr/bin/marker")"* && $output == *"by its list of programs"* ]]
    # one byte more, on each of them
    for program in /opt/copy /mnt/copy /srv/copy /tmp/copy; do
        refused listed "echo >>$program; $program"
    done
    refused listed 'cp /usr/bin/launch /opt/other; /opt/other path /usr/bin/marker'
    same "$(printf 'exec %s\n' 'added deny /opt/copy' 'added deny /opt/other' 'added deny /tmp/copy' 'memory deny /mnt/copy' \
        'volume deny /srv/copy')" "$(alert_lines)"
    # a script is one, too; what interprets it is judged by itself
    printf '#!/usr/bin/sh\necho ran\n' >"$container_dir/volume/script"
    chmod +x "$container_dir/volume/script"
    refused listed /srv/script
    set_programs "programs: [sha256:$(digest "$container_dir/volume/script")]"
    [[ $(exec_container listed /srv/script) == ran ]]
    refused listed /srv/there
}

@test "what is listed cannot be written to while it is used, and who has it open for writing keeps it from being exempt" {
    start kept
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    exec_container kept cp /usr/bin/marker /opt/copy
    for program in /opt/copy /srv/there; do
        [[ $(exec_container kept writer self "$program") == "Text file busy" ]]
        [[ $(exec_container kept writer unmapped "$program") == writable ]]
        exec_container kept writer map "$program" >"$container_dir/writer" 3>&- &
        wait_for 10 grep ready "$container_dir/writer"
        refused kept "load_code map $program"
        exec_container kept sh -c 'kill $(pidof writer)'
        wait_for 10 exec_container kept sh -c '! pidof writer'
        [[ $(exec_container kept "$program") == ran ]]
    done
}

@test "nothing is listed on a loop device: who can write to the file beneath changes what is in a program" {
    modprobe loop || is_debug
    truncate -s 8M "$container_dir/disk"
    mkfs.ext4 -q "$container_dir/disk"
    mkdir "$container_dir/volume"
    mount -o loop "$container_dir/disk" "$container_dir/volume"
    start looped
    set_programs "programs: [sha256:$(digest "$image_dir/dynamic/usr/bin/marker")]"
    refused looped /srv/there
    [[ $(exec_container looped sh -c 'cp /srv/there /opt/copy; /opt/copy') == ran ]]
    same "exec volume deny /srv/there" "$(alert_lines)"
    delete_container looped
    umount "$container_dir/volume"
}

@test "a list of a hundred thousand programs is in force at once, and stays in the kernel when other rules change" {
    start many
    python3 -c "
import hashlib
for i in range(100000):
    print(hashlib.sha256(str(i).encode()).hexdigest())" >/etc/holdfast/listed
    sha256sum "$image_dir/dynamic/usr/bin/marker" >>/etc/holdfast/listed
    rule=test-many
    write_rules "$(rule_text block; printf '    allow_list:\n      program_lists: [/etc/holdfast/listed]\n')"
    wait_for 120 in_force
    echo "in force after $((in_force_at - written)) ms"
    [[ $(exec_container many sh -c 'cp /usr/bin/marker /opt/copy; /opt/copy') == ran ]]
    refused many 'cp /usr/bin/launch /opt/other; /opt/other path /usr/bin/marker'
    # a change of the list is one of the rule
    sed -i '$d' /etc/holdfast/listed
    refuses() { run exec_container many /opt/copy; [[ $status -ne 0 ]]; }
    wait_for 120 refuses
}
