# What each script looks for before it makes anything, and what it says when that is not there. Nothing here reaches the
# host: what is faked is first in PATH, or mounted over the real thing where only the script sees it.

# shellcheck disable=SC2030,SC2031 # each test has variables of its own, as it should
bats_require_minimum_version 1.5.0

scripts=(build vm up test check)

setup_file() {
    # Scripts alone, in a place that anyone can read, with nothing built.
    export copy=$BATS_FILE_TMPDIR/copy
    mkdir "$copy"
    cp -a "$BATS_TEST_DIRNAME/../../scripts" "$copy"
    chmod -R go+rX "$BATS_RUN_TMPDIR"
}

setup() {
    cd "$copy" || return
    rm -rf build
    fakes=$BATS_TEST_TMPDIR/fakes
    mkdir "$fakes"
    export TMPDIR=/var/tmp
}

# start SCRIPT   in such a way that it needs what this file takes away
start() {
    local words
    case $1 in
    build) words=(build) ;;
    vm) words=(vm run --no-module -- true) ;;
    up) words=(up --vm) ;;
    test) words=(test --only harness) ;;
    check) words=(check) ;;
    esac
    PATH=$fakes:$PATH timeout 120 "${under[@]}" "${checkout:-$copy}/scripts/${words[0]}" "${words[@]:1}" 3>&-
}

# refuses TEXT...   each script of $scripts ends with 1, having said all of these
refuses() {
    local script text
    for script in "${scripts[@]}"; do
        run start "$script"
        [[ $status -eq 1 ]] || { echo "$script ended with $status: $output"; return 1; }
        for text; do [[ $output == *"$text"* ]] || { echo "$script did not say '$text', but: $output"; return 1; }; done
        # before anything is made
        [[ ! -e $copy/build || ${begun-} ]]
    done
}

fake() { # fake PROGRAM   from standard input
    { echo '#!/bin/bash'; cat; } >"$fakes/$1"
    chmod 755 "$fakes/$1"
}

# fake_packages NAME...   these are not installed, and apt-get, which notes what it was asked for, cannot help it
fake_packages() {
    fake dpkg-query <<<"for p in $*; do [[ \${!#} != \"\$p\" ]] || exit 1; done; exec /usr/bin/dpkg-query \"\$@\""
    fake apt-get <<<"[[ \$* == *--assume-no* ]] || echo \"\$*\" >>'$BATS_TEST_TMPDIR/asked'; exit ${status_of_apt:-100}"
}

# Run under this, a script has mounts of its own: those that $mounts makes.
mounted() { under=(unshare --mount bash -euc "$mounts"$'\n''exec "$@"' -); }

@test "whoever is not root is told so" {
    under=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    refuses "needs root"
}

@test "on another architecture it is not tried" {
    fake dpkg <<<'echo arm64'
    refuses "needs the amd64 architecture, and this machine is arm64"
}

@test "too little memory is said, with how much is needed and for what" {
    sed -E 's/^(MemAvailable|SwapFree):.*/\1: 150000 kB/' /proc/meminfo >"$BATS_TEST_TMPDIR/meminfo"
    mounts="mount --bind '$BATS_TEST_TMPDIR/meminfo' /proc/meminfo"
    mounted
    refuses "too little memory: 292 MB are available, and " " MB are needed for "
    scripts=(vm up test)
    refuses "2348 MB are needed for a virtual machine of 2048 MB"
}

@test "a machine of 4 GB is large enough" {
    sed -E 's/^MemAvailable:.*/MemAvailable: 3000000 kB/; s/^SwapFree:.*/SwapFree: 0 kB/' /proc/meminfo >"$BATS_TEST_TMPDIR/meminfo"
    mounts="mount --bind '$BATS_TEST_TMPDIR/meminfo' /proc/meminfo"
    mounted
    # what is missing after that shows that it was passed
    begun=1
    fake_packages cpio ninja-build jq codespell
    refuses "could not install"
}

@test "too little space for what is made once is said, with how much is needed, where, for what, and what to do" {
    export HOLDFAST_CACHE=$BATS_TEST_TMPDIR/cache
    mkdir "$HOLDFAST_CACHE"
    mounts="mount -t tmpfs -o size=8m tmpfs '$HOLDFAST_CACHE'"
    mounted
    refuses "too little disk space: $HOLDFAST_CACHE has 8 MB free, and " "kernel 6.1" "HOLDFAST_CACHE (now $HOLDFAST_CACHE)"
    scripts=(vm up test)
    refuses "11600 MB are needed for kernel 6.1, kernel 6.12, making the guest's root"
}

@test "too little space for what a virtual machine writes is said" {
    export TMPDIR=$BATS_TEST_TMPDIR/tmp
    mkdir "$TMPDIR"
    mounts="mount -t tmpfs -o size=8m tmpfs '$TMPDIR'"
    mounted
    scripts=(vm up test)
    refuses "too little disk space: $TMPDIR has 8 MB free, and 1000 MB are needed for what a virtual machine writes" "TMPDIR (now $TMPDIR)"
}

@test "too little space in the checkout is said" {
    checkout=$BATS_TEST_TMPDIR/checkout
    mkdir "$checkout"
    mounts="mount -t tmpfs -o size=8m tmpfs '$checkout'; cp -a scripts '$checkout'"
    mounted
    scripts=(build up test check)
    refuses "too little disk space: $checkout has " " MB are needed for building in build"
}

