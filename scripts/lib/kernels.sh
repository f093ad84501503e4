# shellcheck shell=bash disable=SC2154 # variables of common.sh and of the script that reads this
# Kernels to build for and to boot: Debian's packages unpacked into the cache (never installed), and one built for debugging.
#   $dir/release          the kernel's release
#   $dir/vmlinuz          what qemu boots
#   $dir/headers          what Kbuild builds against (make -C)
#   $dir/tree             the unpacked packages; $dir/debs what they came from (not for "debug")

kernel_names=(6.1 6.12 debug)

is_kernel() { [[ " ${kernel_names[*]} " == *" $1 "* ]]; }

# An apt of our own beside the host's: its sources are the Debian ones among the host's, plus backports of the same mirror,
# and it shares neither lists nor state with the host.
private_apt() { APT_CONFIG=$cache/apt/apt.conf apt-get --quiet=2 -o Dpkg::Use-Pty=0 "$@"; }
private_apt_cache() { APT_CONFIG=$cache/apt/apt.conf apt-cache "$@"; }

debian_sources() {
    local label uri codename component keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(LABEL)|$(REPO_URI)|$(CODENAME)|$(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
        sort -u | while IFS='|' read -r label uri codename component; do
            [[ $component == main ]] || continue
            echo "deb [signed-by=$keyring] $uri $codename main"
            [[ $label == Debian && $codename != *-* ]] && echo "deb [signed-by=$keyring] $uri $codename-backports main"
        done | sort -u
}

prepare_private_apt() {
    local dir=$cache/apt
    mkdir -p "$dir"/{lists/partial,state,archives/partial,preferences}
    debian_sources >"$dir/sources.new"
    [[ -s $dir/sources.new ]] || { apt_get update; debian_sources >"$dir/sources.new"; }
    [[ -s $dir/sources.new ]] || die "apt knows no Debian archive: check /etc/apt/sources.list.d and run 'apt-get update'"
    mv "$dir/sources.new" "$dir/sources.list"
    # The host's ways to its mirror (proxies and the like) hold here too: only the directories differ.
    cat >"$dir/apt.conf" <<-END
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::Etc::preferencesparts "$dir/preferences";
		Dir::State "$dir/state";
		Dir::State::lists "$dir/lists";
		Dir::State::status "/var/lib/dpkg/status";
		Dir::Cache "$dir";
		Dir::Cache::archives "$dir/archives";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		Debug::NoLocking "true";
		APT::Install-Recommends "false";
	END
    [[ -n $(find "$dir/lists" -name '*Packages*' -mmin -720 -print -quit) ]] ||
        { private_apt update && find "$dir/lists" -name '*Packages*' -exec touch {} +; } ||
        die "apt could not read its Debian archives (see above)"
}

# download DIRECTORY PACKAGE[=VERSION]...
download() {
    local dir=$1; shift
    (cd "$dir" && chmod 755 . && private_apt -o APT::Sandbox::User=root download "$@")
}

newest() { # newest PACKAGE RELEASE: its newest version in that release of Debian
    private_apt_cache madison "$1" | awk -F ' *[|] *' -v r=" $2/main" '$3 ~ r { print $2 }' | sort -rV | head -n 1
}

debian_release() { awk '$4 ~ /^[a-z]+$/ { print $4; exit }' "$cache/apt/sources.list"; }

make_debian_kernel() {
    local dir=$1 version release suite; suite=$(debian_release)
    if [[ $kernel == 6.12 ]]; then
        version=$(newest linux-image-amd64 "$suite-backports")
    else
        version=$( (newest linux-image-amd64 "$suite-security"; newest linux-image-amd64 "$suite") | sort -rV | head -n 1)
    fi
    [[ $version == "$kernel".* ]] || die "the Debian archive's kernel is '$version', and $kernel is needed"
    release=$(private_apt_cache show "linux-image-amd64=$version" | sed -n 's/^Depends:.*linux-image-\([^ ,]*\).*/\1/p' | head -n 1)
    local common=${release%-amd64}-common
    local kbuild; kbuild=$(private_apt_cache show "linux-headers-$release=$version" |
        sed -n 's/^Depends:.*\(linux-kbuild-[^ ,]*\).*/\1/p' | head -n 1)
    mkdir "$dir/debs" "$dir/tree"
    say "fetching Debian's kernel $release ($version)"
    # The headers want kbuild of this version or a later one, and the archive has the later one first: what is not signed
    # comes days before the kernel that is.
    download "$dir/debs" {"linux-image-$release","linux-headers-$release","linux-headers-$common"}="$version" "$kbuild"
    local deb
    for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/tree"; done

    # The packages expect to be at /usr: make them find each other where they are now.
    local src=$dir/tree/usr/src headers=$dir/tree/usr/src/linux-headers-$release
    sed -i "s:/usr/src/:\$(dir \$(abspath \$(lastword \$(MAKEFILE_LIST))))../:" "$headers/Makefile"
    ln -sfn "../../lib/$kbuild/scripts" "$headers/scripts"
    ln -sfn "../../lib/$kbuild/scripts" "$src/linux-headers-$common/scripts"
    [[ ! -d $dir/tree/usr/lib/$kbuild/tools ]] || for d in "$headers" "$src/linux-headers-$common"; do
        ln -sfn "../../lib/$kbuild/tools" "$d/tools"
    done
    ln -s "tree/usr/src/linux-headers-$release" "$dir/headers"
    ln -s "tree/boot/vmlinuz-$release" "$dir/vmlinuz"
    echo "$release" >"$dir/release"
    find "$dir/tree/lib/modules" -name '*.ko.xz' -exec xz -d {} +
    depmod -b "$dir/tree" "$release"
}

make_debug_kernel() {
    need "building the debug kernel" flex bison libelf-dev bc libssl-dev gcc make xz-utils cpio rsync
    check_space "$cache" 8000
    local dir=$1 version; version=$(newest linux-source-6.1 "$(debian_release)-security")
    mkdir "$dir/debs" "$dir/build"
    say "building the debug kernel from linux-source-6.1 ($version): about 20 minutes on two cores, once"
    download "$dir/debs" "linux-source-6.1${version:+=$version}"
    dpkg-deb --fsys-tarfile "$dir"/debs/*.deb | tar -xO ./usr/src/linux-source-6.1.tar.xz | tar -xJ -C "$dir/build" --strip-components=1
    rm -r "$dir/debs"
    local make=(nice -n 19 make -C "$dir/build" -j "$(nproc)" --silent)
    "${make[@]}" allnoconfig KCONFIG_ALLCONFIG="$top/scripts/kernel/debug.config"
    local option
    while read -r option; do
        grep -qx "$option" "$dir/build/.config" || say "note: the debug kernel has no $option"
    done < <(grep '^CONFIG.*=y' "$top/scripts/kernel/debug.config")
    "${make[@]}" bzImage modules_prepare
    "${make[@]}" kernelrelease >"$dir/release"
    # everything is built in: what vmlinux exports is all that there is
    cp "$dir/build/vmlinux.symvers" "$dir/build/Module.symvers"
    find "$dir/build" -name '*.o' -not -path '*/scripts/*' -not -path '*/tools/*' -delete
    cp "$dir/build/arch/x86/boot/bzImage" "$dir/vmlinuz"
    ln -s build "$dir/headers"
    mkdir -p "$dir/tree/lib/modules/$(<"$dir/release")"
}

# kernel_dir NAME   the cached kernel, fetched or built if need be
kernel_dir() {
    local kernel=$1
    if [[ $kernel == debug ]]; then
        cached kernel-debug "$(hash_of "$(<"$top/scripts/kernel/debug.config")" "$(declare -f make_debug_kernel)")" make_debug_with_apt
    else
        cached "kernel-$kernel" "$(hash_of "$kernel" "$(declare -f make_debian_kernel)")" make_debian_with_apt
    fi
}

# kbuild_path DIRECTORY   Kbuild cannot take a path with a space, or much else: it sees such a directory through a link.
kbuild_path() {
    [[ $1 == *[^A-Za-z0-9_./+-]* ]] || { echo "$1"; return; }
    mkdir -p "$cache/kbuild"
    find "$cache/kbuild" -xtype l -delete # of checkouts that are gone
    ln -sfn "$1" "$cache/kbuild/$(hash_of "$1")"
    echo "$cache/kbuild/$(hash_of "$1")"
}

takes_kernel() {
    if is_made kernel_dir "$1"; then
        return
    elif [[ $1 == debug ]]; then
        takes "$cache" 1800 8000 "building the debug kernel"
    else
        takes "$cache" 800 900 "kernel $1"
    fi
}

make_debug_with_apt() { prepare_private_apt; make_debug_kernel "$1"; }
make_debian_with_apt() { need "unpacking kernels" kmod xz-utils; check_space "$cache" 900; prepare_private_apt; make_debian_kernel "$1"; }
