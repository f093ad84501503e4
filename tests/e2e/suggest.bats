# 'rules suggest': with what it prints, what was recorded would not have been reported, and is not any more.
# kernels: 6.1

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

@test "recorded alerts raise nothing under the suggestion, in a replay and in the kernel, but what no entry makes quiet" {
    make_image base
    make_bundle busy base
    start_container busy
    set_rule alert
    local dropped=(/opt/app/bin/copy "/opt/app # x/copy" $'/opt/new\n        - line/copy' /tmp/copy)
    run_dropped() {
        exec_container busy sh -c 'for file; do mkdir -p "${file%/*}"; cp /usr/bin/marker "$file"; "$file"; done' sh "${dropped[@]}"
    }
    run_dropped
    wait_for 20 settled
    holdfastctl rules suggest --rule "$rule" --since 1h >"$container_dir/suggested.yaml"
    cat "$container_dir/suggested.yaml"
    grep -qF "by sh" "$container_dir/suggested.yaml"
    same "/opt/app # x
/opt/app/bin" "$(holdfastctl rules suggest --rule "$rule" --container busy --output json | jq -r '.rules[].entries[].value')"

    # of what stays two are known, and are said
    holdfastctl alerts export --rule "$rule" >"$container_dir/alerts.jsonl"
    run holdfastctl rules test --rules "$container_dir/suggested.yaml" --events "$container_dir/alerts.jsonl" --output json
    same '/opt/new\x0a        - line/copy
/tmp/copy' "$(jq -r '.alerts[] | select(.would != "allow").path' <<<"$output" | LC_ALL=C sort -u)"
    grep -q '^#   .*/tmp/copy' "$container_dir/suggested.yaml"
    grep -qF '\x0a        - line/copy' "$container_dir/suggested.yaml"

    # in the kernel, under a name of its own
    local before=$rule
    rule=test-${EPOCHREALTIME/[.,]/}
    write_rules "$(sed "s/$before/$rule/" "$container_dir/suggested.yaml")"
    wait_for 20 in_force
    run_dropped
    same 'exec added alert /opt/new\x0a        - line/copy
exec added alert /tmp/copy' "$(alert_lines busy)"
}

@test "for a rule that ships with Holdfast the suggestion is one of one's own, to be added as it is" {
    make_image base
    make_bundle vendor base
    start_container vendor
    rule=system-non-image-program
    exec_container vendor sh -c 'mkdir -p /opt/tool && cp /usr/bin/marker /opt/tool/copy && /opt/tool/copy'
    wait_for 20 settled
    holdfastctl rules suggest --container vendor --since "$(date -u -d "@${started_at%[.,]*}" +%Y-%m-%dT%H:%M:%SZ)" >"$container_dir/suggested.yaml"
    cat "$container_dir/suggested.yaml"
    holdfastctl rules add --from "$container_dir/suggested.yaml"
    rule=instead-of-$rule
    wait_for 20 in_force
    exec_container vendor /opt/tool/copy
    same "" "$(alert_lines vendor)"
    exec_container vendor sh -c 'cp /usr/bin/marker /opt/other && /opt/other'
    same "exec added alert /opt/other" "$(alert_lines vendor)"
}
