# shellcheck shell=bash disable=SC2154 # variables of common.sh and of the script that reads this
# The emulator. Before version 8.1 qemu translates code from pages that it has not locked: where the kernel patches what
# another processor is about to run, a breakpoint that is long gone can stay in the translation for ever. Debian 12's is
# older; backports' is unpacked beside it (never installed), and finds its libraries and firmware there.

# emulator_dir   prints where qemu-system-x86_64 is to be run from
emulator_dir() {
    local version; version=$(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
    if printf '%s\n' 8.1 "$version" | sort --check=silent --version-sort; then
        dirname "$(type -P qemu-system-x86_64)"
    else
        cached qemu "$(hash_of "$(declare -f make_emulator)")" make_emulator
    fi
}

make_emulator() {
    local dir=$1 version deb
    prepare_private_apt
    version=$(newest qemu-system-x86 "$(debian_release)-backports")
    [[ $version ]] || die "qemu is older than 8.1, and the Debian archive has no later one in backports"
    say "fetching qemu $version"
    mkdir "$dir/debs"
    download "$dir/debs" qemu-system-{x86,common,data}="$version"
    for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/tree"; done
    rm -r "$dir/debs"
    printf '%s\n' '#!/bin/sh' 'tree=$(dirname "$0")/tree/usr' \
        'exec "$tree/bin/qemu-system-x86_64" -L "$tree/share/qemu" -L /usr/share/seabios -L /usr/share/qemu "$@"' \
        >"$dir/qemu-system-x86_64"
    chmod 755 "$dir/qemu-system-x86_64"
}

takes_emulator() { is_made emulator_dir || takes "$cache" 150 200 "the emulator"; }
