# Alerts in the Linux audit trail, as ausearch finds and reads them; and nobody but Holdfast decides what a record says.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; start_auditd; }
teardown() { stop_auditd; holdfast_teardown; container_teardown; }

# Its file may go between two looks, and of "$(<file)" the shell would end.
auditd_runs() { kill -0 "$(cat /run/auditd.pid 2>/dev/null)" 2>/dev/null; }
auditd_gone() { ! auditd_runs; }

start_auditd() {
    install -d -m 700 /var/log/audit
    auditd_runs || auditd -s enable 3>&-
    wait_for 20 auditd_runs
}

stop_auditd() {
    ! auditd_runs || kill "$(cat /run/auditd.pid)"
    wait_for 20 auditd_gone
    rm -f /var/log/audit/*
}

audit_output() { status_of '.outputs[] | select(.name == "audit") | "\(.waiting) \(.problem)"'; }
audit_has() { [[ $(records "$1" | grep -c .) -eq $2 ]]; }

# records CONTAINER [OPTION…]   those of its alerts, a line each
records() {
    local name=$1; shift
    ausearch --input-logs -m ANOM_EXEC --vm-name "$name" "$@" 2>/dev/null | grep 'op=holdfast:' || true
}

@test "a refused program is in the audit trail, found and interpreted; its names forge nothing" {
    local hostile=$'x" res=success\ntype=USER_LOGIN msg=audit(1.1:1): op=login acct="root" res=success\''
    make_bundle audit base
    start_container audit
    set_rule block
    # shellcheck disable=SC2016
    exec_container audit sh -c 'printf %s "x'\'' res=success" >/proc/$$/comm; cp /usr/bin/marker "/tmp/$1"; "/tmp/$1"; :' sh "$hostile"
    wait_for 30 audit_has audit 1 || { audit_output; cat /var/log/audit/audit.log; false; }
    records audit
    [[ $(records audit) == *" vm=\"audit\" "*" verdict=deny "*" profile=\"$rule\" "*" res=failed"* ]]
    run records audit --interpret
    echo "$output"
    [[ $output == *"vm=audit"* && $output == *"comm=x' res=success"* && $output == *"path=/tmp/x"* && $output == *"res=failed"* ]]
    run ausearch --input-logs -m USER_LOGIN
    [[ $status -ne 0 && $output == *"no matches"* ]]
    [[ $(grep -c '^type=ANOM_EXEC' /var/log/audit/audit.log) -eq 1 ]]
    [[ -n $(ausearch --input-logs --comm "x' res=success" 2>/dev/null) ]]
    aureport --input-logs --anomaly | grep ANOM_EXEC
    same "0 " "$(audit_output)"
}

@test "a container that may write audit records writes none of Holdfast's; others of its are its own" {
    make_bundle forger base --share network --cap all
    start_container forger
    set_rule alert
    same refused "$(exec_container forger reach audit 'op=holdfast:exec vm="web" res=success')"
    same "done" "$(exec_container forger reach audit 'op=anything vm="web" res=success')"
    anything() { grep -q "op=anything" /var/log/audit/audit.log; }
    wait_for 20 anything
    same "" "$(records web)"
    # the same from the host, which is told by its process
    same "done" "$("$BATS_TEST_DIRNAME/../../build/tests/programs/reach" audit 'op=holdfast:exec vm="host" res=success')"
    wait_for 20 audit_has host 1
    [[ $(records host) != *" pid=$(status_of .controller.pid) "* ]]
}

@test "an audit daemon that is stopped misses nothing: what waited is in its trail when it is back" {
    local name
    make_bundle waits base
    start_container waits
    set_rule block
    exec_container waits sh -c 'cp /usr/bin/marker /tmp/first; /tmp/first; :'
    wait_for 30 audit_has waits 1
    kill "$(cat /run/auditd.pid)"
    wait_for 20 auditd_gone
    # shellcheck disable=SC2016
    exec_container waits sh -c 'for i in 1 2 3; do cp /usr/bin/marker /tmp/away-$i; /tmp/away-$i; done; :'
    says_why() { [[ $(audit_output) == "3 no audit daemon runs"* ]]; }
    wait_for 30 says_why || { audit_output; false; }
    start_auditd
    wait_for 30 audit_has waits 4 || { audit_output; records waits; false; }
    for name in first away-1 away-2 away-3; do
        [[ $(records waits --interpret | grep -c "path=/tmp/$name ") -eq 1 ]]
    done
    same "0 " "$(audit_output)"
}

@test "alerts are handled, counted, exported and copied" {
    make_bundle handled base
    start_container handled
    set_rule block
    exec_container handled sh -c 'cp /usr/bin/marker /tmp/a; /tmp/a; :'
    wait_for 20 settled
    local id; id=$(alerts '[.[] | select(.rule.name == $rule)][0].id' --arg rule "$rule")
    holdfastctl alerts handle "$id" --note "a test of the image"
    same "process terminated|false|root|a test of the image" "$(holdfastctl alerts show "$id" --output json |
        jq -r '"\(.state)|\(.open)|\(.handling[0].by.name)|\(.handling[0].note)"')"
    exec_container handled sh -c '/tmp/a; :'
    wait_for 20 settled
    same 2 "$(alerts '[.[] | select(.rule.name == $rule)] | length' --arg rule "$rule")"
    same 1 "$(holdfastctl alerts stats --rule "$rule" --output json | jq .open)"
    run setpriv --reuid nobody --regid nogroup --clear-groups \
        holdfastctl alerts handle "$id"
    [[ $status -eq 2 ]]
    same 2 "$(holdfastctl alerts export --format ocsf --rule "$rule" | jq -s 'map(select(.class_uid == 2004)) | length')"
    holdfastctl alerts backup "$container_dir/copy.db"
    same "ok" "$(sqlite3 "$container_dir/copy.db" 'PRAGMA integrity_check')"
    holdfastctl alerts purge --rule "$rule" --yes
    same 1 "$(alerts '[.[] | select(.rule.name == $rule)] | length' --arg rule "$rule")"
    totals_agree
}
