# shellcheck shell=bash
# Containers whose rule exempts programs by their digests.

digest() { sha256sum <"$1" | cut -c 1-64; }

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

# listed_many COUNT   a list of so many programs and one that is there, then without that
listed_many() {
    start many
    python3 -c "
import hashlib
for i in range($1):
    print(hashlib.sha256(str(i).encode()).hexdigest())" >/etc/holdfast/listed
    sha256sum "$image_dir/dynamic/usr/bin/marker" >>/etc/holdfast/listed
    rule=test-many
    write_rules "$(rule_text block; printf '    allow_list:\n      program_lists: [/etc/holdfast/listed]\n')"
    wait_for 600 in_force
    echo "in force after $((in_force_at - written)) ms"
    [[ $(exec_container many sh -c 'cp /usr/bin/marker /opt/copy; /opt/copy') == ran ]]
    refused many 'cp /usr/bin/launch /opt/other; /opt/other path /usr/bin/marker'
    # a change of the list is one of the rule
    sed -i '$d' /etc/holdfast/listed
    refuses() { run exec_container many /opt/copy; [[ $status -ne 0 ]]; }
    wait_for 600 refuses
}
