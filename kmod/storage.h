/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_STORAGE_H
#define HOLDFAST_STORAGE_H

#include <linux/types.h>

struct dentry;
struct holdfast_storage;
struct path;
struct vfsmount;

/*
 * The directory @root that the container of @cgroup_id has as its root, and of an
 * overlay its layers on the host's file systems, are its storage until the drop.
 * An ERR_PTR on failure. May sleep.
 */
struct holdfast_storage *holdfast_storage_add(const struct path *root,
					      u64 cgroup_id);
/* Any context; NULL is nothing. */
void holdfast_storage_drop(struct holdfast_storage *storage);

/*
 * The running container in whose root directory @dentry lies, or in what was
 * written to it: its cgroup id, 0 for none. Any context.
 */
u64 holdfast_storage_of(const struct dentry *dentry);

/*
 * Does @dentry, by the mount @mnt, lie in what a running container's root is made
 * of? Not what current, a member, has as its own root, nor what its overlay itself
 * does by mounts of its own. Any context.
 */
bool holdfast_storage_keeps(const struct dentry *dentry,
			    const struct vfsmount *mnt);

/* Is storage somewhere below the directory @dentry, on its file system? Any context. */
bool holdfast_storage_is_below(const struct dentry *dentry);

#endif
