# What the kernel takes by netlink, and from whom.
# kernels: none
# vm: --no-daemon
# (the daemon would be one more speaker)

load lib/container

hostile() { python3 "$BATS_TEST_DIRNAME/lib/hostile_netlink.py" "$@"; }
every_command() { python3 "$BATS_TEST_DIRNAME/lib/every_command.py" "$@"; }
dumps() { python3 "$BATS_TEST_DIRNAME/lib/dumps.py" "$@"; }
generation() { python3 "$BATS_TEST_DIRNAME/lib/generation.py"; }

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
    refused more-of-no-profile "there is no such rule to have more directories"
    refused more-of-no-rule "there is no such rule to have more directories"
    refused more-of-an-escape "a rule about escapes is not about files"
    refused more-relative "directory is not absolute and normal"
    refused too-many-rules "too many rules"
    refused large-profile "profile is larger than what can be told"
    refused unknown-action "integer out of range"
    refused unknown-on-running "integer out of range"
    refused running-without-id "rule about what runs needs an id"
    refused escape-without-checks "rules about escapes, and only they, have checks"
    refused checks-of-programs "rules about escapes, and only they, have checks"
    refused escape-running "a rule about escapes is not about what runs"
    refused unknown-check "there is no such check"
    refused escape-directory "a rule about escapes is not about files"
    refused short-checks "binary attribute size out of range"
    refused long-checks "binary attribute size out of range"
    refused unknown-type "integer out of range"
    refused profile-zero "integer out of range"
    refused profile-twice "profile is there already"
    refused part-of-nothing "attribute is no part of a policy"
    refused long-pattern "Attribute failed policy validation"
    refused pattern-of-all "pattern needs a prefix or a parent"
    refused too-many-patterns "too many patterns"
    refused digests-without-set "digests need a set"
    refused torn-digest "digests are of 32 bytes each"
    refused short-digest "binary attribute size out of range"
    refused digest-of-zeros "all zeros are no digest"
    refused no-such-set "there is no such set of digests"
    refused set-not-in-force "no such set is in force, or it is there already"
    refused relative-program "program is not absolute and normal"
    refused too-many-programs "too many programs"
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
    refused host-file "descriptor is not of a directory"
    refused host-nothing "Bad file descriptor"
    refused host-without-round "directory needs a round"
    refused host-without-entries "directory has no entries, or too many"
    refused host-too-many-entries "directory has no entries, or too many"
    refused host-no-item "entry is about no item"
    refused host-unknown-item "Numerical result out of range"
    refused host-path "entry's name is none of a file, or has a tree"
    refused host-tree-of-name "entry's name is none of a file, or has a tree"
    refused host-long-name "Attribute failed policy validation"
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
    [[ $(generation) == 0 ]]
}

@test "a socket that dies in mid-transaction leaves nothing behind" {
    hostile die
    run hostile in-order
    [[ $output == taken ]]
    [[ $(generation) == 0 ]]
}

@test "noise changes nothing" {
    refused flood "all"
    run hostile in-order
    [[ $output == taken ]]
    [[ $(generation) == 0 ]]
}

# refused_all COMMAND...   what this sends, as somebody who may not, is refused for that reason, and changes nothing
refused_all() {
    dumps state >"$container_dir/before"
    every_command list >"$container_dir/known"
    "$@" >"$container_dir/answers" 2>&1 || { cat "$container_dir/answers"; return 1; }
    sed 's/ do$/&: Operation not permitted: needs CAP_MAC_ADMIN on the host, outside any container/
        s/ dump$/&: Operation not permitted: /' "$container_dir/known" | diff -u - "$container_dir/answers"
    dumps state | diff -u "$container_dir/before" -
}

nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)
try=(python3 "$BATS_TEST_DIRNAME/lib/every_command.py" try)

@test "every command is refused to an unprivileged process" {
    refused_all "${nobody[@]}" "${try[@]}"
    [[ $(generation) == 0 ]]
}

@test "every command is refused to a process with CAP_NET_ADMIN only" {
    refused_all "${nobody[@]}" --inh-caps +net_admin --ambient-caps +net_admin "${try[@]}"
    [[ $(generation) == 0 ]]
}

@test "every command is refused to root without CAP_MAC_ADMIN" {
    refused_all capsh --drop=cap_mac_admin -- -c "${try[*]@Q}"
    [[ $(generation) == 0 ]]
}

