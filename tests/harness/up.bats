# README's first command, on a host that gets no module: everything in a virtual machine.

bats_require_minimum_version 1.5.0

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

@test "scripts/up --vm shows a container whose dropped program is refused, and the alert with all that it says" {
    local text
    run -0 scripts/up --vm
    for text in "Interceptable Normal" "a program of the image runs" "Operation not permitted" "Non mirror native program startup" \
        "/tmp/busybox" "web" "added" "only-the-image" "/etc/holdfast/rules.d/demo.yaml:3" "core_pattern (UH1)" "Both were refused, and the alerts say so."; do
        [[ $output == *"$text"* ]] || { echo "not said: $text"; return 1; }
    done
    [[ $output != *"this must not be seen"$'\n'"this must"* ]]
}
