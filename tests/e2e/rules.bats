# Rule files: what is wrong with one is said with its place, and what was in force stays so.
# kernels: 6.1

load lib/container
load lib/holdfast

fixtures=$BATS_TEST_DIRNAME/../fixtures/rule

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

@test "each kind of mistake: 'rules check' says what, with file, line and column, and ends with 1" {
    local file n=0
    cd "$fixtures/bad"
    for file in *.yaml; do
        run holdfastctl rules check "$file"
        [[ $status -eq 1 ]] || { echo "$file: status $status: $output"; return 1; }
        same "$(<"${file%.yaml}.expected")" "$output" || { echo "$file"; return 1; }
        n=$((n + 1))
    done
    ((n > 50))
}

@test "what is right is taken; wrong use and what cannot be read end with 2" {
    local file
    cd "$fixtures/good"
    for file in *.yaml; do
        run holdfastctl rules check "$file"
        [[ $status -eq 0 ]] || { echo "$file: status $status: $output"; return 1; }
    done
    run holdfastctl rules check "$container_dir/none.yaml"
    [[ $status -eq 2 && $output == *none.yaml* ]]
    run holdfastctl rules check --no-such-option
    [[ $status -eq 2 ]]
    run holdfastctl rules check
    [[ $status -eq 0 ]]
    # it needs no daemon
    run holdfastctl rules check --socket /none "$file"
    [[ $status -eq 0 ]]
}

refusal_told() { holdfastctl rules list | grep -qF "$1"; }

@test "a set with a mistake is refused whole: the old one stays in force, an alert and the status say so" {
    make_image base
    make_bundle old base
    start_container old
    set_rule block
    local generation name expected first
    generation=$(status_of .controller.rule_set.generation)
    for name in unknown-key wrong-types duplicate-key alias-bomb bad-enum not-a-map \
        checks nul-byte; do
        expected=$fixtures/bad/$name.expected
        [[ -e $expected ]] || { echo "there is no $expected"; return 1; }
        cp "$fixtures/bad/$name.yaml" "$rules_dir/$name.yaml"
        first=$(head -n 1 "$expected")
        echo "$first"
        wait_for 5 refusal_told "$rules_dir/$first"
        # beside a good file, which changes meanwhile: nothing of it is taken
        write_rules "$(rule_text alert)"
        rm "$rules_dir/$name.yaml"
        write_rules "$(rule_text block)"
        nothing_told() { ! refusal_told "$name.yaml"; }
        wait_for 5 nothing_told
    done
    cp "$fixtures/bad/unknown-key.yaml" "$rules_dir/"
    wait_for 5 refusal_told "$rules_dir/unknown-key.yaml"
    rm "$rule_file"
    sleep 1
    run exec_container old sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy'
    [[ $status -eq 126 ]]
    [[ $(alert_lines old) == "exec added deny /tmp/copy" ]]
    same "$rule" "$(status_of '.policy[].name' | grep -v ^system)"
    [[ $(status_of '.controller.rule_set.errors | length') -gt 0 ]]
    run holdfastctl status
    [[ $output == *"A newer rule set was refused, this one stays in force"*"$rules_dir/unknown-key.yaml:"* ]]

    local alerted
    alerted=$(alerts '.[] | select(.operation.kind == "bad-rule-set" and .time.last_real_ns / 1e9 >= ($since | tonumber)) |
        "\(.rule.file):\(.rule.line)"' --arg since "$started_at")
    echo "$alerted"
    for name in unknown-key alias-bomb duplicate-key; do grep -q "^$rules_dir/$name.yaml:[1-9]" <<<"$alerted"; done
}

@test "removing the custom rules puts the vendor's in force again" {
    set_rule block
    same "block block none" "$(status_of '.policy | map(select(.name | startswith("system-") | not))[0] | "\(.requested) \(.effective)"') $(
        status_of '.policy[] | select(.name == "system-non-image-program").effective')"
    rm "$rule_file"
    system_only() {
        [[ $(status_of '.policy[] | select(.type == "non-image-program" and .effective != "none") | "\(.name) \(.effective)"') == "system-non-image-program alert" ]]
    }
    wait_for 5 system_only
}

