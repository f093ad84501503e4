# Every kind of change to the files of an image, by chance and in any order: each file is told for what its layers say that
# it is. Each run has one kind of overlay, by chance too. It takes minutes, and is in the full test only:
#   scripts/test --full 6.1-images 6.12-tree
# kernels: none

load lib/container
load lib/holdfast
load lib/tree

tree_files=5000

setup() { container_setup; holdfast_setup; }
teardown() { holdfast_teardown; container_teardown; }

@test "a changed tree: the kernel says of each file what its layers say" {
    tree_begin
    tree_check "${tree_overlays[tree_seed % ${#tree_overlays[@]}]}"
}
