# Programs that a runtime mounts into a container to be started there, as `run --init` does; under all items of rules against
# escapes.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; block_escapes; }
teardown() { holdfast_teardown; container_teardown; }

init=/usr/bin/catatonit # by default one of those

start() { # start NAME [OPTION…]
    local name=$1; shift
    make_image base
    make_bundle "$name" base --cap all "$@"
    start_container "$name"
}

explained() { # explained CONTAINER PATH   "ORIGIN OUTCOME WHETHER-A-RUNTIME'S"
    holdfastctl rules explain "$1" "$2" --output json | jq -r '"\(.origin) \(.outcome) \(.runtime_program)"'
}

@test "the host's own program, mounted by itself and read-only, starts whatever it is asked to and is not reported" {
    make_image base
    make_bundle begun base --bind "$init:/sbin/init:bind,ro" --jq '.process.args = ["/sbin/init", "--", "sleep", "1000"]'
    set_rule block
    start_container begun
    [[ $(exec_container begun sh -c 'readlink /proc/1/exe') == /usr/sbin/init ]]
    [[ $(exec_container begun /sbin/init -- marker) == ran ]]
    no_alerts
    same "volume allowed true" "$(explained begun /sbin/init)"
    run exec_container begun sh -c 'cp /usr/bin/marker /tmp/copy; /sbin/init -- /tmp/copy'
    echo "$output"
    [[ $status -ne 0 && $output != *ran* ]]
    same "exec added deny /tmp/copy" "$(alert_lines)"
}

@test "nothing else is one: not by its name, nor its bytes, nor where it could be written to" {
    mkdir "$container_dir/volume"
    cp "$init" "$container_dir/volume/catatonit"
    start others --bind "$container_dir/volume/catatonit:$init:bind,ro" --bind "$init:/sbin/writable:bind,rw" \
        --bind "${init%/*}:/srv:bind,ro"
    set_rule block
    tried() {
        run exec_container others sh -c "$1"
        echo "$output"
        [[ $status -ne 0 && $output == *"Operation not permitted"* && $output != *ran* ]]
    }
    same "volume refused false" "$(explained others "$init")"
    same "volume refused false" "$(explained others /sbin/writable)"
    same "volume refused false" "$(explained others "/srv/${init##*/}")"
    tried "$init -- marker"
    tried '/sbin/writable -- marker'
    tried "/srv/${init##*/} -- marker"
    tried "cp $init /opt/own; touch /root/init; mount --bind /opt/own /root/init; mount -o remount,bind,ro /root/init
        /root/init -- marker"
    same "$(printf '%s\n' "exec added deny /root/init" "exec volume deny /srv/${init##*/}" "exec volume deny $init" \
        "exec volume deny /usr/sbin/writable")" "$(alert_lines)"
}

@test "after an upgrade it is the new file, and one that the host no longer has is none" {
    local own=$container_dir/own
    cp "$init" "$own"
    sed "\$a runtime_programs: [$own]" /etc/holdfast/holdfast.yaml >"$container_dir/config"
    cp "$container_dir/config" /etc/holdfast/holdfast.yaml
    start before --bind "$own:/sbin/init:bind,ro"
    set_rule block
    [[ $(exec_container before /sbin/init -- marker) == ran ]]
    cp "$own" "$own.new"
    mv "$own.new" "$own"
    start after --bind "$own:/sbin/init:bind,ro"
    [[ $(exec_container after /sbin/init -- marker) == ran ]]
    no_alerts
    run exec_container before /sbin/init -- marker
    echo "$output"
    [[ $status -ne 0 && $output != *ran* ]]
    sed -i '$d' /etc/holdfast/holdfast.yaml
}
