# shellcheck shell=bash disable=SC2034 # its variables are for the scripts that read it
# What every script needs: the place, messages, packages, the cache.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=${HOLDFAST_CACHE:-/var/cache/holdfast}
me=$(basename "$0")

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$*"; exit 1; }
wrong_use() { say "$*"; say "try '$me --help'"; exit 2; }

# The comment block at the top of a script is its help.
show_help() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0; }

check_host() {
    ((EUID == 0)) || die "this needs root: it installs packages and mounts file systems. Run it as root."
    local arch; arch=$(dpkg --print-architecture 2>/dev/null) || die "this needs Debian: there is no dpkg here"
    [[ $arch == amd64 ]] || die "this needs the amd64 architecture, and this machine is $arch"
    # shellcheck disable=SC1091
    local id; id=$(. /etc/os-release && echo "${ID:-?} ${VERSION_ID:-?}")
    [[ $id == "debian 12" ]] || say "made for Debian 12, and this is $id: going on, but expect missing packages"
}

# Room: what a script and all that it calls will take is added up first ('takes…'), and looked for once, before anything is
# made ('check_room'): half an hour later is too late to hear of it. The numbers are measured ones and a little more; what
# is in the cache or in build/ already is not asked for again.
declare -A room_dir=() room_kept=() room_peak=() room_why=()
memory_peak=0 memory_why=''

# takes DIRECTORY KEPT PEAK WHAT   megabytes: KEPT stay there, PEAK are in use while it is made; the same WHAT is made once
takes() {
    local dir=$1 fs
    while [[ ! -d $dir ]]; do dir=$(dirname "$dir"); done
    # Directories of one file system share what is free there.
    fs=$(stat -c %d "$dir")
    [[ ", ${room_why[$fs]-}, " != *", $4, "* ]] || return 0
    local peak=$((${room_kept[$fs]:-0} + $3))
    ((peak <= ${room_peak[$fs]:-0})) || room_peak[$fs]=$peak
    room_kept[$fs]=$((${room_kept[$fs]:-0} + $2))
    [[ ${room_dir[$fs]-} ]] || room_dir[$fs]=$dir
    room_why[$fs]+=${room_why[$fs]:+, }$4
}

takes_memory() { # takes_memory MEGABYTES WHAT   one thing after the other, so the largest counts
    (($1 <= memory_peak)) || memory_peak=$1 memory_why=$2
}

free_space() { df --output=avail -BM "$1" | tail -n 1 | tr -dc 0-9; }
free_memory() { awk '/^(MemAvailable|SwapFree):/ { n += $2 } END { print int(n / 1024) }' /proc/meminfo; }

check_room() {
    local fs free short=0
    for fs in "${!room_dir[@]}"; do
        free=$(free_space "${room_dir[$fs]}")
        ((free < ${room_peak[$fs]})) || continue
        short=1
        say "too little disk space: ${room_dir[$fs]} has $free MB free, and ${room_peak[$fs]} MB are needed for ${room_why[$fs]}"
        say "free some, or use a larger place: for what is made once HOLDFAST_CACHE (now $cache), for what a virtual machine" \
            "writes TMPDIR (now ${TMPDIR:-/var/tmp}), for builds another checkout (this one is $top)"
    done
    free=$(free_memory)
    if ((free < memory_peak)); then
        short=1
        say "too little memory: $free MB are available, and $memory_peak MB are needed for $memory_why: end what else runs here, or add swap"
    fi
    ((!short)) || exit 1
}

# check_space DIRECTORY MEGABYTES   right before something large
check_space() {
    local dir=$1 free
    while [[ ! -d $dir ]]; do dir=$(dirname "$dir"); done
    free=$(free_space "$dir")
    ((free >= $2)) || die "$dir has $free MB free, and $2 MB are needed. Free some, or set HOLDFAST_CACHE to a larger place."
}

# takes_userspace DIRECTORY   what scripts/build makes there
takes_userspace() {
    local size=900 have=0
    [[ $1 != */sanitize ]] || size=1500
    [[ $1 != */tsan ]] || size=700
    [[ ! -d $1 ]] || have=$(cd "$1" && du -sm --exclude=./kmod --exclude=./debug --exclude=./sanitize --exclude=./tsan . | cut -f 1)
    # A library is written beside the one that it replaces.
    ((size - have > 200)) || size=$((have + 200))
    takes "$top" $((size - have)) $((size - have)) "building in ${1#"$top/"}"
    takes_memory $compiler_memory "compiling"
}
# For one compiler, which takes up to 750 MB with sanitizers, and what is beside it. More run at once where there is more.
compiler_memory=1000

# What the package manager locks is locked with fcntl(2): flock(1) does not see it, and the kernel says who holds it.
apt_locks=(/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock)

