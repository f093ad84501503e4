# Every way to get code running in a container, with what comes of it: docs/exec-matrix.md.

load lib/container
load lib/holdfast
load lib/exec_ways

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

# judged RUNTIME ACTION WORD VERDICT   what is not the image's is all WORD, and told of once each; what is, runs and is not
judged() {
    local name=matrix-$1-$2 count; RUNTIME=$1
    ways_start "$name"
    set_rule "$2"
    in_container "$name" ways_foreign >"$container_dir/foreign"
    "$RUNTIME" delete --force "$name"
    start_container "$name"
    in_container "$name" ways_again >>"$container_dir/foreign"
    same "$(ways_all "$3" ways_foreign ways_again)" "$(LC_ALL=C sort "$container_dir/foreign")"
    same "$(ways_alerts "$4")" "$(ways_told "$name")"
    count=$(grep -c ": $3\$" "$container_dir/foreign")
    # remap_file_pages maps anew what was mapped
    [[ $3 == refused ]] || ((++count))
    same "$count" "$(operations)"
    in_container "$name" ways_own >"$container_dir/own"
    same "$(ways_all ran ways_own)" "$(LC_ALL=C sort "$container_dir/own")"
    in_container "$name" ways_open >"$container_dir/open"
    same "$(ways_all ran ways_open)" "$(LC_ALL=C sort "$container_dir/open")"
    same "$count" "$(operations)"
    # a script's dropped interpreter leaves a mark
    [[ -e $(container_root "$name")/root/script-ran ]] || [[ $3 == refused ]]
    [[ ! -e $(container_root "$name")/root/script-ran ]] || [[ $3 == ran ]]
    mkdir -p "$BATS_FILE_TMPDIR/$1"
    cp "$container_dir"/{foreign,own,open} "$BATS_FILE_TMPDIR/$1/"
    delete_container "$name"
}

@test "alert: every way that there is would run what is not the image's, and is reported" {
    judged runc alert ran alert
}

@test "block: it is refused and reported; what is the image's own runs" {
    judged runc block refused deny
    judged crun block refused deny
}

@test "a name that is exchanged all the time runs what was judged" {
    ways_start matrix-exchanged
    set_rule block
    run exec_container matrix-exchanged sh -c 'cp /usr/bin/start_by /root/other
        start_by exchanged=/usr/libexec/dynamic/true /root/other'
    echo "$output"
    [[ $status -eq 126 && $output == *"Operation not permitted"* ]]
    alert_lines
    [[ $(alert_lines | cut -d ' ' -f 1-3 | sort -u) == "exec added deny" ]]
}

@test "the published table is what was found here" {
    python3 "$BATS_TEST_DIRNAME/lib/exec_matrix.py" "$BATS_TEST_DIRNAME/../../docs/exec-matrix.md" "$(kernel)" "$BATS_FILE_TMPDIR" \
        >"$BATS_TEST_DIRNAME/../../build/exec-matrix.md"
    diff -u "$BATS_TEST_DIRNAME/../../docs/exec-matrix.md" "$BATS_TEST_DIRNAME/../../build/exec-matrix.md"
}
