# Containers whose image is a Debian, this machine's own: languages that make code as they run, a compiler, package managers.
# kernels: none

load lib/container
load lib/holdfast

setup() { container_setup; holdfast_setup; block_escapes; }
teardown() { holdfast_teardown; container_teardown; }

start() { # start NAME
    make_debian_image
    start_debian "$1" --cap all
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

@test "a text that python reads is not covered: it runs and is not reported, whatever the action" {
    local action
    start text
    exec_container text sh -c 'echo "print(\"ran\")" >/root/dropped.py; printf "#!/usr/bin/python3\nprint(\"ran\")\n" >/root/script; chmod 755 /root/script'
    for action in alert block; do
        set_rule $action
        [[ $(exec_container text python3 /root/dropped.py) == ran ]]
        no_alerts
    done
    # what is started by its name is a program
    run exec_container text /root/script
    [[ $status -ne 0 && $output != *ran* ]]
    same "exec added deny /root/script" "$(alert_lines)"
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

# Packages of three kinds, each with a program that is run as the package is installed: NAME_make, NAME_install CONTAINER.
marker=$BATS_TEST_DIRNAME/../../build/tests/programs/marker

apt_make() {
    local root=$container_dir/package
    install -D "$marker" "$root/usr/games/packaged"
    mkdir "$root/DEBIAN"
    printf '%s: %s\n' Package packaged Version 1 Architecture amd64 Maintainer nobody Description 'a program' >"$root/DEBIAN/control"
    printf '#!/bin/sh\n/usr/games/packaged\n' >"$root/DEBIAN/postinst"
    chmod 755 "$root/DEBIAN/postinst"
    dpkg-deb --root-owner-group --build "$root" "$container_dir/packaged.deb"
}
apt_install() {
    cp "$container_dir/packaged.deb" "$(container_root "$1")/tmp/"
    exec_container "$1" apt-get install --yes -o APT::Sandbox::User=root /tmp/packaged.deb
    [[ $(exec_container "$1" /usr/games/packaged) == ran ]]
}

pip_make() {
    install -D "$marker" "$container_dir/pip/probe"
    printf '%s\n' 'import setuptools, subprocess' 'subprocess.check_call(["./probe"])' \
        'setuptools.setup(name="packaged", version="1", py_modules=[])' >"$container_dir/pip/setup.py"
}
pip_install() {
    cp -a "$container_dir/pip" "$(container_root "$1")/opt/pip"
    exec_container "$1" pip3 install --no-index --no-build-isolation --break-system-packages /opt/pip
}

npm_make() {
    install -D "$marker" "$container_dir/npm/package/probe"
    echo '{"name": "packaged", "version": "1.0.0", "bin": "probe", "scripts": {"postinstall": "./probe"}}' \
        >"$container_dir/npm/package/package.json"
    tar -C "$container_dir/npm" -czf "$container_dir/npm.tgz" package
}
npm_install() {
    cp "$container_dir/npm.tgz" "$(container_root "$1")/opt/"
    exec_container "$1" npm install --global --offline --no-audit --no-fund /opt/npm.tgz
    [[ $(exec_container "$1" /usr/local/bin/packaged) == ran ]]
}

# reported_as MANAGER PROCESS… -- PATH…   what is installed runs these, and a person can tell for whom
reported_as() {
    local manager=$1 chain=() process id said path; shift
    while [[ $1 != -- ]]; do chain+=("$1"); shift; done
    shift
    start "by-$manager"
    "${manager}_make"
    set_rule alert
    "${manager}_install" "by-$manager"
    same "$(printf 'exec added alert %s\n' "$@")" "$(alert_lines)"
    for path; do
        # one that was run by hand too is the last
        id=$(alerts '[.[] | select(.rule.name == $rule and .operation.path == $path).id] | last // empty' --arg rule "$rule" --arg path "$path")
        [[ $id ]]
        said=$(holdfastctl alerts show "$id")
        echo "$said"
        for process in "${chain[@]}"; do [[ $said == *"started by"*" $process ("* ]]; done
    done
}

@test "apt-get at run time: what it brings in is reported as its doing" {
    reported_as apt dpkg apt-get -- /usr/games/packaged /var/lib/dpkg/info/packaged.postinst
}

@test "pip at run time: what it brings in is reported as its doing" {
    reported_as pip pip3 -- /opt/pip/probe
}

@test "npm at run time: what it brings in is reported as its doing" {
    reported_as npm 'npm install /op' -- /usr/local/lib/node_modules/packaged/probe
}

@test "a package manager at run time: directories keep what it brings in quiet" {
    local manager
    start by-directory
    set_rule block /usr/games /var/lib/dpkg /opt/pip /usr/local/bin /usr/local/lib/node_modules
    for manager in apt pip npm; do
        "${manager}_make"
        "${manager}_install" by-directory
    done
    no_alerts
}

@test "a package manager at run time: digests keep what it brings in quiet" {
    local file manager
    start by-digest
    for manager in apt pip npm; do "${manager}_make"; done
    rule=test-packages
    write_rules "$(rule_text block; printf '    allow_list:\n      programs:\n'
        for file in package/usr/games/packaged package/DEBIAN/postinst pip/probe npm/package/probe; do
            echo "        - sha256:$(sha256sum <"$container_dir/$file" | cut -c 1-64)"
        done | sort -u)"
    wait_for 20 in_force
    for manager in apt pip npm; do "${manager}_install" by-digest; done
    no_alerts
    run exec_container by-digest sh -c 'echo >>/usr/games/packaged; /usr/games/packaged'
    [[ $status -ne 0 && $output == *"Operation not permitted"* ]]
}
