# shellcheck shell=bash
# Holdfast as people use it: rule files, holdfastctl, the daemon.
#
#   load lib/container
#   load lib/holdfast
#   setup()    { container_setup; holdfast_setup; }
#   teardown() { holdfast_teardown; container_teardown; }
#   @test "…"  {
#       set_rule block /opt/plugins            # returns when it is in force
#       …
#       [[ $(alert_lines) == "exec added deny /root/marker" ]]
#   }
#
# Each rule that set_rule makes has a name of its own, in $rule: alerts of it are this test's.

rules_dir=/etc/holdfast/rules.d
rule_file=$rules_dir/test.yaml
daemon_log=/var/log/holdfastd.log

# module [test]   this kernel's, or the one whose first line of defence tests can switch off
module() { echo "$BATS_TEST_DIRNAME/../../build/kmod/$(kernel)/${1:+$1/}holdfast.ko"; }

# install_holdfast   all but the module, where a machine was started without
install_holdfast() {
    cp -a --no-preserve=ownership "$BATS_TEST_DIRNAME/../../build/stage/." /
    systemd-sysusers
}

holdfast_setup() {
    rule=''
    started_at=$EPOCHREALTIME
    # one that a test before has left in another state
    holdfastctl status >/dev/null 2>&1 || start_daemon
    { read -r unstored_before; read -r overflow_before; } < <(status_of "$unstored" .events.overflow)
}

holdfast_teardown() {
    if [[ -z ${BATS_TEST_COMPLETED-} ]]; then
        echo "the daemon's last words:"
        [[ ! -e $daemon_log ]] || grep -v '^{' "$daemon_log" | tail -n 15
    fi
    rm -f "$rules_dir"/*.yaml /etc/holdfast/system-rules.yaml
}

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# status_of JQ…   what these say of one look at the status, a line each
status_of() {
    local filter; filter=$(printf '(%s),' "$@")
    holdfastctl status --output json | jq -rc "${filter%,}"
}

# write_rules TEXT   replaces the rule file, as an editor does; $written is when, in milliseconds
write_rules() {
    printf '%s\n' "$1" >"$rules_dir/.test.yaml.new"
    written=$(milliseconds)
    mv "$rules_dir/.test.yaml.new" "$rule_file"
}

# rule_text ACTION [DIRECTORY…]   a file with the one rule $rule; with 'off' it is a blocking one that is off. $rule_images
# are those that it is about, if set.
rule_text() {
    local action=$1; shift
    printf 'version: 1\nrules:\n  - name: %s\n    type: non-image-program\n    action: %s\n' "$rule" "${action/off/block}"
    [[ -z ${rule_images-} ]] || printf '    scope: {images: [%s]}\n' "$rule_images"
    [[ $action != off ]] || printf '    status: off\n'
    (($# == 0)) || printf '    allow_list:\n      directories: [%s]\n' "$(IFS=,; echo "$*")"
}

# in_force   whether $rule is, and since when, in $in_force_at (milliseconds)
in_force() {
    holdfastctl status --output json >"$container_dir/status" || (($? == 1)) || return
    grep -q "\"$rule\"" "$container_dir/status" || return
    in_force_at=$(date -d "$(sed -n 's/.*"loaded_at": *"\([^"]*\)".*/\1/p' "$container_dir/status")" +%s%3N)
}

# put_in_force COMMAND…   what it prints, which has the one rule $rule. It must take less than a second: on an emulated machine
# that has other work to do at the same time, once in three times
put_in_force() {
    local i
    for i in 1 2 3; do
        rule=rule-${EPOCHREALTIME/[.,]/}
        write_rules "$("$@")"
        wait_for 20 in_force || { holdfastctl status; return 1; }
        echo "in force after $((in_force_at - written)) ms"
        ((in_force_at - written >= 1000 * slowness)) || return 0
    done
    return 1
}

set_rule() { put_in_force rule_text "$@"; } # set_rule ACTION [DIRECTORY…]

escape_rule() { put_in_force escape_text "$@"; } # escape_rule ACTION [EXCEPT…]   of all types
escape_text() {
    local action=$1; shift
    printf 'version: 1\nrules:\n  - {name: %s, type: container-escape, action: %s%s}\n' "$rule" "$action" \
        "${1:+, checks: {except: [$(IFS=,; echo "$*")]\}}"
}

# block_escapes [EXCEPT…]   all types, beside what else the test sets
block_escapes() { rule=no-escape escape_text block "$@" >"$rules_dir/no-escape.yaml"; }