@test "needs of one file system add up, of things made one after the other; those of memory do not" {
    # shellcheck disable=SC2016
    run -1 bash -euc '. scripts/lib/common.sh; free_space() { echo 1000; }; free_memory() { echo 1000; }
        takes /usr 400 600 one; takes /usr/lib 0 600 two; takes_memory 900 three; takes_memory 800 four; check_room; echo enough
        takes /usr 0 601 five; check_room'
    [[ $output == "enough"* && $output == *"has 1000 MB free, and 1001 MB are needed for one, two, five"* && $output != *memory* ]]
}

@test "on a host of its own, scripts/up looks for memory and space too" {
    # shellcheck disable=SC2016
    run -1 scripts/vm run --no-module --memory 600 -- sh -c \
        'mkdir /tmp/small && mount -t tmpfs -o size=8m tmpfs /tmp/small && cp -a scripts /tmp/small && /tmp/small/scripts/up'
    [[ $output == *"too little disk space: /tmp/small has "*" MB are needed for building in build"* ]]
    [[ $output == *"too little memory: "*" MB are needed for compiling"* ]]
}

@test "packages that are missing are named and installed" {
    local -A missing=([build]=ninja-build [vm]=cpio [up]=cpio [test]=jq [check]=codespell)
    local script
    for script in "${!missing[@]}"; do
        fake_packages "${missing[$script]}"
        rm -f "$BATS_TEST_TMPDIR/asked"
        run -1 start "$script"
        [[ $output == *": installing for "*": ${missing[$script]}"$'\n'* ]]
        [[ $output == *"could not install: ${missing[$script]} (needed for "* ]]
        # once more with fresh lists
        [[ $(grep -oE '(update|install .*)$' "$BATS_TEST_TMPDIR/asked") == \
            "install --no-install-recommends --yes ${missing[$script]}"$'\n'update ]]
        rm -rf build
    done
    # and then it goes on
    status_of_apt=0 fake_packages qemu-system-x86 cpio
    run -0 env PATH="$fakes:$PATH" scripts/vm prepare
    [[ $output == *"installing for running virtual machines: qemu-system-x86 cpio"*"ready: 6.1."* ]]
}

@test "packages that do not fit are not begun with" {
    fake_packages cpio
    fake apt-get <<<"[[ \$* == *--assume-no* ]] && echo 'After this operation, 5,000 GB of additional disk space will be used.'; echo \"\$*\" >>'$BATS_TEST_TMPDIR/asked'"
    scripts=(vm)
    refuses "too little disk space: /usr has " "5000050 MB are needed for these packages"
    run ! grep -v assume-no "$BATS_TEST_TMPDIR/asked"
}

locks=(/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock)

# hold NUMBER   makes another process hold that one of $locks: of files that only it and the script see
hold() {
    local lock=$BATS_TEST_TMPDIR/lock i
    mounts=''
    for i in "${!locks[@]}"; do
        : >"$lock$i"
        mounts+="mount --bind '$lock$i' ${locks[i]};"
    done
    mounted
    rm -f "$BATS_TEST_TMPDIR/held"
    # F_SETLK; a script's sleep ends it, if the test says so
    # shellcheck disable=SC2016
    perl -e '$0 = "apt-get install nginx"; open(my $file, "+<", $ARGV[0]) or die; my $lock = pack("s s x4 q q i x4", 1, 0, 0, 0, 0);
        fcntl($file, 6, $lock) or die; print "held\n"; close STDOUT; sleep 300' \
        "$lock$1" >"$BATS_TEST_TMPDIR/held" 3>&- &
    holder=$!
    for ((i = 0; i < 100; i++)); do [[ ! -s $BATS_TEST_TMPDIR/held ]] || return 0; sleep 0.1; done
    return 1
}

teardown() { [[ ! ${holder-} ]] || kill "$holder" 2>/dev/null || true; }

@test "the package manager's lock is waited for, whichever it is, and who holds it is named" {
    # not i, which 'run' sets too
    local script number=0 lock
    for script in "${scripts[@]}"; do
        lock=${locks[number % ${#locks[@]}]}
        hold $((number++ % ${#locks[@]}))
        fake sleep <<<"kill $holder; while kill -0 $holder; do :; done 2>/dev/null"
        fake_packages cpio ninja-build jq codespell
        run -1 start "$script"
        [[ $output == *"the package manager is busy: process $holder (apt-get install nginx) holds $lock: waiting up to ten minutes for it"* ]]
        # its turn
        [[ $output == *"could not install"* ]]
        rm -rf build
    done
}

@test "the package manager's lock is not waited for without end" {
    hold 0
    fake sleep <<<"echo \"\$1\" >>'$BATS_TEST_TMPDIR/slept'"
    fake_packages cpio
    scripts=(vm)
    refuses "the package manager is still busy: process $holder (apt-get install nginx) holds /var/lib/dpkg/lock-frontend"
    [[ ! -e $BATS_TEST_TMPDIR/asked ]]
    [[ $(awk '{ n += $1 } END { print n }' "$BATS_TEST_TMPDIR/slept") == 600 ]]
}

@test "without a package to install, the lock is nobody's business" {
    hold 0
    run -0 "${under[@]}" scripts/vm prepare
    [[ $output != *busy* ]]
}
