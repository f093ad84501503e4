# tests/bench/run from outside: that it measures, not what.

bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

@test "the costs of fork+exec and open+close are measured without the module, with it, and by a member" {
    run --separate-stderr -0 tests/bench/run --turns 1
    [ "$(jq -c '[.unit, ([.host.without, .host.loaded, .container.without, .container.member]
        | map(.fork_exec > 1000 and .open_close > 100) | all)]' <<<"$output")" = '["instructions a call, the median of the turns",true]' ]
}

@test "wrong use is 2, --help is not" {
    run -2 tests/bench/run --turns none
    run -0 tests/bench/run --help
    [[ $output == usage:* ]]
}
