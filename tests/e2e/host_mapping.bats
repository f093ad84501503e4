# A program of the host that loads code out of a container's root file system is judged as the container's own would be.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; make_image base; }
teardown() { holdfast_teardown; container_teardown; }

load_code=$BATS_TEST_DIRNAME/../../build/tests/programs/load_code

# refused FILE…   each way to load it fails with EPERM
refused() {
    local way
    for way in map shared protect written; do
        run "$load_code" "$way" "$1"
        echo "$way $1: $output"
        [[ $status -eq 126 ]]
    done
}

@test "the host loads the image's own code, and none that was dropped in the container" {
    local root way
    make_bundle mapped base
    start_container mapped
    root=$(container_root mapped)
    set_rule block
    exec_container mapped cp /usr/bin/marker /tmp/copy
    refused "$root/tmp/copy"
    [[ $("$load_code" data "$root/tmp/copy") == loaded ]]
    for way in map shared protect; do [[ $("$load_code" "$way" "$root/usr/bin/marker") == loaded ]]; done
    # a program that would run is ended at its first mapping
    run "$root/tmp/copy"
    [[ $status -ne 0 && $output != *ran* ]]
    [[ $("$root/usr/bin/marker") == ran ]]
    wait_for 20 settled
    [[ $(alerts '[.[] | select(.rule.name == $rule and .container.id == "mapped") | .operation.kind] | unique | join(" ")' \
        --arg rule "$rule") == "map mprotect" ]]

    set_rule alert
    for way in map shared protect; do [[ $("$load_code" "$way" "$root/tmp/copy") == loaded ]]; done
    [[ $("$root/tmp/copy") == ran ]]
    [[ $(operations) -ge 4 ]]
    # a file of the host's, and one on a volume, is nobody's business
    set_rule block
    cp "$root/usr/bin/marker" "$container_dir/of-the-host"
    [[ $("$load_code" map "$container_dir/of-the-host") == loaded && $("$container_dir/of-the-host") == ran ]]
    [[ $(operations) -eq 0 ]]
}
