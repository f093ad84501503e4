# shellcheck shell=bash disable=SC2154 # variables of common.sh and of the script that reads this
# The guest: its root, a Debian made once as an ext4 image, and the initramfs that finds it.

guest_packages() { sed 's/#.*//' "$top/scripts/guest/packages" | xargs; }

make_guest() {
    local dir=$1 k debs=() apt_settings
    need "making the guest's root" mmdebstrap e2fsprogs
    check_space "$cache" 9000
    prepare_private_apt
    for k in 6.1 6.12; do debs+=("$(kernel_dir "$k")"/debs/*.deb); done
    # proxies and the like of the host's apt, for the time of the making
    apt_settings=$dir/apt.conf
    apt-config dump --format '%F "%v";%n' Acquire | grep -v '^Acquire::IndexTargets' >"$apt_settings"
    grep -v -- '-backports' "$cache/apt/sources.list" >"$dir/sources.list"
    mkdir "$dir/debs"; cp "${debs[@]}" "$dir/debs"
    say "making the guest's root: a few minutes, once"
    # Left out: documentation, and drivers that no virtual machine of ours has.
    local log=$dir/log
    mmdebstrap --mode=root --variant=minbase --format=directory --quiet \
        --aptopt="$apt_settings" --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/gpu/*' --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/media/*' \
        --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/infiniband/*' --dpkgopt='path-exclude=/lib/modules/*/kernel/sound/*' \
        --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/net/wireless/*' \
        --dpkgopt='path-exclude=/lib/modules/*/kernel/drivers/net/ethernet/*' \
        --setup-hook='mkdir -p "$1/usr/share/man/man1"' `# without which java cannot be set up` \
        --include="$(guest_packages | tr ' ' ,)" \
        --customize-hook="copy-in '$dir/debs' /" \
        --customize-hook="APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG INITRD=No apt-get --yes --quiet=2 install \
            -oDPkg::Chroot-Directory=\"\$1\" -oDPkg::Install::Recursive=false \"\$1\"/debs/*.deb; rm -r \"\$1/debs\"" \
        --customize-hook="'$top/scripts/guest/customize' \"\$1\"" \
        "" "$dir/root" "$dir/sources.list" >"$log" 2>&1 || { tail -n 40 "$log"; return 1; }
    rm -rf "$dir/debs" "$apt_settings"
    # room for tests to write in; the file is sparse
    local size=$(($(du -sm "$dir/root" | cut -f 1) + 4096))
    mke2fs -q -t ext4 -L root -E lazy_itable_init=0,lazy_journal_init=0 -d "$dir/root" "$dir/root.img" "${size}M" >>"$log"
    mke2fs -q -t ext4 -L scratch -E lazy_itable_init=0,lazy_journal_init=0 "$dir/scratch.img" 16G >>"$log"
    rm -rf "$dir/root"
}

guest_dir() {
    local a b; a=$(kernel_dir 6.1); b=$(kernel_dir 6.12)
    cached guest "$(hash_of "$(guest_packages)" "$(<"$top/scripts/guest/customize")" "$(declare -f make_guest)" "$a" "$b")" make_guest
}

# takes_guest KERNEL   what a virtual machine is made of
takes_guest() {
    takes_kernel 6.1
    takes_kernel 6.12
    takes_kernel "$1"
    is_made guest_dir || takes "$cache" 2700 10000 "making the guest's root"
}

# takes_run MEMORY   a run of one: what is written to its disks is not kept
takes_run() {
    takes "${TMPDIR:-/var/tmp}" 0 1000 "what a virtual machine writes"
    takes_memory $(($1 + 300)) "a virtual machine of $1 MB"
}

# make_initramfs DIRECTORY   busybox and the modules up to the root
make_initramfs() {
    need "making the initramfs" busybox-static cpio kmod
    local dir=$1 kdir release m i=10; kdir=$(kernel_dir "$kernel"); release=$(<"$kdir/release")
    mkdir -p "$dir"/tree/{bin,dev,proc,sys,run,lower,upper,root,modules}
    cp "$(command -v busybox)" "$dir/tree/bin/busybox"
    if [[ -d $kdir/tree/lib/modules/$release/kernel ]]; then
        for m in virtio_pci virtio_blk virtio_console virtio_rng 9pnet_virtio 9p crc32c_generic ext4 overlay; do
            modprobe -d "$kdir/tree" -S "$release" --show-depends "$m"
        done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r m; do
            cp "$m" "$dir/tree/modules/$((i++))-$(basename "$m")"
        done
    fi
    (cd "$dir/tree" && find . -print0 | sort -z | cpio --null --quiet -o -H newc | gzip -1) >"$dir/initrd.gz"
    rm -r "$dir/tree"
}

initramfs() {
    local kernel=$1
    cached "initramfs-$kernel" "$(hash_of "$(kernel_dir "$kernel")" "$(declare -f make_initramfs)")" make_initramfs
}
