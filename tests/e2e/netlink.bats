# What the kernel takes by netlink, and from whom.
# vm: --no-daemon
# (the daemon would be one more speaker)

load lib/container

hostile() { python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" "$@"; }

# refused NAME TEXT   the message is refused, and the answer says this
refused() {
    run hostile "$1"
    echo "$1: $output"
    [[ $status -eq 0 && $output == *"$2"* ]]
}

setup() { container_setup; }
teardown() { container_teardown; }

@test "status is told and a transaction in order is taken" {
    run hostile status
    [[ $output == taken ]]
    run hostile dump
    [[ $output == taken ]]
    run hostile in-order
    [[ $output == taken ]]
}

@test "malformed messages are refused, with the reason" {
    refused truncated "Invalid argument"
    refused short-header "Invalid argument"
    refused unknown-attribute "Unknown attribute type"
    refused unknown-command "Operation not supported"
    refused kernel-only-command "Operation not supported"
    refused kernel-only-attribute "Unsupported attribute"
    refused wrong-size "invalid attribute length"
    refused wrong-version "the module speaks another version"
    refused missing "ABI_VERSION is missing"
    refused not-nested "NLA_F_NESTED is missing"
    refused nested-wrong "Invalid argument"
    refused unknown-nested "Unknown attribute type"
    refused dump-of-a-do "Operation not supported"
}

@test "what exceeds a limit or makes no sense is refused, with the reason" {
    refused unterminated "Attribute failed policy validation"
    refused relative-directory "directory is not absolute and normal"
    refused dotted-directory "directory is not absolute and normal"
    refused long-directory "Attribute failed policy validation"
    refused too-many-directories "too many directories"
    refused too-many-rules "too many rules"
    refused unknown-action "integer out of range"
    refused unknown-type "integer out of range"
    refused profile-zero "integer out of range"
    refused profile-twice "profile is there already"
    refused part-of-nothing "attribute is no part of a policy"
    refused long-pattern "Attribute failed policy validation"
    refused pattern-of-all "pattern needs a prefix or a parent"
    refused too-many-patterns "too many patterns"
    refused long-name "Attribute failed policy validation"
    refused flag-of-the-kernel "reserved bit set"
    refused no-such-container "No such file or directory"
    refused no-such-process "No such file or directory"
    refused no-such-query "no such query"
    refused unknown-answer "integer out of range"
    refused future-ack "no such event yet"
    refused no-probes "a probe of each kind is needed"
    refused bad-probe "probe is no open descriptor"
    refused foreign-probe "probe is not on an overlay"
}

@test "a transaction is one socket's, whole or nothing" {
    refused no-default "the default profile is not in the policy"
    refused binding-to-nothing "a binding names a profile that is not in the policy"
    refused binding-twice "cgroup is bound already"
    refused no-transaction "this socket has no transaction open"
    refused interleaved "another socket has a transaction open"
    refused foreign-commit "this socket has no transaction open"
    refused after-fault "this socket has no transaction open"
    # none of these has left anything in force, or open
    run hostile in-order
    [[ $output == taken ]]
    [[ $(python3 "$BATS_TEST_DIRNAME/lib/generation.py") == 0 ]]
}

@test "a socket that dies in mid-transaction leaves nothing behind" {
    hostile die
    run hostile in-order
    [[ $output == taken ]]
    [[ $(python3 "$BATS_TEST_DIRNAME/lib/generation.py") == 0 ]]
}

@test "noise changes nothing" {
    refused flood "all"
    run hostile in-order
    [[ $output == taken ]]
    [[ $(python3 "$BATS_TEST_DIRNAME/lib/generation.py") == 0 ]]
}

@test "an unprivileged process and one with CAP_NET_ADMIN only are refused" {
    run setpriv --reuid nobody --regid nogroup --clear-groups python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" status
    [[ $output == *"needs CAP_MAC_ADMIN"* ]]
    run setpriv --reuid nobody --regid nogroup --clear-groups python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" dump
    [[ $output == *"Operation not permitted"* ]]
    run capsh --keep=1 --user=nobody --inh=cap_net_admin --addamb=cap_net_admin -- \
        -c "python3 '$BATS_TEST_DIRNAME/lib/hostile_netlink.py' status"
    [[ $output == *"needs CAP_MAC_ADMIN"* ]]
}

@test "root of another user or network namespace is refused" {
    run unshare --user --map-root-user python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" status
    [[ $status -ne 0 || $output == *"needs CAP_MAC_ADMIN"* ]]
    [[ $output != *taken* ]]
    run unshare --net python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" status
    [[ $output != *taken* ]]
}

@test "a member with all capabilities and the host's network is refused" {
    python3 "$BATS_TEST_DIRNAME/lib/controller.py" --action alert >"$container_dir/controller" 2>&1 3>&- &
    wait_for 20 grep -q ready "$container_dir/controller"
    make_image base
    # the host's own python, by its root: what counts is who speaks
    make_bundle web base --cap all --share network --share pid --share ipc --share uts --share cgroup --unmasked \
        --bind /:/host --args sleep 1000 --
    start_container web || { cat "$container_dir/web/log" "$container_dir/runc.log"; false; }
    run exec_container web chroot /host /usr/bin/python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" status
    echo "$output"
    [[ $output == *"needs CAP_MAC_ADMIN"* ]]
    run exec_container web chroot /host /usr/bin/python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" dump
    [[ $output == *"Operation not permitted"* ]]
    # and nobody has unseated the controller
    grep -q QUERY "$container_dir/controller"
    kill %1
}

# The last one: its generation stays in force.
@test "a generation that is not above the one in force is refused" {
    refused stale "generation is not above the one in force"
    refused stale-binding "generation is not in force"
}
