# The package manager brings in later versions of the engines and the runtimes while containers run.
# vm: --init systemd --memory 3072
# kernels: none

load lib/container
load lib/holdfast
load lib/engines

setup() { container_setup; holdfast_setup; block_escapes; engines_setup; }
teardown() { engines_teardown; holdfast_teardown; container_teardown; }

# later PACKAGE…   this machine's packages once more, under a later version and with programs of other bytes
later() {
    local package dir file
    for package; do
        dir=$container_dir/later/$package
        mkdir -p "$dir/DEBIAN"
        dpkg-query --listfiles "$package" | while read -r file; do
            [[ ! -f $file ]] || (cd / && cp --archive --parents ".$file" "$dir")
        done
        while read -r file; do printf '\n' >>"$file"; done < <(find "$dir" -path "$dir/DEBIAN" -prune -o -type f -perm /111 -print)
        # what dpkg adds of its own is not a package's to say
        dpkg-query --status "$package" | sed -e '/^Status:/d' -e '/^Conffiles:/,/^[^ ]/{/^Conffiles:/d;/^ /d}' \
            -e 's/^Version: .*/&+later/' >"$dir/DEBIAN/control"
        for file in /var/lib/dpkg/info/"$package".{preinst,postinst,prerm,postrm,conffiles}; do
            [[ ! -f $file ]] || cp --archive "$file" "$dir/DEBIAN/${file##*.}"
        done
        dpkg-deb --build -Znone "$dir" "$dir.deb"
    done >/dev/null
}
upgrade_packages() { # upgrade_packages PACKAGE…
    local package
    later "$@"
    (cd "$container_dir/later" &&
        DEBIAN_FRONTEND=noninteractive timeout 200 dpkg --force-confold --install "${@/%/.deb}" </dev/null 3>&-)
    for package; do [[ $(dpkg-query --show --showformat '${Version}' "$package") == *+later ]]; done
}

@test "containerd and runc under docker's and ctr's containers, which go on and are covered" {
    docker_begin systemd
    ctr_begin
    set_rule block
    docker_start in-docker sleep 1000
    ctr_start in-containerd sleep 1000
    upgrade_packages runc containerd
    has_engine() { docker version && ctr version; }
    wait_for 60 has_engine >/dev/null 2>&1
    [[ $(docker_exec in-docker sh -c 'marker; cp /usr/bin/marker /tmp/copy; /tmp/copy || echo refused') == $'ran\nrefused' ]]
    [[ $(ctr_exec in-containerd sh -c 'marker; cp /usr/bin/marker /tmp/copy; /tmp/copy || echo refused') == $'ran\nrefused' ]]
    [[ $(docker_once marker) == ran ]]
    [[ $(ctr_once marker) == ran ]]
    same "exec added deny /tmp/copy" "$(alert_lines)"
    docker_end in-docker
    ctr_end in-containerd
}

@test "crun and conmon under podman's container, which goes on and is covered" {
    podman_begin crun systemd
    set_rule block
    podman_start in-podman sleep 1000
    upgrade_packages crun conmon
    [[ $(podman_exec in-podman sh -c 'marker; cp /usr/bin/marker /tmp/copy; /tmp/copy || echo refused') == $'ran\nrefused' ]]
    [[ $(podman_once marker) == ran ]]
    same "exec added deny /tmp/copy" "$(alert_lines)"
    podman_end in-podman
}