# block_all [EXCEPT…]   every item but these, and every program that is not the image's
block_all() { block_escapes "$@"; set_rule block; }

# needs ITEM[,ITEM…] COMMAND…   it does what these items are, and nothing else: without them it runs unreported
needs() {
    local items=$1; shift
    rm -f "$rules_dir/no-escape.yaml"
    escape_rule alert
    "$@"
    same "${items//,/$'\n'}" "$(told | cut -d ' ' -f 1 | sort -u)"
    # shellcheck disable=SC2086 # items
    block_all ${items//,/ }
    started_at=$EPOCHREALTIME
    "$@"
    no_alerts
}

is_debug() { [[ $(kernel) == debug ]]; }

# not_attached   hooks that are not, but for those of functions that the debug kernel has not
not_attached() {
    status_of '.hooks[] | select(.attached | not).symbol' |
        grep -vE "^($(if is_debug; then echo 'do_handle_open|tcp_v6_connect|__ia32_'; else echo none; fi))" || true
}

told() { # told   "ITEM VERDICT TECHNIQUE", each once
    alerts '.[] | select(.rule.name == $rule) | .operation | "\(.check) \(.verdict) \(.technique)"' --arg rule "$rule" |
        LC_ALL=C sort -u
}

# settled   all that the kernel has seen is in the store
settled() { holdfastctl status --output json | grep -Eq '"queued": *0\b'; }

# alerts JQ [ARGUMENT…]   this over the list of alerts, newest first, when the kernel has nothing more to say
alerts() {
    local program=$1; shift
    wait_for 20 settled || { echo "events stay queued"; return 1; }
    holdfastctl alerts list --limit 1000 --output json | jq -r "$@" ".alerts | $program"
}

# alert_lines [CONTAINER]   the alerts of $rule: "KIND ORIGIN VERDICT PATH", sorted
alert_lines() {
    alerts '.[] | select(.rule.name == $rule and ($container == "" or .container.id == $container)) | .operation |
        "\(.kind) \(.origin) \(.verdict) \(.path)"' --arg rule "$rule" --arg container "${1-}" | LC_ALL=C sort -u
}

# operations   how many operations the alerts of $rule stand for
operations() { alerts '[.[] | select(.rule.name == $rule) | .count] | add // 0' --arg rule "$rule"; }

# no_alerts   none since the test began, but for those that are about what a container was given, not about what it did
no_alerts() {
    local found
    found=$(alerts '.[] | select(.time.last_real_ns / 1e9 >= ($since | tonumber) and .operation.kind != "risky-start") | "\(.name): \(.message)"' \
        --arg since "$started_at")
    [[ -z $found ]] || { echo "$found"; return 1; }
}

# same TEXT TEXT   and what is not, if so
same() { diff -u <(printf '%s\n' "$1") <(printf '%s\n' "$2"); }

daemon_pid() { pgrep -o -x holdfastd; }
is_normal() { holdfastctl status 2>/dev/null | grep -q '\bNormal\b'; }
daemon_gone() { ! pgrep -x holdfastd >/dev/null; }

stop_daemon() { # stop_daemon [SIGNAL]
    kill "-${1:-TERM}" "$(daemon_pid)"
    wait_for 30 daemon_gone
}

launch_daemon() { # launch_daemon [OPTION…]   and does not wait for it; its process is $daemon
    (
        mkdir -p /sys/fs/cgroup/holdfastd
        echo "$BASHPID" >/sys/fs/cgroup/holdfastd/cgroup.procs
        # bats waits for whoever holds these, the second of which a teardown has
        exec setsid /usr/sbin/holdfastd "$@" >>"$daemon_log" 2>&1 3>&- 4>&-
    ) &
    daemon=$!
}

start_daemon() { # start_daemon [OPTION…]
    launch_daemon "$@"
    wait_for 60 is_normal || { holdfastctl status; return 1; }
}

# Self-tests are acknowledged and not stored: what they left between kernel and store must not grow.
unstored='.events.delivered + .events.folded - .store.operations'

# totals_agree   of kernel, controller and store, as soon as nothing is on its way
totals_agree() {
    wait_for 30 settled
    status_of '.events | .seen == .delivered + .folded + .queued + .overflow' "$unstored" '.events.overflow' \
        >"$container_dir/totals"
    same "$(printf 'true\n%s\n%s' "${unstored_before:-0}" "${overflow_before:-0}")" "$(<"$container_dir/totals")" || { status_of .events .store; return 1; }
}
