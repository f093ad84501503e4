# The controller as systemd's service: its memory ends, the journal stops or hangs, the module is another release's, and, last,
# the kernel is locked down.
# vm: --init systemd
# kernels: none

load lib/container
load lib/holdfast

journal=(systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald.service)

setup() {
    container_setup
    systemctl start holdfastd.service
    wait_for 60 is_normal
    holdfast_setup
    make_image base
}
teardown() {
    pkill -CONT -x systemd-journal || true
    systemctl start "${journal[@]}"
    systemctl set-property --runtime holdfastd.service MemoryMax=
    [[ -n ${BATS_TEST_COMPLETED-} ]] || journalctl --no-pager --quiet --lines 30 --unit holdfastd.service
    holdfast_teardown
    container_teardown
}

property() { systemctl show --property "$1" --value holdfastd.service; }
flood() { # flood CONTAINER NAME COUNT   so many programs, each another one, are refused
    same "$3" "$(exec_container "$1" sh -c 'mkdir -p /tmp/$0; cd /tmp/$0; i=0; while [ $i -lt $1 ]; do
        : >$i; chmod 755 $i; ./$i 2>&1; i=$((i + 1)); done | grep -c "Operation not permitted"' "$2" "$3")"
}
output() { status_of "[.outputs[] | select(.name == \"journal\")][0] | $1"; } # output JQ   of the journal
# delivered NAME COUNT   the journal has each refusal of that flood
delivered() {
    [[ $(output .waiting) == 0 ]] || return
    [[ $(journalctl --output json --output-fields HOLDFAST_PATH HOLDFAST_RULE="$rule" |
        jq -rs --arg start "/tmp/$1/" '[.[].HOLDFAST_PATH | select(startswith($start))] | unique | length') == "$2" ]]
}

@test "the memory that the unit gives ends, again and again: the controller comes back when there is some, and nothing is lost" {
    make_bundle web base
    start_container web
    set_rule block
    flood web before 10
    totals_agree
    local restarts
    restarts=$(property NRestarts)
    # too little for it to start, again and again, more often than systemd would start a service by default
    systemctl set-property --runtime holdfastd.service MemoryMax=64K
    often() { (($(property NRestarts) >= restarts + 7)) && [[ $(property Result) == oom-kill ]]; }
    flood web during 100
    wait_for 120 often
    flood web still 10
    systemctl set-property --runtime holdfastd.service MemoryMax=512M
    wait_for 60 is_normal
    totals_agree
    same 120 "$(operations)"
}

@test "the journal is stopped: alerts are stored, wait, and are delivered when it is back" {
    make_bundle web base
    start_container web
    set_rule block
    systemctl stop "${journal[@]}"
    flood web stopped 30
    totals_agree
    same 30 "$(operations)"
    same '[true,"the journal does not run: Connection refused"]' "$(output '[.waiting >= 30, .problem]')"
    is_normal
    systemctl start "${journal[@]}"
    wait_for 60 delivered stopped 30
    same '""' "$(status_of '[.outputs[] | select(.name == "journal")][0].problem | tojson')"
}

@test "the journal hangs: nobody waits for it, and what it has not read is delivered when it goes on" {
    make_bundle web base
    start_container web
    # takes little before its senders would wait
    sysctl --quiet net.unix.max_dgram_qlen=10
    systemctl stop "${journal[@]}"
    systemctl start "${journal[@]}"
    systemctl restart holdfastd.service
    set_rule block
    local pid; pid=$(daemon_pid)
    pkill -STOP -x systemd-journal
    flood web hung 30
    totals_agree
    hangs() { [[ $(output .problem) == "the journal does not read what it is sent" ]]; }
    wait_for 20 hangs
    flood web after 10
    same 40 "$(operations)"
    waits() { (($(output .waiting) >= 10)); }
    wait_for 20 waits
    pkill -CONT -x systemd-journal
    wait_for 60 delivered hung 30
    wait_for 60 delivered after 10
    same "$pid" "$(daemon_pid)"
}

@test "a module of another version: its rules stay in force, and doctor names both" {
    local other=$container_dir/holdfast.ko
    systemctl stop holdfastd.service
    rmmod holdfast
    LC_ALL=C sed 's/\x00version=0\./\x00version=9./' "$(module)" >"$other"
    [[ $(modinfo -F version "$other") == 9.* ]]
    insmod "$other"
    systemctl start holdfastd.service
    set_rule block
    make_bundle web base
    start_container web
    flood web other 1
    run holdfastctl doctor
    echo "$output"
    [[ $status -eq 1 && $output == *"the module that is loaded is version $(modinfo -F version "$other"), holdfastctl is $(modinfo -F version "$(module)")"* ]]
    run holdfastctl status
    echo "$output"
    [[ $output == *"9."* ]]
    systemctl stop holdfastd.service
    rmmod holdfast
    insmod "$(module)"
    systemctl start holdfastd.service
}

# The last one: until the next boot the kernel stays so.
@test "a kernel that is locked down takes no module that is not signed, and doctor says so" {
    local modules
    modules=/lib/modules/$(uname -r)/updates
    systemctl stop holdfastd.service
    rmmod holdfast
    install -D "$(module)" "$modules/holdfast.ko"
    depmod
    echo integrity >/sys/kernel/security/lockdown
    run modprobe holdfast
    echo "$output"
    [[ $status -ne 0 && ! -d /sys/module/holdfast ]]
    run holdfastctl doctor
    echo "$output"
    [[ $status -eq 1 && $output == *"the module is not signed, and the kernel loads signed modules only"*"the kernel is locked down (integrity)"*"update-grub"* ]]
}
