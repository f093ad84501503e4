# Switched off on the kernel's command line, for a host that has to come up whatever happens.
# kernels: none
# vm: --no-module --append holdfast.disable=1

load lib/container
load lib/holdfast

@test "the module loads and enforces nothing, and status says why" {
    local modules
    modules=/lib/modules/$(uname -r)/updates
    container_setup
    install_holdfast
    install -D "$(module)" "$modules/holdfast.ko"
    depmod
    modprobe overlay || true
    modprobe holdfast
    run grep -q holdfast /sys/kernel/debug/tracing/enabled_functions
    [[ $status -ne 0 ]]
    setsid /usr/sbin/holdfastd >"$daemon_log" 2>&1 3>&- &
    answers() { holdfastctl status >/dev/null 2>&1 || (($? == 1)); }
    wait_for 60 answers
    run holdfastctl status
    echo "$output"
    [[ $status -eq 1 && $output == *"Abnormal"*"Holdfast is disabled on the kernel's command line (holdfast.disable)"* ]]
    rule=blocked
    write_rules "$(rule_text block)"
    make_image base
    make_bundle free base
    start_container free
    run exec_container free sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy'
    [[ $output == ran ]]
    kill "$(daemon_pid)"
    rmmod holdfast
    container_teardown
}
