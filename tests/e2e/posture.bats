# What a container was given at its start that makes an escape easy, and what it does in stages of an attack.
# kernels: 6.1

load lib/container
load lib/holdfast
load lib/posture

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

risky_starts() { # risky_starts NAME   "COUNT SEVERITY TYPE TECHNIQUE STATE" of each
    holdfastctl alerts list --kind risky-start --container "$1" --output json |
        jq -r '.alerts[] | "\(.count) \(.severity) \(.type) \(.operation.technique) \(.state)"'
}
told() { [[ -n $(risky_starts "$1") ]]; }

@test "what makes an escape easy is shown, and is one alert for each start; an ordinary container has none" {
    local one='1 reminder Container Escape Prevention T1610 unhandled'
    touch "$container_dir/file"
    make_bundle posture-all base --cap all --unmasked --devices --share pid --share network --bind /:/host \
        --bind "$container_dir/file:$(printf '/a\033[2J')" --bind /var/run:/there
    make_bundle posture-usual base --bind "$container_dir/file:/file"
    start_container posture-usual
    start_container posture-all
    same "" "$(what posture-usual)"
    same "privileged host-root runtime-socket host-pid host-network" "$(what posture-all | sed 's/ writable-host-path//')"
    holdfastctl containers posture-all | tee "$container_dir/shown"
    grep -q '^ *high *host-root: ' "$container_dir/shown"
    grep -q '/, writable, at /host$' "$container_dir/shown"
    grep -q '/run, writable, at /there$' "$container_dir/shown"
    same 0 "$(grep -c $'\033' "$container_dir/shown")"
    wait_for 10 told posture-all
    holdfastctl alerts list --kind risky-start --container posture-all --output json | jq -r '.alerts[0].message' |
        grep -q '^started with privileged; host-root (/, writable, at /host); '
    # neither again as time passes, nor by a controller that was started again, also after it was handled
    holdfastctl alerts handle --kind risky-start --container posture-all
    stop_daemon
    start_daemon
    same "privileged" "$(what posture-all | cut -d ' ' -f 1)"
    sleep 3
    same "${one/unhandled/handled}" "$(risky_starts posture-all)"
    # another start
    delete_container posture-all
    make_bundle posture-all base --share pid
    start_container posture-all
    twice() { (($(risky_starts posture-all | wc -l) == 2)); }
    wait_for 10 twice
    same "$one" "$(risky_starts posture-all | head -n 1)"
    same "" "$(risky_starts posture-usual)"
}

@test "two stages of an attack within a minute make the second more severe, and it lists the first" {
    make_bundle posture-stages base --cap all --unmasked
    start_container posture-stages
    exec_container posture-stages reach user-namespace
    exec_container posture-stages reach write /proc/sys/kernel/randomize_va_space
    local of='[.[] | select(.container.id == "posture-stages" and .event)] | sort_by(.id)[] |
        "\(.operation.check) \(.operation.stage) \(.severity) \([.chain[].item] | join(" "))"'
    same "AS1 precondition reminder 
PS3 boundary suspicious AS1" "$(alerts "$of")"
    # the controller that comes next knows what came before
    stop_daemon
    start_daemon
    exec_container posture-stages reach read /proc/kcore
    same "PS2 reconnaissance urgent AS1 PS3" "$(alerts "$of" | tail -n 1)"
    holdfastctl alerts show "$(alerts '[.[] | select(.operation.check == "PS2")][0].id')" | tee "$container_dir/shown"
    grep -Eq '^Raised by +alert [0-9]+, AS1 \(precondition\), [0-9.]+ s before$' "$container_dir/shown"
}
