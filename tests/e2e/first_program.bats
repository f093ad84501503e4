# A container's first program is decided by its own rule, that of its image, which is in force when it starts.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

rounds=40 at_once=5

# Three crun, two runc at a time, each of another bundle.
runtime_of() { if (($1 % 3 == 1)); then echo runc; else echo crun; fi; }
start_one() { # start_one ROUND N
    "$(runtime_of "$2")" run --bundle "$container_dir/first-$2" "first-$1-$2" </dev/null >"$container_dir/out-$2" 2>&1 3>&-
}

@test "200 one-shot containers, the rule changing sides between them" {
    local round n volume=$container_dir/volume
    mkdir "$volume"
    cp "$image_dir/base/usr/bin/marker" "$volume/first"
    for ((n = 0; n < at_once; n++)); do
        make_bundle "first-$n" base --bind "$volume:/srv" \
            --annotation org.opencontainers.image.ref.name=registry.example/first:1 --args /srv/first "/srv/ran-$n" --
    done
    # under the default profile no rule is: there everything runs, and nobody hears of it
    rule_images=registry.example/first
    local rules=() actions=() defaulted
    defaulted=$(status_of .counters.defaulted)
    for ((round = 0; round < rounds; round++)); do
        if ((round % 2)); then actions+=(alert); else actions+=(block); fi
        set_rule "${actions[round]}"
        rules+=("$rule")
        for ((n = 0; n < at_once; n++)); do start_one "$round" "$n" & done
        wait
        for ((n = 0; n < at_once; n++)); do
            if ((round % 2)); then
                [[ $(<"$container_dir/out-$n") == ran && -e $volume/ran-$n ]]
                rm "$volume/ran-$n"
            else
                [[ $(<"$container_dir/out-$n") == *[Oo]"peration not permitted"* && ! -e $volume/ran-$n ]]
            fi
        done
    done
    # and that rule is what the alerts name, once for each start
    alerts '.[] | select(.operation.kind == "exec" and .operation.path == "/srv/first") |
        "\(.rule.name) \(.operation.effective) \(.count)"' |
        awk '{ n[$1 " " $2] += $3 } END { for (k in n) print k, n[k] }' | LC_ALL=C sort >"$container_dir/told"
    for ((round = 0; round < rounds; round++)); do echo "${rules[round]} ${actions[round]} $at_once"; done |
        LC_ALL=C sort | diff -u - "$container_dir/told"
    [[ $(status_of .counters.defaulted) == "$defaulted" ]]
    totals_agree
}
