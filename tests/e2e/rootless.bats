# Podman without root, from a user's own session: its containers are members like any, and what their user could have
# written about them is not believed.
# vm: --init systemd --in-turn
# kernels: none

load lib/container
load lib/holdfast
load lib/engines
load lib/rootless

setup_file() { rootless_setup_file; }
setup() { rootless_setup; }
teardown() { rootless_teardown; }

@test "podman without root, crun, cgroups of systemd" {
    podman_begin crun systemd
    life_cycle podman more
}

@test "podman without root, runc" {
    podman_begin runc systemd
    life_cycle podman
}

@test "what a user's engine says of a container has no part in what applies to it" {
    podman_begin crun systemd
    # neither does what allows the image that it calls its own, nor does what is for that image alone
    rule=allows
    write_rules "$(rule_text block; printf '    allow_list:\n      images: [localhost/base]\n')"
    wait_for 20 in_force
    podman_start web sleep 1000
    [[ $(podman_exec web sh -c 'cp /usr/bin/marker /tmp/copy; /tmp/copy || echo refused') == *refused* ]]
    same '["","",[]]' "$(shown "$(shown_as web)" '[.image, .engine, .digests]')"
    rule=scoped rule_images=localhost/base
    write_rules "$(rule_text block)"
    wait_for 20 in_force
    [[ $(podman_exec web /tmp/copy) == ran ]]
    same "$(shown_as web)" "$(alerts '[.[] | select(.name == "Image of a container is not known").container.id] | unique[]')"
}

@test "a user's container that ran before the module and the controller is covered from then on" {
    podman_begin crun systemd
    begin_before_the_module before
    # a copy that was just running as the rule came into force may have been found, too
    same "exec added deny /tmp/copy" "$(alert_lines | grep -v '^running ')"
}
