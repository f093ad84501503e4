/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_ORIGIN_H
#define HOLDFAST_ORIGIN_H

#include <linux/fs.h>
#include <linux/path.h>

#include <uapi/linux/holdfast.h>

struct holdfast_root;
struct netlink_ext_ack;
struct task_struct;

/*
 * Where the file at @path, which the caller keeps open, comes from, seen from
 * @task, a member armed with @root, which the caller holds or is. Reads
 * attributes of the file if @may_read. Sleeps.
 */
enum holdfast_origin holdfast_origin_of(struct task_struct *task,
					const struct path *path,
					const struct holdfast_root *root,
					bool may_read);

/* Does the file lie in the container's own layer of its overlay? */
static inline bool holdfast_origin_own_layer(enum holdfast_origin origin)
{
	return origin == HOLDFAST_ORIGIN_CHANGED ||
	       origin == HOLDFAST_ORIGIN_ADDED;
}

/* memfd and the like: no mount shows it. */
bool holdfast_origin_is_memfd(const struct path *path);

/*
 * Memory without a file that the kernel keeps in one all the same: shared, or
 * of huge pages. Its name is the kernel's; no file of a mount is such a one.
 */
bool holdfast_origin_is_anonymous(const struct file *file);

#endif