apt_holder() {
    perl -e 'for (@ARGV) {
        open(my $file, "<", $_) or next;
        my $lock = pack("s s x4 q q i x4", 1, 0, 0, 0, 0);    # struct flock: F_WRLCK, the whole file
        fcntl($file, 5, $lock) or next;                       # F_GETLK
        my ($type, $pid) = (unpack("s s x4 q q i", $lock))[0, 4];
        next if $type == 2;                                   # F_UNLCK: free
        my $command = "";
        if (open(my $proc, "<", "/proc/$pid/cmdline")) { $command = substr(<$proc> // "", 0, 80) =~ tr/\0/ /r =~ s/ +$//r; }
        print $pid > 0 ? "process $pid ($command)" : "a process that cannot be seen from here", " holds $_\n";
        exit 0;
    }
    exit 1' "${apt_locks[@]}"
}

wait_for_apt() {
    local holder i
    for ((i = 0; i < 300; i++)); do
        holder=$(apt_holder) || return 0
        ((i)) || say "the package manager is busy: $holder: waiting up to ten minutes for it"
        sleep 2
    done
    die "the package manager is still busy: $holder: try again when it has ended"
}

# The waiting is in wait_for_apt; apt's own is for those that come between.
apt_get() { DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o DPkg::Lock::Timeout=60 -o Dpkg::Use-Pty=0 "$@"; }

# size_of_packages PACKAGE...   megabytes that they and what they depend on will take; nothing if apt cannot say yet
size_of_packages() {
    { LC_ALL=C apt-get --assume-no -o Debug::NoLocking=true install --no-install-recommends "$@" 2>/dev/null || true; } |
        awk '/^After this operation, .* additional/ {
            gsub(",", "", $4); print int($4 * ($5 == "GB" ? 1000 : $5 == "MB" ? 1 : 0)) + 50 }'
}

# need WHY PACKAGE...   install what is missing, saying what and why
need() {
    local why=$1 missing=() p; shift
    for p; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) == installed ]] || missing+=("$p")
    done
    ((${#missing[@]})) || return 0
    say "installing for $why: ${missing[*]}"
    wait_for_apt
    local size free; size=$(size_of_packages "${missing[@]}") free=$(free_space /usr)
    ((free >= ${size:-0})) || die "too little disk space: /usr has $free MB free, and $size MB are needed for these packages: free some"
    local log; log=$(mktemp)
    if ! apt_get install --no-install-recommends --yes "${missing[@]}" >"$log" 2>&1; then
        { apt_get update && apt_get install --no-install-recommends --yes "${missing[@]}"; } >"$log" 2>&1 || {
            tail -n 20 "$log" >&2; rm -f "$log"
            die "could not install: ${missing[*]} (needed for $why)"
        }
    fi
    rm -f "$log"
}

hash_of() { printf '%s\n' "$@" | sha256sum | cut -c 1-16; }

# cached NAME KEY FUNCTION   prints $cache/NAME-KEY, made by FUNCTION in a temporary directory if it is not there. The
# directory appears by a rename, so one that is there is whole. Other keys of the same name are left for whoever is using
# them; only the newest three are kept.
cached() {
    local dir=$cache/$1-$2 tmp lock
    if [[ ! -e $dir/.complete ]]; then
        mkdir -p "$cache" || die "cannot write to $cache: set HOLDFAST_CACHE to a directory that can be"
        exec {lock}>"$cache/.$1.lock"
        flock --nonblock "$lock" || { say "another run is making $1: waiting for it"; flock "$lock"; }
        if [[ ! -e $dir/.complete ]]; then
            # of a run that was killed, which may have left mounts in it
            findmnt --noheadings --raw --output TARGET | grep -F "$cache/.$1.tmp." | LC_ALL=C sort --reverse |
                xargs -r -n 1 umount --lazy || true
            rm -rf --one-file-system "$cache/.$1".tmp.* "$dir"
            tmp=$(mktemp -d "$cache/.$1.tmp.XXXXXX")
            chmod 755 "$tmp"
            # not "$3 || …": that would switch off 'set -e' in it
            set +e
            (set -e; "$3" "$tmp" >&2)
            local status=$?
            set -e
            ((status == 0)) || { rm -rf --one-file-system "$tmp"; die "could not make $1"; }
            touch "$tmp/.complete"
            mv -T "$tmp" "$dir"
            prune "$1"
        fi
        exec {lock}>&-
    fi
    echo "$dir"
}

# is_made FUNCTION ARGUMENT...   is what this one would print, or make first, in the cache?
is_made() { (cached() { [[ -e $cache/$1-$2/.complete ]] && echo "$cache/$1-$2"; }; "$@") >/dev/null; }

prune() {
    local old
    # shellcheck disable=SC2012 # names are ours: no odd characters
    for old in $(ls -dt "$cache/$1"-????????????????/ 2>/dev/null | tail -n +4); do rm -rf --one-file-system "$old"; done
}
