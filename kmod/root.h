/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_ROOT_H
#define HOLDFAST_ROOT_H

#include <linux/fsnotify_backend.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct holdfast_container;

/**
 * struct holdfast_root - the root file system that a container was armed with
 * @node: in the table by superblock; written under its lock, read under RCU
 * @refs: holders: homes, and callers. The last one destroys the mark, from @release.
 * @sb: the superblock, which is not held: NULL once it is shut down. To be
 *	compared with that of a file in hand, which keeps its own alive.
 * @dev: device number, as in stat(2)
 * @magic: as in statfs(2)
 * @overlay: the storage on which image and added files are told apart
 * @container: the one that was armed with it first; a reference, immutable
 * @release: work that destroys the mark
 * @mark: of the second line, on the superblock; its freeing callback is how
 *	the end of the superblock is noticed, its final one frees the record
 * @rcu: for the table's readers
 */
struct holdfast_root {
	struct hlist_node node;
	refcount_t refs;
	struct super_block *sb;
	u64 dev;
	u32 magic;
	bool overlay;
	struct holdfast_container *container;
	struct work_struct release;
	struct fsnotify_mark mark;
	struct rcu_head rcu;
};

int holdfast_root_init(void);
/* After the last reference is gone. */
void holdfast_root_exit(void);

/*
 * The record of @sb, which the caller keeps alive; made if there is none. A
 * reference, or an ERR_PTR. May sleep.
 */
struct holdfast_root *holdfast_root_get(struct super_block *sb,
					struct holdfast_container *container);
/* Any context. */
void holdfast_root_put(struct holdfast_root *root);

/* A reference to the record of @sb or NULL; any context. */
struct holdfast_root *holdfast_root_find(struct super_block *sb);

/* Is there one? For the quick way out; any context. */
bool holdfast_root_known(const struct super_block *sb);

static inline bool holdfast_root_is(const struct holdfast_root *root,
				    const struct super_block *sb)
{
	return READ_ONCE(root->sb) == sb;
}

#endif
