# Every kind of change to the files of an image, by chance and in any order: each file is told for what its layers say that
# it is. For each kind of overlay it takes minutes, and is in the full test only:
#   scripts/test --full 6.1-images 6.12-tree debug-files
# kernels: none
# vm: --memory 3072

load lib/container
load lib/holdfast
load lib/tree

setup() {
    container_setup
    holdfast_setup
    tree_files=5000
    # there it is for what the kernel says of itself, and takes several times as long
    ! is_debug || tree_files=500
}
teardown() { holdfast_teardown; container_teardown; }

in_tree() { # in_tree OPTIONS
    tree_begin
    tree_check "$1"
}

@test "a changed tree: the kernel says of each file what its layers say" { in_tree ''; }
@test "a changed tree with redirect_dir and metacopy" { in_tree redirect_dir=on,metacopy=on; }
@test "a changed tree with an index" { in_tree index=on; }
@test "a changed tree with all of them and xino" { in_tree redirect_dir=on,metacopy=on,index=on,xino=on; }
@test "a changed tree with userxattr" { in_tree userxattr; }
@test "a changed tree on an image that is an overlay itself" { in_tree nested; }
