// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a container's own processes have changed what is mounted: what lies there
 * has a name by their choice, not by who started the container.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "covered.h"
#include "home.h"
#include "member.h"

void holdfast_covered_init(struct holdfast_covered *covered)
{
	spin_lock_init(&covered->lock);
}

void holdfast_covered_free(struct holdfast_covered *covered)
{
	kfree(covered->places);
}

static bool has_locked(const struct holdfast_covered *covered,
		       const struct dentry *place)
{
	unsigned int i;

	for (i = 0; i < covered->nr; i++)
		if (covered->places[i] == place)
			return true;
	return false;
}

void holdfast_covered_add(struct holdfast_covered *covered,
			  const struct dentry *place)
{
	const struct dentry **fresh = NULL;

	if (place && !READ_ONCE(covered->places))
		fresh = kcalloc(HOLDFAST_COVERED_MAX, sizeof(*fresh),
				GFP_KERNEL_ACCOUNT);
	spin_lock(&covered->lock);
	if (!covered->places)
		swap(covered->places, fresh);
	if (!place || !covered->places)
		covered->everywhere = true;
	else if (has_locked(covered, place))
		;
	else if (covered->nr < HOLDFAST_COVERED_MAX)
		covered->places[covered->nr++] = place;
	else
		covered->everywhere = true;
	spin_unlock(&covered->lock);
	kfree(fresh);
}

bool holdfast_covered_has(struct holdfast_covered *covered,
			  const struct path *path)
{
	struct path at = *path;
	struct dentry *parent;
	bool has, more = true;

	if (!READ_ONCE(covered->nr) && !READ_ONCE(covered->everywhere))
		return false;
	path_get(&at);
	do {
		spin_lock(&covered->lock);
		has = covered->everywhere || has_locked(covered, at.dentry);
		spin_unlock(&covered->lock);
		if (at.dentry == at.mnt->mnt_root || IS_ROOT(at.dentry)) {
			more = follow_up(&at);
		} else {
			parent = dget_parent(at.dentry);
			dput(at.dentry);
			at.dentry = parent;
		}
	} while (!has && more);
	path_put(&at);
	return has;
}

/* @shared: it propagates to others' mount namespaces. @place: NULL for all. */
static void note(bool shared, const struct dentry *place)
{
	struct holdfast_member *member = holdfast_member_get(current);

	if (!member)
		return;
	if (shared || holdfast_home_is_at(member->home, current))
		holdfast_covered_add(&member->home->covered, place);
	holdfast_member_put(member);
}

void holdfast_member_covers(const struct path *path)
{
	note(path->mnt->mnt_flags & MNT_SHARED, path->dentry);
}

void holdfast_member_uncovers(struct vfsmount *mnt)
{
	struct path path = { .mnt = mnt, .dentry = mnt->mnt_root };

	path_get(&path);
	if (follow_up(&path))
		note(path.mnt->mnt_flags & MNT_SHARED, path.dentry);
	path_put(&path);
}

void holdfast_member_covers_all(void)
{
	note(false, NULL);
}
