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
 * struct holdfast_covered - where members have mounted or unmounted something
 * @lock: a leaf
 * @everywhere: so much, or in such a way, that it counts for all places
 * @nr: how many places
 * @places: of %HOLDFAST_COVERED_MAX, NULL for none; only compared. One that is gone
 *	may come again as another: then it counts though nothing was done there.
 */
struct holdfast_covered {
	spinlock_t lock; /* protects all else */
	bool everywhere;
	unsigned int nr;
	const struct dentry **places;
};

void holdfast_covered_init(struct holdfast_covered *covered);
void holdfast_covered_free(struct holdfast_covered *covered);

/* Adds @place, or with NULL everything. May sleep. */
void holdfast_covered_add(struct holdfast_covered *covered,
			  const struct dentry *place);

/*
 * Is @path, which the caller holds, at one of the places, or below one on the way
 * to the root directory of its mounts?
 */
bool holdfast_covered_has(struct holdfast_covered *covered,
			  const struct path *path);

/*
 * Current, a member, is about to mount something on @path; or to take away @mnt
 * from where it is mounted; or to do what makes all other. In its container's
 * own mount namespace that counts, and where it propagates to there. May sleep.
 */
void holdfast_member_covers(const struct path *path);
void holdfast_member_uncovers(struct vfsmount *mnt);
void holdfast_member_covers_all(void);

#endif
