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
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "covered.h"
#include "home.h"
#include "member.h"
#include "policy.h"

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

/* @place: NULL for all */
static void add(struct holdfast_covered *covered, const struct dentry *place)
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
	else if (!has_locked(covered, place) &&
		 covered->nr == HOLDFAST_COVERED_MAX)
		covered->everywhere = true;
	else if (!has_locked(covered, place))
		covered->places[covered->nr++] = place;
	spin_unlock(&covered->lock);
	kfree(fresh);
}

static bool has(struct holdfast_covered *covered, const struct dentry *place)
{
	bool found;

	spin_lock(&covered->lock);
	found = covered->everywhere || has_locked(covered, place);
	spin_unlock(&covered->lock);
	return found;
}

bool holdfast_covered_has(struct holdfast_covered *covered,
			  const struct path *path, const struct path *root)
{
	struct path at = *path;
	bool found;

	if (!READ_ONCE(covered->nr) && !READ_ONCE(covered->everywhere))
		return false;
	path_get(&at);
	found = READ_ONCE(covered->everywhere);
	/* Out of what is not mounted any more there is no way. */
	while (!found && at.mnt != root->mnt)
		found = !follow_up(&at) || has(covered, at.dentry);
	path_put(&at);
	return found;
}

void holdfast_member_covers(const struct path *path)
{
	struct holdfast_member *member = holdfast_member_get(current);

	if (!member)
		return;
	if (holdfast_home_mounts(member->home,
				 path->mnt->mnt_flags & MNT_SHARED))
		add(&member->home->covered, path->dentry);
	holdfast_member_put(member);
}

void holdfast_member_uncovers(struct vfsmount *mnt)
{
	struct holdfast_member *member = holdfast_member_get(current);
	struct path at = { .mnt = mnt, .dentry = mnt->mnt_root };
	bool uncovers;

	if (!member)
		return;
	path_get(&at);
	/* What is mounted nowhere as yet covers nothing. */
	uncovers = mnt == member->home->root_mnt ||
		   (follow_up(&at) && !has(&member->home->covered, at.dentry));
	if (uncovers && holdfast_home_mounts(member->home,
					     at.mnt->mnt_flags & MNT_SHARED))
		add(&member->home->covered, NULL);
	path_put(&at);
	holdfast_member_put(member);
}

void holdfast_member_covers_all(void)
{
	struct holdfast_member *member = holdfast_member_get(current);

	if (!member)
		return;
	if (holdfast_home_mounts(member->home, false))
		add(&member->home->covered, NULL);
	holdfast_member_put(member);
}

/* A namespace where nothing is mounted there does that to all others. */
void holdfast_member_removes(const struct dentry *dentry)
{
	struct holdfast_member *member;

	if (!d_mountpoint(dentry))
		return;
	member = holdfast_member_get(current);
	if (!member)
		return;
	add(&member->home->covered, NULL);
	holdfast_member_put(member);
}

/*
 * Might @dentry, whose name does not change meanwhile, be on the way to a directory
 * that is allowed?
 */
static bool leads_to_allowed(const struct holdfast_member *member,
			     const struct dentry *dentry)
{
	const struct holdfast_profile *profile;
	const struct holdfast_policy *policy;
	bool leads = false;
	u32 i;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	if (policy) {
		profile = holdfast_policy_of(policy, member->container);
		for (i = 0; i < profile->nr && !leads; i++)
			leads = holdfast_prefixes_lead_by(&profile->rules[i].directories,
							  dentry->d_name.name,
							  dentry->d_name.len);
	}
	rcu_read_unlock();
	return leads;
}

/*
 * Of what is mounted below, path_has_submounts() knows what is so on that mount. By
 * another one of the same file system, or in another mount namespace, it may be
 * none, and be moved all the same.
 */
static bool moves_mounts(const struct holdfast_member *member,
			 const struct path *path)
{
	return path_has_submounts(path) ||
	       (!holdfast_home_has(member->home, current, path) &&
		leads_to_allowed(member, path->dentry));
}

void holdfast_member_moves(struct vfsmount *mnt, struct dentry *dentry)
{
	const struct path path = { .mnt = mnt, .dentry = dentry };
	struct holdfast_member *member;

	holdfast_member_removes(dentry);
	if (!d_is_dir(dentry))
		return;
	member = holdfast_member_get(current);
	if (!member)
		return;
	if (!READ_ONCE(member->home->covered.everywhere) &&
	    moves_mounts(member, &path))
		add(&member->home->covered, NULL);
	holdfast_member_put(member);
}
