# scripts/up on a host of its own: what it needs, what stops it and what it says then, and what it leaves behind.
# vm: --init systemd --no-module
# kernels: none

load lib/container
load lib/holdfast

up() { "$BATS_TEST_DIRNAME/../../scripts/up"; }

# stops_with TEXT…   it ends with 1, having said all of these, and how to go on without; nothing is loaded
stops_with() {
    local text
    run up
    echo "$output"
    [[ $status -eq 1 && $output == *"scripts/up --vm"* && ! -d /sys/module/holdfast ]]
    for text; do [[ $output == *"$text"* ]]; done
}

@test "without headers for the running kernel it stops, and says which command and reboot are needed" {
    mv "/lib/modules/$(uname -r)/build" /root/build
    stops_with "no headers for the running kernel ($(uname -r))" "apt-get install linux-image-amd64 linux-headers-amd64" \
        reboot
    mv /root/build "/lib/modules/$(uname -r)/build"
}

@test "under Secure Boot with a key that is not enrolled it stops, and says how to enrol it" {
    local variables=/sys/firmware/efi/efivars
    secure() { unshare --mount bash -c "mount -t tmpfs tmpfs /sys/firmware && mkdir -p $variables &&
        printf '\6\0\0\0\1' >$variables/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c && '$BATS_TEST_DIRNAME/../../scripts/up'"; }
    up() { secure; }
    stops_with "Secure Boot is on" "mokutil --import /var/lib/dkms/mok.pub" "reboot, and choose 'Enroll MOK'"
    [[ -e /var/lib/dkms/mok.pub ]]
    rm /var/lib/dkms/mok.*
}

@test "it builds, installs through DKMS, starts the service and shows its status; and again, changing nothing" {
    local before
    run up
    echo "$output"
    [[ $status -eq 0 && $output == *"Interceptable"*"Normal"* ]]
    [[ $(dkms status holdfast) == *"$(uname -r)"*installed* ]]
    [[ $(systemctl is-enabled holdfastd.service) == enabled && $(systemctl is-active holdfastd.service) == active ]]
    # loaded at boot, from where DKMS put it
    grep -qx holdfast /etc/modules-load.d/holdfast.conf
    [[ $(modinfo -F filename holdfast) == */updates/dkms/holdfast.ko* ]]
    [[ $(</sys/module/holdfast/srcversion) == "$(modinfo -F srcversion holdfast)" ]]

    echo '# of the person in charge' >>/etc/holdfast/holdfast.yaml
    before=$(systemctl show -p ActiveEnterTimestampMonotonic holdfastd.service)
    run up
    echo "$output"
    [[ $status -eq 0 && $output == *"Normal"* ]]
    tail -n 1 /etc/holdfast/holdfast.yaml | grep -q 'person in charge'
    [[ $(systemctl show -p ActiveEnterTimestampMonotonic holdfastd.service) != "$before" ]]
}

@test "under systemd a container is judged, and the journal hears of it; a killed controller is back" {
    local pid runtime
    container_setup
    for runtime in runc crun; do
        RUNTIME=$runtime
        make_image base
        make_bundle "unit-$runtime" base
        start_container "unit-$runtime"
        set_rule block
        run exec_container "unit-$runtime" sh -c 'cp /usr/bin/marker /tmp/copy; marker; /tmp/copy'
        echo "$output"
        [[ $status -eq 126 && $output == *ran* && $output == *"Operation not permitted"* ]]
        [[ $(alert_lines "unit-$runtime") == "exec added deny /tmp/copy" ]]
        in_journal() {
            [[ $(journalctl --output json HOLDFAST_RULE="$rule" HOLDFAST_CONTAINER_ID="unit-$runtime" | jq -rs \
                '.[0] | "\(.HOLDFAST_PATH) \(.HOLDFAST_ORIGIN) \(.HOLDFAST_RULE_FILE):\(.HOLDFAST_RULE_LINE)"') == "/tmp/copy added $rule_file:3" ]]
        }
        wait_for 20 in_journal
    done
    pid=$(systemctl show -p MainPID --value holdfastd.service)
    kill -KILL "$pid"
    back() { [[ $(systemctl show -p MainPID --value holdfastd.service) != @(0|"$pid") ]] && is_normal; }
    wait_for 30 back
    run exec_container unit-crun /tmp/copy
    [[ $status -ne 0 && $output == *"not permitted"* ]]
    run holdfastctl selftest
    echo "$output"
    [[ $status -eq 0 ]]
    # stopped in order it leaves the kernel as it is
    systemctl stop holdfastd.service
    run exec_container unit-crun /tmp/copy
    [[ $status -ne 0 && $output == *"not permitted"* ]]
    systemctl start holdfastd.service
    is_normal
    container_teardown
    rm "$rule_file"
}

@test "a controller that hangs is ended by systemd and started anew" {
    local pid drop_in=/run/systemd/system/holdfastd.service.d
    mkdir -p "$drop_in"
    printf '[Service]\nWatchdogSec=3\n' >"$drop_in/watchdog.conf"
    systemctl daemon-reload
    systemctl restart holdfastd.service
    pid=$(systemctl show -p MainPID --value holdfastd.service)
    # as long as it lives it is left alone
    sleep 8
    [[ $(systemctl show -p MainPID --value holdfastd.service) == "$pid" ]]
    kill -STOP "$pid"
    back() { [[ $(systemctl show -p MainPID --value holdfastd.service) != @(0|"$pid") ]] && is_normal; }
    wait_for 60 back
    # by systemd itself, which writes to the kernel's log here
    said() { journalctl --no-pager | grep -q 'holdfastd.service: Watchdog timeout'; }
    wait_for 20 said
    rm -r "$drop_in"
    systemctl daemon-reload
}

# The last one: until the next boot the kernel stays so.
@test "on a kernel that is locked down without Secure Boot it stops, and names the command line" {
    systemctl stop holdfastd.service
    rmmod holdfast
    echo integrity >/sys/kernel/security/lockdown
    stops_with "the kernel is locked down" "lockdown=" reboot
    run modprobe holdfast
    [[ $status -ne 0 ]]
}
