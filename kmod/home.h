/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_HOME_H
#define HOLDFAST_HOME_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "covered.h"

struct dentry;
struct holdfast_container;
struct holdfast_root;
struct holdfast_storage;
struct ns_common;
struct path;
struct task_struct;
struct vfsmount;

/**
 * struct holdfast_home - where a container's programs come from; immutable, but
 *	for @mounts_disks, which once set stays so, and @covered
 * @refs: those of the container, its members and callers
 * @root: the root file system that it was armed with; a reference
 * @root_dentry: the root directory; only compared
 * @root_mnt: its mount; only compared. Nothing takes its place as a root but what
 *	@covered has.
 * @mnt_ns: the mount namespace; a reference, so that none that is made later
 *	has its address
 * @of_host: that is the host's
 * @mounts_disks: a member has mounted a file system of a device, which it may
 *	have, or be, in its hands
 * @storage: what the root is made of, until the last reference is gone
 * @covered: where members have changed what is mounted
 * @release: gives up @mnt_ns, if nobody else has it
 * @rcu: for the table's readers
 */
struct holdfast_home {
	refcount_t refs;
	struct holdfast_root *root;
	const struct dentry *root_dentry;
	const struct vfsmount *root_mnt;
	struct ns_common *mnt_ns;
	bool of_host;
	bool mounts_disks;
	struct holdfast_storage *storage;
	struct holdfast_covered covered;
	struct work_struct release;
	struct rcu_head rcu;
};

int holdfast_home_init(void);
/* After the last reference is gone. */
void holdfast_home_exit(void);

/*
 * What @task has now, with @root_path its root directory, which the caller
 * holds. A reference or an ERR_PTR; -ESRCH if it has exited. May sleep.
 */
struct holdfast_home *holdfast_home_new(struct task_struct *task,
					const struct path *root_path,
					struct holdfast_container *container);
void holdfast_home_hold(struct holdfast_home *home);
/* Any context. */
void holdfast_home_put(struct holdfast_home *home);

/* The root directory of @task, held, unless it has exited. */
bool holdfast_task_root(struct task_struct *task, struct path *root);

/* Is @path below the root directory that @task has now, by its mounts? */
bool holdfast_is_below_root(struct task_struct *task, const struct path *path);

/* Is @path among the mounts that pid 1 has, or its root below @path? */
bool holdfast_is_host_mount(const struct path *path);

/*
 * Is @task, which the caller holds or is, in the mount namespace, which is not the
 * host's? Its root may have become another one than the container's. May sleep.
 */
bool holdfast_home_entered(const struct holdfast_home *home,
			   struct task_struct *task);

/*
 * Does what current mounts or unmounts, if it may, count there? In the mount
 * namespace; or elsewhere, if it is @shared and may propagate. May sleep.
 */
bool holdfast_home_mounts(const struct holdfast_home *home, bool shared);

/*
 * Is @task, which the caller holds or is, there, and is @path below the root, by
 * mounts that no member has had a part in? May sleep.
 */
bool holdfast_home_has(struct holdfast_home *home,
		       struct task_struct *task, const struct path *path);

/*
 * Is the directory at @path, which current has, the host's, by which all below is
 * to be had? Not one of the container's own root, wherever that is mounted, nor
 * what was mounted in a user namespace. May sleep.
 */
bool holdfast_home_leads_out(const struct holdfast_home *home,
			     const struct path *path);

/* Is @dentry in a file system that the container has for itself? Any context. */
bool holdfast_home_owns(const struct holdfast_home *home,
			const struct dentry *dentry);

#endif
