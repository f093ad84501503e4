# shellcheck shell=bash
# A container that changes a tree of $tree_files files by chance: what the kernel says of each file is what its layers say,
# as lib/tree.py reads them.
#
# $TREE_SEED is where chance begins, if set; a test that fails prints it.

tree() { python3 "$BATS_TEST_DIRNAME/lib/tree.py" "$@"; }

tree_begin() {
    tree_seed=${TREE_SEED:-$(od -An -N4 -tu4 /dev/urandom | xargs)}
    echo "TREE_SEED=$tree_seed"
    make_image base
    tree_image=tree-$tree_seed-$tree_files
    mkdir "$image_dir/$tree_image" "$image_dir/$tree_image-top"
    tree image "$tree_seed" "$tree_files" "$image_dir/$tree_image" "$image_dir/$tree_image-top"
    tree_layers=("$tree_image-top" "$tree_image" base)
}

# tree_nest   its image is an overlay itself from now on
tree_nest() {
    local directory; directory=$(printf ":$image_dir/%s" "${tree_layers[@]}")
    tree_layers=(tree-nested)
    mkdir "$container_dir"/nested{,-upper,-work}
    ln -sfT "$container_dir/nested" "$image_dir/tree-nested"
    mount -t overlay -o "lowerdir=${directory#:},upperdir=$container_dir/nested-upper,workdir=$container_dir/nested-work" overlay \
        "$container_dir/nested"
}

# tree_check OPTIONS   of the overlay; 'nested' of one whose image is an overlay itself
tree_check() {
    echo "mounted with '$1'"
    mkdir -p "$container_dir/lists"
    [[ $1 != nested ]] || { tree_nest; set -- ''; }
    tree_start "$1"
    tree_change "$tree_seed-1"
    tree_reported
    tree_explained
    # what was found out about a file is of no use once it is changed again
    tree_change "$tree_seed-2"
    tree_reported
    tree_explained
    echo 3 >/proc/sys/vm/drop_caches
    tree_refused
    delete_container tree
    tree_start "$1"
    tree_expect
    tree_reported
    totals_agree
    delete_container tree
    umount --lazy "$container_dir/nested" 2>/dev/null || true
    rm -rf "${image_dir:?}/$tree_image" "${image_dir:?}/$tree_image-top"
}

tree_start() { # tree_start OPTIONS
    tree_notes=trusted
    [[ $1 != userxattr ]] || tree_notes=user
    make_bundle tree "$(IFS=:; echo "${tree_layers[*]}")" --cap all --bind "$container_dir/lists:/lists" ${1:+--overlay "$1"}
    start_container tree
}

tree_change() { # tree_change SEED
    tree change "$1" $((tree_files / 4)) "/proc/$(container_pid tree)/root"
    tree_expect
}

# What each file is, by the layers alone, in $container_dir/expected; they must be the files that the container sees.
tree_expect() {
    tree expect "$tree_notes" "$container_dir/tree/work" "$container_dir/tree/upper" \
        "${tree_layers[@]/#/$image_dir/}" >"$container_dir/expected"
    jq -r '.[0]' "$container_dir/expected" >"$container_dir/lists/all"
    same "$(find "$(container_root tree)/tree" -type f -printf '/tree/%P\n' | LC_ALL=C sort)" \
        "$(LC_ALL=C sort "$container_dir/lists/all")"
    rm -f "$container_dir"/lists/part-*
    # fewer than the store lists one by one, and than the kernel keeps
    split --lines 800 "$container_dir/lists/all" "$container_dir/lists/part-"
}

# As the alerts have it.
tree_reported() {
    local part
    for part in "$container_dir"/lists/part-*; do
        set_rule alert
        exec_container tree sh -c "map_files </lists/${part##*/}"
        wait_for 60 settled
        holdfastctl alerts list --limit 1000 --rule "$rule" --output json |
            jq -c '.alerts[] | [.operation.path, .operation.origin, .count]' |
            tree compare "$container_dir/expected" "$part" reported
    done
}

# As holdfastctl finds it without the kernel, of some of each kind.
tree_explained() {
    tree pick "$tree_seed" "$container_dir/expected" >"$container_dir/picked"
    while read -r path; do
        holdfastctl rules explain tree "$path" --output json | jq -c --arg path "$path" '[$path, .origin, .unchanged, .layer]'
    done <"$container_dir/picked" >"$container_dir/explained"
    tree explained "$container_dir/expected" "$container_dir/picked" "$container_dir/tree/upper" "${tree_layers[@]/#/$image_dir/}" \
        <"$container_dir/explained"
}

# Each for itself.
tree_refused() {
    local part
    set_rule block
    for part in "$container_dir"/lists/part-*; do
        exec_container tree sh -c "map_files </lists/${part##*/}" | tree compare "$container_dir/expected" "$part" refused
        wait_for 60 settled
    done
}