@test "rules of types that are not enforced are taken and listed as not in effect, and the host stays Normal" {
    make_image base
    make_bundle risky base
    start_container risky
    write_rules "version: 1
rules:
  - { name: stay-inside, type: container-escape, action: block, checks: { types: [kernel-attack-surface],
      except: [AS1, AS2, AS3, AS4, AS5, AS6] } }
  - { name: no-critical, type: image-risk, action: block, risks: { unscanned: true } }"
    listed() { [[ $(status_of '[.policy[] | select(.name == "stay-inside" or .name == "no-critical")] | length') == 2 ]]; }
    wait_for 5 listed
    same "block none" "$(status_of '[.policy[] | select(.name == "stay-inside" or .name == "no-critical") |
        "\(.requested) \(.effective)"] | unique | .[]')"
    is_normal
    [[ $(holdfastctl rules list --output json) == *"does not check AS7"* ]]
    run holdfastctl rules show stay-inside
    echo "$output"
    [[ $output == *"does not check AS7"*"types: kernel-attack-surface"*"except: AS1, AS2, AS3, AS4, AS5, AS6"* ]]
    # nothing is refused for them, and nothing is said of them
    [[ $(exec_container risky /usr/bin/marker) == ran ]]
    no_alerts
}

@test "a rule is turned off, on and deleted from the command line: for running containers too, and nothing else is touched" {
    make_image base
    make_bundle switched base
    start_container switched
    exec_container switched cp /usr/bin/marker /tmp/copy
    set_rule block
    printf '# of the person in charge\n' >>"$rule_file"
    runs() { [[ $(exec_container switched /tmp/copy 2>/dev/null) == ran ]]; }
    refused() { ! runs; }
    refused
    run holdfastctl rules disable "$rule"
    echo "$output"
    [[ $status -eq 0 && $output == *"Rule $rule is off now: $rule_file:3"*"Protection lost: rule $rule, block before, none after: all containers: its status is off"* ]]
    wait_for 5 runs
    run holdfastctl rules enable "$rule"
    [[ $status -eq 0 ]]
    wait_for 5 refused
    # nobody but root may, and with a mistake anywhere nothing is written
    run setpriv --reuid nobody --regid nogroup --clear-groups holdfastctl rules disable "$rule"
    echo "$output"
    [[ $status -eq 2 && $output == *"$rule_file: "*"Permission denied"* ]]
    cp "$fixtures/bad/unknown-key.yaml" "$rules_dir/"
    run holdfastctl rules delete --yes "$rule"
    [[ $status -eq 2 && $output == *"$rules_dir/unknown-key.yaml:"* ]]
    rm "$rules_dir/unknown-key.yaml"
    grep -q "name: $rule" "$rule_file"
    run holdfastctl rules delete --yes "$rule"
    echo "$output"
    [[ $status -eq 0 && $output == *"Rule system-non-image-program: in effect was none, now is alert"* ]]
    wait_for 5 runs
    same "$(printf 'version: 1\nrules: []\n# of the person in charge')" "$(<"$rule_file")"
}

# explained PATH ORIGIN LAYER   what explain says, compared with what the kernel does; LAYER is where that has it, if it has
explained() {
    local said did digest
    said=$(holdfastctl rules explain told "$1" --output json | jq -r '"\(.origin) \(.outcome) \(.layer) \(.digest)"') || true
    digest=$(exec_container told sha256sum "$1")
    if exec_container told "$1" >/dev/null 2>&1; then did=allowed; else did=refused; fi
    same "$2 $did ${3:-null} sha256:${digest%% *}" "$said"
}

interpreters() { # interpreters PATH   "PATH ORIGIN OUTCOME" of each, as explain has them
    holdfastctl rules explain told "$1" --output json | jq -r '.interpreters[] | "\(.path) \(.origin) \(.outcome)"'
}

