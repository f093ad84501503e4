/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_COVERED_H
#define HOLDFAST_COVERED_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct dentry;
struct path;
struct vfsmount;

#define HOLDFAST_COVERED_MAX	256

/**
 * struct holdfast_covered - where members have mounted something
 * @lock: a leaf
 * @everywhere: so much, or in such a way, that it counts for all places
 * @nr: how many places
 * @places: of %HOLDFAST_COVERED_MAX, NULL for none; only compared, with what something
 *	is mounted on and which therefore is there
 */
struct holdfast_covered {
	spinlock_t lock; /* protects all else */
	bool everywhere;
	unsigned int nr;
	const struct dentry **places;
};

void holdfast_covered_init(struct holdfast_covered *covered);
void holdfast_covered_free(struct holdfast_covered *covered);

/*
 * Is @path, which the caller holds, in something that is mounted on one of the
 * places, on the way to @root, below which it is?
 */
bool holdfast_covered_has(struct holdfast_covered *covered,
			  const struct path *path, const struct path *root);

/*
 * Current, a member, is about to mount something on @path; or to take @mnt away
 * from where it is mounted, which counts for all places unless a member has mounted
 * it; or to do what makes all other. In its container's own mount namespace that
 * counts, and where it propagates to there. May sleep.
 */
void holdfast_member_covers(const struct path *path);
void holdfast_member_uncovers(struct vfsmount *mnt);
void holdfast_member_covers_all(void);

/*
 * Current, a member, is about to rename @dentry of the mount @mnt, or to remove
 * @dentry: what is mounted on it, or below, goes along, or away.
 */
void holdfast_member_moves(struct vfsmount *mnt, struct dentry *dentry);
void holdfast_member_removes(const struct dentry *dentry);

#endif
