// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are accepted for their bytes, wherever they came from.
 *
 * A program of the image whose owner, mode or times the container has changed
 * is a copy in the container's layer, and still the image's program. Others are
 * on a list of digests.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/path.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include "accept.h"
#include "content.h"
#include "held.h"
#include "home.h"
#include "judge.h"
#include "member.h"
#include "origin.h"
#include "overlay.h"

#define MAX_WAIT	(2 * HZ) /* jiffies, for what is usually microseconds */

/* The second line keeps others waiting that have to do with file notification. */
static loff_t limit_of(const struct holdfast_case *c)
{
	return c->kind == HOLDFAST_EVENT_INTERPRETER ? SZ_256M : SZ_1G;
}

/* A file that could not be read, or not be relied on, is not accepted. */
static int refusal(int err)
{
	return err == -EINTR || err == -ENOMEM ? err : 0;
}

static int find_layers(const struct holdfast_case *c, struct path *upper,
		       struct path *lower)
{
	struct dentry *dentry = c->path->dentry;

	return holdfast_overlay_layers(dentry,
				       holdfast_overlay_upper(d_inode(dentry)),
				       upper, lower);
}

bool holdfast_accept_possible(const struct holdfast_case *c,
			      enum holdfast_origin origin)
{
	struct path upper, lower;

	if (origin != HOLDFAST_ORIGIN_ADDED || find_layers(c, &upper, &lower))
		return origin == HOLDFAST_ORIGIN_CHANGED;
	path_put(&upper);
	path_put(&lower);
	return true;
}

/*
 * Overlayfs' own file of a copy, @upper, is closed only as who caused the copy
 * returns to user space, which a busy host may delay. Others who write have the
 * overlay's inode open for that too, or a mapping.
 */
static bool copy_is_open(const struct holdfast_case *c,
			 enum holdfast_origin origin, const struct inode *upper)
{
	return c->may_read && holdfast_accept_possible(c, origin) &&
	       !inode_is_open_for_write(d_inode(c->path->dentry)) &&
	       !mapping_writably_mapped(upper->i_mapping);
}

struct holdfast_content *holdfast_accept_claim(const struct holdfast_case *c,
					       enum holdfast_origin origin)
{
	unsigned long end = jiffies + MAX_WAIT;
	struct dentry *dentry = c->path->dentry;
	struct holdfast_content *content;

	if (!c->member || c->written || origin == HOLDFAST_ORIGIN_UNKNOWN)
		return NULL;
	if (holdfast_origin_own_layer(origin))
		dentry = holdfast_overlay_upper(d_inode(dentry));
	else if (holdfast_content_on_loop(dentry->d_sb) ||
		 (dentry->d_sb->s_bdev &&
		  READ_ONCE(c->member->home->mounts_disks)))
		return NULL; /* A container may have made it. */
	if (!dentry || !d_is_reg(dentry))
		return NULL;
	do {
		content = holdfast_content_claim(d_inode(dentry), !c->may_read);
	} while (content == ERR_PTR(-ETXTBSY) &&
		 copy_is_open(c, origin, d_inode(dentry)) &&
		 time_before(jiffies, end) && !schedule_timeout_killable(1));
	return IS_ERR(content) && content != ERR_PTR(-ENOMEM) ? NULL : content;
}

static int compare(const struct holdfast_case *c,
		   struct holdfast_content *content)
{
	struct path upper, lower;
	int result = find_layers(c, &upper, &lower);

	if (result)
		return result;
	result = holdfast_content_equals(content, &upper, &lower, limit_of(c));
	path_put(&upper);
	path_put(&lower);
	return result;
}

int holdfast_accept_unchanged(const struct holdfast_case *c,
			      struct holdfast_content *content)
{
	int result = holdfast_content_known(content);

	if (result != 1 && c->may_read)
		result = compare(c, content);
	return result < 0 && result != -ENOENT ? refusal(result) : result;
}

int holdfast_accept_digest(const struct holdfast_case *c,
			   struct holdfast_content *content, u8 *digest)
{
	int err = holdfast_content_digest(content, c->may_read ? c->path : NULL,
					  limit_of(c), digest);

	return err ? refusal(err) : 1;
}

int holdfast_accept_keep(const struct holdfast_case *c,
			 struct holdfast_content *content)
{
	bool exec = c->kind == HOLDFAST_EVENT_EXEC ||
		    c->kind == HOLDFAST_EVENT_INTERPRETER;
	int err = holdfast_held_add(c->member, exec, content);

	if (err)
		holdfast_content_release(content);
	return err;
}
