# Each thing that a container can be given which makes an escape easy.
# kernels: none

load lib/container
load lib/holdfast
load lib/posture

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

# What each is given beside the usual, and what is found of it.
@test "each thing that a container is given is found by itself" {
    local n=0 finding options expected='' found=''
    touch "$container_dir/file"
    truncate --size 1M "$container_dir/image"
    modprobe --all loop fuse || true
    mkdir -p /run/crio
    socat UNIX-LISTEN:/run/crio/crio.sock,fork EXEC:/bin/true 3>&- &
    local socket=$! loop; loop=$(losetup --find --show "$container_dir/image")
    while read -r finding options; do
        n=$((n + 1))
        eval "make_bundle posture-$n base $options"
        start_container "posture-$n"
        expected+="$options: $finding"$'\n'
        found+="$options: $(what "posture-$n")"$'\n'
        delete_container "posture-$n"
    done <<END
host-root --bind /:/host:rbind,ro
writable-host-path --bind /etc:/there
writable-host-path --bind /usr/bin:/there
sensitive-host-path --bind /etc:/there:bind,ro
sensitive-host-path --bind /root:/there:bind,ro
sensitive-host-path --bind /var/log:/there
runtime-socket --bind /run/crio/crio.sock:/there
dangerous-capability --jq '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
dangerous-capability --jq '.process.capabilities |= map_values(. + ["CAP_BPF"])'
host-pid --share pid
host-network --share network
host-ipc --share ipc
raw-device --jq '.linux.devices = [{path: "/dev/disk", type: "b", major: 7, minor: ${loop#/dev/loop}}] | .linux.resources.devices += [{allow: true, type: "b", major: 7, minor: ${loop#/dev/loop}, access: "rwm"}]'
kernel-device --jq '.linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229}] | .linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 229, access: "rwm"}]'
all-devices --devices
unmasked-paths --jq '.linux.maskedPaths = []'
writable-kernel-paths --jq '.linux.readonlyPaths = []'
shared-propagation --bind $container_dir:/there:rbind,rshared --jq '.linux.rootfsPropagation = "rshared"'
END
    losetup --detach "$loop"
    kill "$socket"
    rm -r /run/crio
    same "$expected" "$found"
}