@test "every command is refused to root of another user namespace" {
    refused_all unshare --user --map-root-user "${try[@]}"
    [[ $(generation) == 0 ]]
}

@test "in another network namespace there is no such family, by name or number" {
    local who family
    family=$(python3 -c "import sys; sys.path.insert(0, '$BATS_TEST_DIRNAME/lib'); from genl import Socket; print(Socket().family)")
    for who in 'unshare --net' 'unshare --net --user --map-root-user'; do
        run $who "${try[@]}"
        [[ $status -ne 0 && $output == *"Refused: No such file or directory: " ]]
        run $who "${try[@]}" "$family"
        [[ $status -eq 0 && $(cut -d : -f 2- <<<"$output" | sort | uniq -c) == *" 512  No such file or directory: " ]]
    done
    [[ $(generation) == 0 ]]
}

@test "every command is refused to a member with all capabilities and the host's network" {
    python3 "$BATS_TEST_DIRNAME/lib/controller.py" --action alert >"$container_dir/controller" 2>&1 3>&- &
    wait_for 20 grep -q ready "$container_dir/controller"
    make_image base
    # the host's own python, by its root: what counts is who speaks
    make_bundle web base --cap all --share network --share pid --share ipc --share uts --share cgroup --unmasked \
        --bind /:/host --args sleep 1000 --
    start_container web || { cat "$container_dir/web/log" "$container_dir/runc.log"; false; }
    # the policy in force is the controller's, and nobody has unseated it
    refused_all exec_container web chroot /host "${try[@]}"
    grep -q "'CONTROLLER_PID', $!)" "$container_dir/before"
    grep -q "'GENERATION', 1)" "$container_dir/before"
    grep -q QUERY "$container_dir/controller"
    kill %1
}

@test "to one who may send it no command is refused so" {
    dumps state >"$container_dir/before"
    every_command own >"$container_dir/answers"
    cat "$container_dir/answers"
    # LOCK is tried where the module is unloaded
    diff -u <(every_command list | grep -v ^LOCK) <(sed 's/:.*//' "$container_dir/answers")
    [[ $(<"$container_dir/answers") != *"not permitted"* ]]
    [[ $(grep -c ': taken$' "$container_dir/answers") -eq 16 ]]
    # and had one of the others had its way, it would have shown
    [[ $(dumps state) != "$(<"$container_dir/before")" ]]
}

@test "dumps tell of profiles, patterns and status what was sent" {
    dumps policy
    dumps hello
}

@test "dumps tell of a container and its members what runs, of hooks what was called" {
    dumps policy 1
    make_image base
    make_bundle web base --cgroup "$(engine_cgroup web)" --args \
        sh -c 'i=0; while [ $i -lt 150 ]; do sleep 1000 & i=$((i + 1)); done; echo all; wait' --
    start_container web || { cat "$container_dir/web/log" "$container_dir/runc.log"; false; }
    wait_for 60 grep -q all "$container_dir/web/log"
    exec_container web cp /usr/bin/marker /tmp/copy
    dumps members "$(container_cgroup web)"
    dumps container "$(container_cgroup web)" "$(container_root web)"

    dumps hooks
    local before after symbol a b c execs denied seen
    before=$(dumps hits)
    read -r execs denied seen < <(dumps judged)
    run exec_container web /tmp/copy
    [[ $status -ne 0 && $output == *"operation not permitted"* ]]
    after=$(dumps hits)
    while read -r symbol a b; do
        echo "$symbol: $a calls, then $b"
        ((b > a))
    done < <(join <(sort <<<"$before") <(sort <<<"$after"))
    read -r a b c < <(dumps judged)
    echo "execs, denied, seen: $execs $denied $seen, then $a $b $c"
    ((a > execs && b == denied + 1 && c == seen + 1))
}

@test "a dump of many messages tells each thing once" { dumps many; }

@test "a dump leaves out nothing that is there, whatever is deleted meanwhile" { dumps without_a_gap; }

@test "a dump that is left half read leaves nothing behind" {
    dumps abandoned
    run hostile in-order
    [[ $output == taken ]]
}

# The last one: its generation stays in force.
@test "a generation that is not above the one in force is refused" {
    refused stale "generation is not above the one in force"
    refused stale-binding "generation is not in force"
    # nor has that made a container of the cgroup
    refused no-such-container "No such file or directory"
}
