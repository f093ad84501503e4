# Containers whose image is a Debian, this machine's own: languages that make code as they run, a compiler, package managers.
# kernels: 6.12

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

start() { # start NAME
    mkdir -p "$image_dir/debian"
    mountpoint -q "$image_dir/debian" || mount --bind / "$image_dir/debian"
    make_bundle "$1" debian --cap all
    start_container "$1"
}

# A package with a program, which is run as it is installed.
make_package() {
    local root=$container_dir/package
    install -D "$BATS_TEST_DIRNAME/../../build/tests/programs/marker" "$root/usr/bin/packaged"
    mkdir "$root/DEBIAN"
    printf '%s: %s\n' Package packaged Version 1 Architecture amd64 Maintainer nobody Description 'a program' >"$root/DEBIAN/control"
    printf '#!/bin/sh\npackaged\n' >"$root/DEBIAN/postinst"
    chmod 755 "$root/DEBIAN/postinst"
    dpkg-deb --root-owner-group --build "$root" "$container_dir/packaged.deb"
    cp "$container_dir/packaged.deb" "$(container_root "$1")/tmp/"
}
install_package() { exec_container "$1" apt-get install --yes -o APT::Sandbox::User=root /tmp/packaged.deb; }

@test "python and its extensions, perl, node and java run unreported, with the code that they make" {
    start languages
    set_rule block
    [[ $(exec_container languages python3 -c '
import ctypes, grpc, lzma, sqlite3, ssl
assert ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda i: i + 1)(6) == 7
assert ctypes.CDLL("libc.so.6").abs(-5) == 5
assert grpc.__version__ and ssl.create_default_context() and sqlite3.connect(":memory:").execute("select 1").fetchone() == (1,)
print("ran")') == ran ]]
    [[ $(exec_container languages perl -MPOSIX -MSocket -e 'print "ran" if floor(7.5) == 7') == ran ]]
    [[ $(exec_container languages node -e '
const add = (a, b) => a + b; let sum = 0;
for (let i = 0; i < 200000; i++) sum = add(sum, i);
const bytes = new Uint8Array([0,97,115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,7,5,1,1,102,0,0,10,6,1,4,0,65,7,11]);
console.log(sum === 19999900000 && new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f() === 7 ? "ran" : "wrong")') == ran ]]
    run exec_container languages java -Xcomp -XX:TieredStopAtLevel=1 -version
    [[ $status -eq 0 && $output == *OpenJDK* ]]
    no_alerts
}

@test "a compiler runs unreported; what it makes is not the image's" {
    start compiler
    set_rule block
    exec_container compiler sh -c 'echo "int main(void) { return 0; }" >/tmp/a.c && gcc -o /tmp/made /tmp/a.c'
    no_alerts
    run exec_container compiler /tmp/made
    [[ $status -ne 0 ]]
    same "exec added deny /tmp/made" "$(alert_lines)"
}

@test "a package manager at run time: what it brings in is reported as its doing, and is quiet by a directory or by digests" {
    local package
    start packages
    make_package packages
    set_rule alert
    install_package packages
    alert_lines
    same "$(printf 'exec added alert %s\n' /usr/bin/packaged /var/lib/dpkg/info/packaged.postinst)" "$(alert_lines)"
    # who did it: dpkg, for apt-get
    alerts '[.[] | select(.rule.name == $rule and .operation.path == "/var/lib/dpkg/info/packaged.postinst")][0].process.ancestors |
        map(.comm) | join(" ")' --arg rule "$rule" >"$container_dir/chain"
    cat "$container_dir/chain"
    [[ " $(<"$container_dir/chain") " == *" dpkg apt-get "* ]]
    delete_container packages

    start by-directory
    cp "$container_dir/packaged.deb" "$(container_root by-directory)/tmp/"
    set_rule block /var/lib/dpkg/info /usr/bin
    install_package by-directory
    [[ $(exec_container by-directory packaged) == ran ]]
    same 0 "$(operations)"
    delete_container by-directory

    start by-digest
    cp "$container_dir/packaged.deb" "$(container_root by-digest)/tmp/"
    rule=test-packages
    write_rules "$(rule_text block; printf '    allow_list:\n      programs:\n'
        for package in usr/bin/packaged DEBIAN/postinst; do
            echo "        - sha256:$(sha256sum <"$container_dir/package/$package" | cut -c 1-64)"
        done)"
    wait_for 20 in_force
    install_package by-digest
    [[ $(exec_container by-digest packaged) == ran ]]
    same 0 "$(operations)"
    run exec_container by-digest sh -c 'echo >>/usr/bin/packaged; packaged'
    [[ $status -ne 0 && $output == *"Operation not permitted"* ]]
}
