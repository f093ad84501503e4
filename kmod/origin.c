// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where an executable file comes from.
 *
 * On the overlay that a container was armed with, a file of the image has no
 * upper dentry; each use of that is checked against what d_real() says.
 */
#include <linux/dcache.h>
#include <linux/magic.h>
#include <linux/mount.h>

#include "compat/compat.h"
#include "home.h"
#include "member.h"
#include "origin.h"
#include "overlay.h"
#include "root.h"

static enum holdfast_origin mismatch(const struct inode *inode)
{
	holdfast_overlay_mismatch(inode);
	return HOLDFAST_ORIGIN_UNKNOWN;
}

static enum holdfast_origin on_overlay(struct dentry *dentry, bool may_read)
{
	struct inode *inode = d_inode(dentry);
	struct dentry *upper, *upper_root, *data;

	if (!holdfast_overlay_verified() || !d_is_reg(dentry))
		return HOLDFAST_ORIGIN_UNKNOWN;
	upper = holdfast_overlay_upper(inode);
	upper_root = holdfast_overlay_upper(d_inode(dentry->d_sb->s_root));
	data = holdfast_data_dentry(dentry);
	if (!upper) {
		if (!upper_root || !is_subdir(data, upper_root))
			return HOLDFAST_ORIGIN_IMAGE;
		/* Copied up between the two reads counts as changed. */
		return holdfast_overlay_upper(inode) ? HOLDFAST_ORIGIN_CHANGED :
						       mismatch(inode);
	}
	if (!upper_root || upper->d_sb == dentry->d_sb)
		return mismatch(inode);
	if (data != upper)
		/* Only its attributes were copied: the data is the lower's. */
		return is_subdir(data, upper_root) ? mismatch(inode) :
						     HOLDFAST_ORIGIN_IMAGE;
	return may_read && !holdfast_overlay_copied_up(dentry, upper) ?
		       HOLDFAST_ORIGIN_ADDED :
		       HOLDFAST_ORIGIN_CHANGED;
}

static bool in_memory(const struct super_block *sb)
{
	return sb->s_magic == TMPFS_MAGIC || sb->s_magic == RAMFS_MAGIC ||
	       sb->s_magic == HUGETLBFS_MAGIC || (sb->s_flags & SB_KERNMOUNT);
}

bool holdfast_origin_is_memfd(const struct path *path)
{
	const struct super_block *sb = path->dentry->d_sb;

	return (sb->s_flags & SB_KERNMOUNT) && in_memory(sb);
}

bool holdfast_origin_is_anonymous(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;
	const struct super_block *sb = dentry->d_sb;

	/*
	 * Who opens it again, by /proc/PID/map_files, has a file as any other. The
	 * kernel's own is never opened, and so not to be read by read().
	 */
	if (!(sb->s_flags & SB_KERNMOUNT) || (file->f_mode & FMODE_PREAD))
		return false;
	/* shmem_zero_setup() and ksys_mmap_pgoff(); a memfd is "memfd:NAME". */
	return (sb->s_magic == TMPFS_MAGIC &&
		!strcmp(dentry->d_name.name, "dev/zero")) ||
	       (sb->s_magic == HUGETLBFS_MAGIC &&
		!strcmp(dentry->d_name.name, "anon_hugepage"));
}

enum holdfast_origin holdfast_origin_of(struct task_struct *task,
					const struct path *path,
					const struct holdfast_root *root,
					bool may_read)
{
	struct super_block *sb = path->dentry->d_sb;
	struct path its;
	bool image, volume;

	if (holdfast_root_is(root, sb))
		return root->overlay ? on_overlay(path->dentry, may_read) :
				       HOLDFAST_ORIGIN_UNTOLD;
	if (in_memory(sb))
		return HOLDFAST_ORIGIN_MEMORY;
	if (!holdfast_task_root(task, &its))
		return HOLDFAST_ORIGIN_HOST;
	/*
	 * Of a file on an overlay of overlays some kernels keep with a mapping
	 * only where the upper one has found it.
	 */
	image = root->overlay && holdfast_root_is(root, its.dentry->d_sb) &&
		holdfast_overlay_reads_by(its.dentry->d_sb, path->mnt);
	/* A member that has gone there finds all that is the host's. */
	volume = path_is_under(path, &its) && !holdfast_is_host_root(its.dentry);
	path_put(&its);
	if (image)
		return HOLDFAST_ORIGIN_IMAGE;
	return volume ? HOLDFAST_ORIGIN_VOLUME : HOLDFAST_ORIGIN_HOST;
}
