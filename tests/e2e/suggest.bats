# 'rules suggest' and 'alerts allow-list': with what they print or write, what was recorded would not have been reported, and
# is not any more.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

@test "recorded alerts raise nothing under the suggestion, in a replay and in the kernel, but what no entry makes quiet" {
    make_image base
    make_bundle busy base
    start_container busy
    set_rule alert
    local dropped=(/opt/app/bin/copy "/opt/app # x/gone" $'/opt/new\n        - line/gone' /tmp/copy /tmp/gone)
    run_dropped() {
        exec_container busy sh -c 'for file; do
            mkdir -p "${file%/*}"; cp /usr/bin/marker "$file"
            case $file in *gone) echo >>"$file"; "$file"; rm "$file" ;; *) "$file" ;; esac
        done' sh "${dropped[@]}"
    }
    run_dropped
    wait_for 20 settled
    holdfastctl rules suggest --rule "$rule" --since 1h >"$container_dir/suggested.yaml"
    cat "$container_dir/suggested.yaml"
    grep -qF "by sh" "$container_dir/suggested.yaml"
    same "sha256:$(sha256sum <"$image_dir/base/usr/bin/marker" | cut -c 1-64)
/opt/app # x" "$(holdfastctl rules suggest --rule "$rule" --container busy --output json | jq -r '.rules[].entries[].value')"

    # of what stays two are known, and are said
    holdfastctl alerts export --rule "$rule" >"$container_dir/alerts.jsonl"
    run holdfastctl rules test --rules "$container_dir/suggested.yaml" --events "$container_dir/alerts.jsonl" --output json
    same '/opt/new\x0a        - line/gone
/tmp/gone' "$(jq -r '.alerts[] | select(.would != "allow").path' <<<"$output" | LC_ALL=C sort -u)"
    grep -q '^#   .*/tmp/gone' "$container_dir/suggested.yaml"
    grep -qF '\x0a        - line/gone' "$container_dir/suggested.yaml"

    # these, too, if one asks for it
    holdfastctl rules suggest --rule "$rule" --since 1h --force >"$container_dir/forced.yaml"
    cat "$container_dir/forced.yaml"
    run holdfastctl rules test --rules "$container_dir/forced.yaml" --events "$container_dir/alerts.jsonl" --output json
    same '[]' "$(jq -c '[.alerts[] | select(.would != "allow").path]' <<<"$output")"
    same 5 "$(jq -r '.alerts | length' <<<"$output")"

    # in the kernel, under a name of its own
    local before=$rule
    rule=test-${EPOCHREALTIME/[.,]/}
    write_rules "$(sed "s/$before/$rule/" "$container_dir/suggested.yaml")"
    wait_for 20 in_force
    run_dropped
    same 'exec added alert /opt/new\x0a        - line/gone
exec added alert /tmp/gone' "$(alert_lines busy)"
    rule=forced-${EPOCHREALTIME/[.,]/}
    write_rules "$(sed "s/$before/$rule/" "$container_dir/forced.yaml")"
    wait_for 20 in_force
    run_dropped
    same "" "$(alert_lines busy)"
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
    exec_container vendor sh -c 'cp /usr/bin/marker /opt/other && echo >>/opt/other && /opt/other'
    same "exec added alert /opt/other" "$(alert_lines vendor)"
}

# allow_list CONTAINER PATH   of the newest alert of that program
allow_list() {
    local id; id=$(alerts 'map(select(.container.id == $container and .operation.path == $path))[0].id' --arg container "$1" --arg path "$2")
    timeout 60 holdfastctl alerts allow-list "$id"
}

@test "a program is exempt by what is in it, on each of its container's file systems: not with a byte more, nor others beside it" {
    make_image base
    mkdir "$container_dir/volume"
    make_bundle listed base --tmpfs /mnt --bind "$container_dir/volume:/srv"
    start_container listed
    set_rule block
    local program programs=(/opt/tool /mnt/tool /srv/tool /usr/bin/launch) writers=()
    drop() { exec_container listed sh -c 'for file; do cp /usr/bin/marker $file && echo $file >>$file; $file; done' sh "$@" || true; }
    drop "${programs[@]}" /opt/other
    # by as many people at the same time
    wait_for 20 settled
    for program in "${programs[@]}"; do
        allow_list listed "$program" >"$container_dir/said${program//\//.}" 3>&- &
        writers+=($!)
    done
    for program in "${writers[@]}"; do wait "$program"; done
    cat "$container_dir"/said*
    same "${#programs[@]}" "$(grep -c "under programs: sha256:" <(cat "$container_dir"/said*))"
    runs() { [[ $(exec_container listed "$1") == ran ]]; }
    for program in "${programs[@]}"; do wait_for 20 runs "$program"; done
    for program in "${programs[@]}" /opt/other; do
        run exec_container listed sh -c "[ $program = /opt/other ] || echo >>$program; $program"
        [[ $status -ne 0 && $output == *"Operation not permitted"* ]]
    done
}

@test "what came in a program's place is not taken for it: then it is its directory, if that may be, and it is said why" {
    make_image base
    make_bundle hostile base
    start_container hostile
    set_rule block
    exec_container hostile sh -c 'mkdir /opt/app; for file in /opt/app/tool /tmp/link /tmp/way/link /tmp/fifo /tmp/huge /tmp/more /tmp/away /tmp/late; do
        mkdir -p ${file%/*}; cp /usr/bin/marker $file; $file; done' || true
    exec_container hostile sh -c 'cd /tmp; mv link kept; ln -s kept link; mv way path; ln -s path way; rm fifo; mkfifo fifo
        truncate -s 100G huge; echo >>more; rm away; rm /opt/app/tool; cp /usr/bin/marker /opt/app/tool'
    refused() { # refused NAME WHY   and nothing is written
        run allow_list hostile "/tmp/$1"
        echo "$output"
        [[ $status -eq 2 && $output =~ $2 && $output == *"--force"* ]]
        ! grep -q allow_list "$rule_file"
    }
    refused link "Too many levels of symbolic links"
    refused way/link "Too many levels of symbolic links"
    refused fifo "another file|changed"
    refused huge "changed after the alert"
    refused more "changed after the alert"
    refused away "No such file"
    run allow_list hostile /opt/app/tool
    echo "$output"
    [[ $status -eq 0 && $output == *"under directories: /opt/app "* && $output =~ "Nothing narrower: "(another|"it was changed") ]]
    grep -q /opt/app "$rule_file"
    sed -i /allow_list/,\$d "$rule_file"
    delete_container hostile
    refused late "container is not there|does not run"
}
