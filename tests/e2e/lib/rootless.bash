# shellcheck shell=bash
# Podman without root, as a user whom setup_file makes.

user=shopkeeper

rootless_setup_file() {
    useradd --create-home --shell /bin/bash $user
    loginctl enable-linger $user
    # Debian's default is vfs
    as_user mkdir -p /home/$user/.config/containers
    printf '[storage]\ndriver = "overlay"\n' | as_user tee /home/$user/.config/containers/storage.conf >/dev/null
}
rootless_setup() {
    container_setup; holdfast_setup; block_escapes; engines_setup
    podman_as=(as_user)
    podman_copies=$container_dir/theirs
    chmod 711 "$container_dir"
    install -d -o $user "$podman_copies"
    has_session() { as_user systemctl --user --quiet is-active dbus.socket; }
    wait_for 60 has_session
}
rootless_teardown() {
    engines_teardown; holdfast_teardown; container_teardown
}

as_user() {
    local uid; uid=$(id -u $user)
    (cd / && exec runuser -u $user -- env -i PATH="$PATH" HOME=/home/$user LANG=C.UTF-8 XDG_RUNTIME_DIR="/run/user/$uid" \
        DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus" "$@")
}
shown_as() { podman inspect --format '{{.Id}}' "$1"; } # its user could write anything where the engine keeps the name
usual_posture='[false,0]' # likewise what it was started with

# A container of theirs that ran before the module and the controller, and goes on trying until it is refused.
begin_before_the_module() { # begin_before_the_module NAME   under $rule
    systemctl stop holdfastd.service
    rmmod holdfast
    podman_start "$1" sh -c 'cp /usr/bin/marker /tmp/copy; launch until-refused /tmp/copy >/tmp/refused-at; sleep 1000'
    insmod "$(module)"
    systemctl start holdfastd.service
    # one rule, however long it takes: what it refuses is refused once
    rule=test-before
    write_rules "$(rule_text block)"
    wait_for 20 in_force
    refused() { podman_exec "$1" test -s /tmp/refused-at; }
    wait_for 30 refused "$1"
    wait_for 10 is_covered "$1"
}
is_covered() { knows "$(shown_as "$1")" '[.covered, .members >= 1]' '[true,true]'; }
