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

# check_space DIRECTORY MEGABYTES
check_space() {
    local dir=$1
    while [[ ! -d $dir ]]; do dir=$(dirname "$dir"); done
    local free; free=$(df --output=avail -BM "$dir" | tail -n 1 | tr -dc 0-9)
    ((free >= $2)) || die "$dir has $free MB free, and $2 MB are needed. Free some, or set HOLDFAST_CACHE to a larger place."
}

check_memory() {
    local free; free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
    ((free >= $1)) || die "$free MB of memory are available, and $1 MB are needed"
}

# apt-get holds its lock until another one ends: say so once, wait ten minutes at most.
apt_get() {
    # A lock of fcntl(2), which flock(1) does not see.
    if lslocks --noheadings --raw --output PATH 2>/dev/null | grep -qx /var/lib/dpkg/lock-frontend; then
        say "the package manager is busy: waiting up to ten minutes for it"
    fi
    DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@"
}

# need WHY PACKAGE...   install what is missing, saying what and why
need() {
    local why=$1 missing=() p; shift
    for p; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) == installed ]] || missing+=("$p")
    done
    ((${#missing[@]})) || return 0
    say "installing for $why: ${missing[*]}"
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

prune() {
    local old
    # shellcheck disable=SC2012 # names are ours: no odd characters
    for old in $(ls -dt "$cache/$1"-????????????????/ 2>/dev/null | tail -n +4); do rm -rf --one-file-system "$old"; done
}