@test "explain says of a program what the kernel then does" {
    make_image base
    mkdir -p "$container_dir/volume"
    mkdir -p "$image_dir/over/usr/bin"
    cp "$image_dir/base/usr/bin/marker" "$image_dir/over/usr/bin/of-top"
    ln "$image_dir/over/usr/bin/of-top" "$image_dir/over/usr/bin/of-top-too"
    local script
    for script in script:/bin/sh script-of-script:/usr/bin/script script-of-added:/opt/copy script-of-nothing:/nothing script-of-itself:/usr/bin/script-of-itself; do
        echo "#! ${script#*:}" >"$image_dir/over/usr/bin/${script%%:*}"
        chmod 755 "$image_dir/over/usr/bin/${script%%:*}"
    done
    make_bundle told over:base --bind "$container_dir/volume:/volume" --tmpfs /memory
    start_container told
    exec_container told sh -c 'mkdir -p /opt/plugins && for d in /opt /opt/plugins /volume /memory; do cp /usr/bin/marker $d/copy; done
        cp /usr/bin/script /usr/bin/script-of-added /opt/plugins; cp /usr/bin/interpreter /opt
        cp /usr/bin/marker /tmp/new && cat /tmp/new >/usr/bin/launch; chmod u+w /usr/bin/busybox /usr/bin/of-top-too
        mv /tmp/new /usr/bin/pivot_hook; ln -s /usr/bin/marker /opt/link; mkdir /opt/over && mv /usr/bin/map_files /opt/over/moved'
    set_rule block /opt/plugins
    local upper=$container_dir/told/upper
    explained /usr/bin/marker image "$image_dir/base"
    explained /usr/bin/of-top image "$image_dir/over"
    explained /opt/link image "$image_dir/base"
    explained /usr/bin/launch changed "$upper"
    explained /usr/bin/busybox changed "$upper"
    # one of two names, copied up alone: of it no note of overlayfs tells
    explained /usr/bin/of-top-too changed "$upper"
    explained /opt/over/moved changed "$upper"
    explained /usr/bin/pivot_hook added "$upper"
    explained /opt/copy added "$upper"
    explained /volume/copy volume
    explained /memory/copy memory
    explained /opt/plugins/copy added "$upper"
    # what it is started by may decide
    local over=$image_dir/over
    explained /usr/bin/script image "$over"
    explained /usr/bin/script-of-script image "$over"
    explained /usr/bin/script-of-added image "$over"
    explained /usr/bin/interpreted image "$image_dir/base"
    explained /opt/plugins/script added "$upper"
    explained /opt/plugins/script-of-added added "$upper"
    same "$(printf '%s\n' "/usr/bin/script image allowed" "/usr/bin/busybox changed allowed")" "$(interpreters /usr/bin/script-of-script)"
    same "/opt/copy added refused" "$(interpreters /opt/plugins/script-of-added)"
    same "/opt/interpreter added refused" "$(interpreters /usr/bin/interpreted)"
    run holdfastctl rules explain told /usr/bin/script-of-nothing
    echo "$output"
    [[ $status -eq 0 && $output == *"would not start anyway: its interpreter /nothing: "*"No such file"* ]]
    run holdfastctl rules explain told /usr/bin/script-of-itself
    echo "$output"
    [[ $status -eq 0 && $output == *"there are more than 5 before it"* ]]
    run exec_container told /usr/bin/script-of-itself
    [[ $status -ne 0 ]]
    run holdfastctl rules explain told /opt/plugins/copy
    echo "$output"
    [[ $status -eq 0 && $output == *"allowed directory /opt/plugins"* ]]
    run holdfastctl rules explain told /opt/copy
    [[ $status -eq 1 && $output == *"By rule"*"$rule"* ]]
    run holdfastctl rules explain told ../../etc/shadow-of-nobody
    [[ $status -eq 2 ]]
}

@test "explain does not wait for a file system that does not answer, as one of a container's own need not" {
    make_image base
    make_bundle stuck base
    start_container stuck
    modprobe fuse
    # mounted at /mnt in the container, by one who answers nothing
    python3 - "$(container_pid stuck)" >"$container_dir/fuse" 3>&- <<'PYTHON' &
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
fuse = os.open("/dev/fuse", os.O_RDWR)
if libc.setns(os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY), 0):
    raise OSError(ctypes.get_errno(), "setns")
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0"
if libc.mount(b"stuck", b"/mnt", b"fuse", 0, options.encode()):
    raise OSError(ctypes.get_errno(), "mount")
print("mounted", flush=True)
time.sleep(1000)
PYTHON
    local owner=$!
    wait_for 20 grep -q mounted "$container_dir/fuse"
    set_rule block
    run timeout 60 holdfastctl rules explain stuck /mnt/program
    echo "$output"
    kill "$owner"
    [[ $status -eq 2 && $output == *"/mnt/program"*"does not answer"* ]]
    run holdfastctl rules explain stuck /usr/bin/marker
    [[ $status -eq 0 ]]
}

