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

@test "python, its extensions and the code that they make run unreported" {
    start python
    set_rule block
    [[ $(exec_container python python3 -c '
import ctypes, grpc, lzma, mmap, sqlite3, ssl
assert ssl.create_default_context() and grpc.insecure_channel("localhost:1")
assert sqlite3.connect(":memory:").execute("select 7").fetchone() == (7,)
assert ctypes.CDLL("libc.so.6").abs(-7) == 7
function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
assert function(lambda i: i + 1)(6) == 7
# made executable as it is mapped, and later
for flags in mmap.MAP_PRIVATE, mmap.MAP_SHARED:
    for later in 0, mmap.PROT_EXEC:
        writable = mmap.PROT_READ | mmap.PROT_WRITE
        code = mmap.mmap(-1, 4096, flags | mmap.MAP_ANONYMOUS, writable | (mmap.PROT_EXEC - later))
        code.write(bytes.fromhex("8d4701c3"))  # lea eax, [rdi + 1]; ret
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        assert not later or ctypes.CDLL(None).mprotect(ctypes.c_void_p(address), 4096, mmap.PROT_READ | later) == 0
        assert function(address)(6) == 7
print("ran")') == ran ]]
    no_alerts
}

@test "perl, node and java run unreported" {
    start languages
    set_rule block
    [[ $(exec_container languages perl -MPOSIX -MSocket -e 'print "ran" if floor(7.5) == 7 && inet_aton("127.0.0.1")') == ran ]]
    [[ $(exec_container languages node -e '
let sum = 0;
for (let i = 0; i < 200000; i++) sum += i;
// a function of no arguments that returns 7
const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 7, 11];
const made = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code)));
console.log(sum === 19999900000 && made.exports.f() === 7 ? "ran" : "wrong")') == ran ]]
    # each method is compiled before it is run
    run exec_container languages java -Xcomp -XX:TieredStopAtLevel=1 -version
    echo "$output"
    [[ $status -eq 0 && $output == *OpenJDK* ]]
    no_alerts
}

@test "a compiler runs unreported; what it makes is not the image's" {
    start compiler
    set_rule block
    exec_container compiler sh -c 'echo "int main(void) { return 0; }" >/tmp/a.c && gcc -o /tmp/made /tmp/a.c'
    no_alerts
    run exec_container compiler /tmp/made
    echo "$output"
    [[ $status -ne 0 && $output == *"peration not permitted"* ]]
    same "exec added deny /tmp/made" "$(alert_lines)"
}

# A package with a program, which is run as the package is installed.
make_package() {
    local root=$container_dir/package
    install -D "$BATS_TEST_DIRNAME/../../build/tests/programs/marker" "$root/usr/games/packaged"
    mkdir "$root/DEBIAN"
    printf '%s: %s\n' Package packaged Version 1 Architecture amd64 Maintainer nobody Description 'a program' >"$root/DEBIAN/control"
    printf '#!/bin/sh\n/usr/games/packaged\n' >"$root/DEBIAN/postinst"
    chmod 755 "$root/DEBIAN/postinst"
    dpkg-deb --root-owner-group --build "$root" "$container_dir/packaged.deb"
}
install_package() { # install_package NAME   in that container
    cp "$container_dir/packaged.deb" "$(container_root "$1")/tmp/"
    exec_container "$1" apt-get install --yes -o APT::Sandbox::User=root /tmp/packaged.deb
    [[ $(exec_container "$1" /usr/games/packaged) == ran ]]
}

@test "a package manager at run time: what it brings in is reported as its doing" {
    local id
    start packages
    make_package
    set_rule alert
    install_package packages
    same "$(printf 'exec added alert %s\n' /usr/games/packaged /var/lib/dpkg/info/packaged.postinst)" "$(alert_lines)"
    # and a person can tell who ran them, and for whom: dpkg, for apt-get
    for id in $(alerts '.[] | select(.rule.name == $rule).id' --arg rule "$rule"); do
        run holdfastctl alerts show "$id"
        echo "$output"
        [[ $output == *"started by"*" dpkg ("*" apt-get ("* ]]
    done
}

@test "a package manager at run time: a directory, or digests, keep what it brings in quiet" {
    local file
    make_package
    start by-directory
    set_rule block /usr/games /var/lib/dpkg
    install_package by-directory
    no_alerts
    start by-digest
    rule=test-packages
    write_rules "$(rule_text block; printf '    allow_list:\n      programs:\n'
        for file in usr/games/packaged DEBIAN/postinst; do
            echo "        - sha256:$(sha256sum <"$container_dir/package/$file" | cut -c 1-64)"
        done)"
    wait_for 20 in_force
    install_package by-digest
    no_alerts
    run exec_container by-digest sh -c 'echo >>/usr/games/packaged; /usr/games/packaged'
    [[ $status -ne 0 && $output == *"Operation not permitted"* ]]
}