@test "a full disk: what stands stays" {
    mkdir -p "$container_dir/small"
    mount -t tmpfs -o size=8k,mode=755 tmpfs "$container_dir/small"
    cp "$fixtures/good/minimal.yaml" "$container_dir/small/"
    head -c 4096 /dev/zero >"$container_dir/small/.fill"
    local before; before=$(<"$container_dir/small/minimal.yaml")
    run holdfastctl rules disable --rules-dir "$container_dir/small" "$(sed -n 's/.*name: *//p' "$container_dir/small/minimal.yaml")"
    echo "$output"
    local after; after=$(<"$container_dir/small/minimal.yaml")
    umount "$container_dir/small"
    [[ $status -eq 2 && $output == *"No space left"* ]]
    same "$before" "$after"
}

@test "a rule that ships with Holdfast is turned off and on, for running containers too, until a custom one takes its place" {
    switches=/etc/holdfast/system-rules.yaml
    rm -f "$switches"
    effect() { [[ $(status_of '.policy[] | select(.name == "system-non-image-program") | "\(.effective) \(.reason)"') == "$1" ]]; }
    wait_for 5 effect "alert "
    holdfastctl rules disable system-non-image-program
    wait_for 5 effect "none its status is off at $switches:4"
    is_normal
    holdfastctl rules enable system-non-image-program
    wait_for 5 effect "alert "
    printf '# by hand\n' >>"$switches"
    set_rule block
    run holdfastctl rules enable system-non-image-program
    echo "$output"
    [[ $status -eq 2 && $output == *"custom rules take the place of"*"\"$rule\" at $rule_file:3"* ]]
    rm "$rule_file"
    wait_for 5 effect "alert "
    # what nobody can mean is refused as a mistake in a rule is
    sed -i 's/system-non-image-program/system-none/' "$switches"
    wait_for 5 refusal_told "$switches:4:3: there is no system rule \"system-none\""
    rm "$switches"
    nothing_told() { ! refusal_told "$switches"; }
    wait_for 5 nothing_told
}

seen_after() { # seen_after LAUNCH-OUTPUT
    echo $(($(tail -n 1 "$1") / 1000000 - written))
}

@test "a change is in force for running containers in less than a second" {
    make_image base
    make_bundle live base
    start_container live
    set_rule alert
    exec_container live cp /usr/bin/marker /tmp/copy
    local how action
    for how in until-refused until-runs; do
        [[ $how == until-refused ]] && action=block || action=alert
        exec_container live launch $how /tmp/copy >"$container_dir/$how" 3>&- &
        sleep 2
        rule=test-${EPOCHREALTIME/[.,]/}
        write_rules "$(rule_text "$action")"
        wait $!
        echo "$how: after $(seen_after "$container_dir/$how") ms"
        (($(seen_after "$container_dir/$how") > 0 && $(seen_after "$container_dir/$how") < 1000 * slowness))
    done
}

@test "SIGHUP reads the rules again" {
    set_rule alert
    # a file that is not watched, by a link that is
    rule=test-${EPOCHREALTIME/[.,]/}
    rule_text block >"$rules_dir/.hidden"
    ln -sf .hidden "$rule_file"
    wait_for 5 in_force
    rule=test-${EPOCHREALTIME/[.,]/}
    rule_text alert >"$rules_dir/.hidden"
    sleep 1
    ! in_force || { echo "seen without a signal: the test is of no use"; return 1; }
    written=$(milliseconds)
    kill -HUP "$(daemon_pid)"
    wait_for 5 in_force
    ((in_force_at - written < 1000 * slowness))
    rm "$rules_dir/.hidden"
}

@test "a controller that starts with a mistake in its rules keeps what the kernel enforces" {
    make_image base
    make_bundle kept-rules base
    start_container kept-rules
    set_rule block
    stop_daemon
    cp "$fixtures/bad/unknown-key.yaml" "$rules_dir/"
    (start_daemon) & # it does not become Normal
    told_abnormal() { holdfastctl status | grep -q "Abnormal"; }
    wait_for 60 told_abnormal
    run exec_container kept-rules sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy'
    [[ $status -eq 126 ]]
    rm "$rules_dir/unknown-key.yaml"
    wait_for 20 is_normal
    wait
    run exec_container kept-rules sh -c '/tmp/copy'
    [[ $status -eq 126 ]]
}
