// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is to be known of overlayfs' layers.
 *
 * The upper dentry of a file stands directly behind its inode (struct ovl_inode
 * in fs/overlayfs/ovl_entry.h), and the lower ones are what functions say that
 * are not exported: nobody's interface. Until both were calibrated against files
 * of known kind they are not believed.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/netlink.h>
#include <linux/path.h>
#include <linux/uaccess.h>
#include <linux/xattr.h>

#include <uapi/linux/holdfast.h>

#include "attach.h"
#include "compat/compat.h"
#include "overlay.h"
#include "survey.h"

#define NR_ALIASES	8 /* of a file that are looked at */

enum state {
	UNVERIFIED,	/* overlay was loaded, or nobody has calibrated yet */
	VERIFIED,
	MISMATCHED,	/* a cross-check failed: until calibrated anew */
};

static int state; /* enum state */

/* Of fs/overlayfs/{util,namei}.c; 0 if it has no such one. Set by calibration. */
static unsigned long path_upper;	/* void (dentry, path) */
static unsigned long path_lowerdata;	/* void (dentry, path) */
static unsigned long path_next;		/* int (index, dentry, path[, layer]) */
static unsigned long workdir;		/* struct dentry * (dentry) */
static bool lower_known;		/* they were seen to tell the truth */

bool holdfast_overlay_verified(void)
{
	return READ_ONCE(state) == VERIFIED;
}

bool holdfast_overlay_mismatched(void)
{
	return READ_ONCE(state) == MISMATCHED;
}

void holdfast_overlay_mismatch(const struct inode *inode)
{
	if (cmpxchg(&state, VERIFIED, MISMATCHED) == VERIFIED)
		pr_alert("overlayfs' layout failed its cross-check (inode %lu): origins are unknown, block rules refuse\n",
			 inode->i_ino);
}

struct dentry *holdfast_overlay_upper(const struct inode *inode)
{
	return READ_ONCE(*(struct dentry *const *)(inode + 1));
}

/*
 * By one of these names, which depends on how it is mounted, overlayfs keeps its
 * notes, and keeps it to itself: what can be seen through the overlay anybody may
 * have written.
 */
static bool has_note(struct dentry *dentry, struct dentry *upper,
		     const char *name)
{
	return __vfs_getxattr(upper, d_inode(upper), name, NULL, 0) >= 0 &&
	       __vfs_getxattr(dentry, d_inode(dentry), name, NULL, 0) < 0;
}

/*
 * Copy-up leaves a note of where the file came from, an empty one if the lower
 * file system has no handles. What is created has none.
 */
bool holdfast_overlay_copied_up(struct dentry *dentry, struct dentry *upper)
{
	return has_note(dentry, upper, "trusted.overlay.origin") ||
	       has_note(dentry, upper, "user.overlay.origin");
}

static void ask_path(unsigned long function, struct dentry *dentry,
		     struct path *path)
{
	holdfast_call(function, (unsigned long)dentry, (unsigned long)path, 0,
		      0);
}

static int ask_next(int at, struct dentry *dentry, struct path *path)
{
	const void *layer; /* of versions that tell it */

	return holdfast_call(path_next, at, (unsigned long)dentry,
			     (unsigned long)path, (unsigned long)&layer);
}

/* What lies at the name of @dentry in the lower layers; held. */
static int find_by_name(struct dentry *dentry, struct path *lower)
{
	struct dentry *parent = dget_parent(dentry), *found;
	struct name_snapshot name;
	int at = 0, err = -ENOENT;
	struct path directory;

	take_dentry_name_snapshot(&name, dentry);
	/* The first is the upper directory. */
	if (!holdfast_overlay_upper(d_inode(parent)))
		goto out;
	for (at = ask_next(0, parent, &directory); at > 0;) {
		at = ask_next(at, parent, &directory);
		found = lookup_positive_unlocked(name.name.name,
						 directory.dentry,
						 name.name.len);
		if (found == ERR_PTR(-ENOENT))
			continue;
		if (IS_ERR(found)) {
			err = PTR_ERR(found);
			goto out;
		}
		lower->dentry = found;
		lower->mnt = mntget(directory.mnt);
		err = 0;
		goto out;
	}
out:
	release_dentry_name_snapshot(&name);
	dput(parent);
	return err;
}

/*
 * What overlayfs found when it looked up this or, of a link that was made since,
 * another name of the file: it had it in hand, or followed the note. Held.
 */
static bool find_by_note(struct dentry *dentry, struct path *lower)
{
	struct inode *inode = d_inode(dentry);
	struct dentry *alias;

	ask_path(path_lowerdata, dentry, lower);
	if (lower->dentry) {
		path_get(lower);
		return true;
	}
	spin_lock(&inode->i_lock);
	hlist_for_each_entry(alias, &inode->i_dentry, d_u.d_alias) {
		ask_path(path_lowerdata, alias, lower);
		if (lower->dentry) {
			path_get(lower);
			break;
		}
	}
	spin_unlock(&inode->i_lock);
	return lower->dentry;
}

/*
 * Of a file with several names copy-up leaves no note. It asks how many there are,
 * which the inode need not say, as one of an overlay in a lower layer.
 */
static int find_with_links(struct dentry *dentry, struct path *lower)
{
	struct kstat stat;
	int err = find_by_name(dentry, lower);

	if (err)
		return err;
	err = vfs_getattr_nosec(lower, &stat, STATX_NLINK, AT_STATX_DONT_SYNC);
	if (!err && stat.nlink == 1)
		err = -ENOENT;
	if (err)
		path_put(lower);
	return err;
}

/*
 * As find_with_links(), by any name that is in memory: that which a new link was
 * made of is, for a while.
 */
static int find_by_links(struct dentry *dentry, struct path *lower)
{
	struct dentry *aliases[NR_ALIASES], *alias;
	struct inode *inode = d_inode(dentry);
	int err, nr = 0;

	err = find_with_links(dentry, lower);
	if (err != -ENOENT)
		return err;
	spin_lock(&inode->i_lock);
	hlist_for_each_entry(alias, &inode->i_dentry, d_u.d_alias) {
		if (nr == NR_ALIASES)
			break;
		if (alias != dentry && !d_unhashed(alias))
			aliases[nr++] = dget(alias);
	}
	spin_unlock(&inode->i_lock);
	while (nr--) {
		if (err == -ENOENT)
			err = find_with_links(aliases[nr], lower);
		dput(aliases[nr]);
	}
	return err;
}

static int find_lower(struct dentry *dentry, struct dentry *upper,
		      struct path *lower)
{
	if (!holdfast_overlay_copied_up(dentry, upper))
		return find_by_links(dentry, lower);
	return find_by_note(dentry, lower) ? 0 : find_by_name(dentry, lower);
}

int holdfast_overlay_layers(struct dentry *dentry, struct dentry *upper,
			    struct path *upper_path, struct path *lower_path)
{
	const struct cred *old;
	struct cred *cred;
	int err;

	if (!READ_ONCE(lower_known) || !holdfast_overlay_verified())
		return -ENOENT;
	ask_path(path_upper, dentry, upper_path);
	if (upper_path->dentry != upper || !upper_path->mnt)
		return -ENOENT;
	cred = prepare_kernel_cred(&init_task);
	if (!cred)
		return -ENOMEM;
	old = override_creds(cred);
	err = find_lower(dentry, upper, lower_path);
	revert_creds(old);
	put_cred(cred);
	if (err)
		return err;
	if (!d_is_reg(lower_path->dentry)) {
		path_put(lower_path);
		return -ENOENT;
	}
	path_get(upper_path);
	return 0;
}

bool holdfast_overlay_layer(const struct super_block *sb, int *at,
			    struct path *layer, bool *upper)
{
	struct dentry *root = sb->s_root;
	struct dentry *upper_root = holdfast_overlay_upper(d_inode(root));

	if (*at < 0 || !holdfast_overlay_verified())
		return false;
	if (READ_ONCE(lower_known)) {
		*at = ask_next(*at, root, layer);
	} else {
		*layer = (struct path){ .dentry = upper_root };
		*at = -1;
	}
	*upper = layer->dentry == upper_root;
	return layer->dentry;
}

struct dentry *holdfast_overlay_work(const struct super_block *sb)
{
	struct dentry *root = sb->s_root, *work = NULL;

	if (READ_ONCE(lower_known) && holdfast_overlay_verified() && workdir)
		work = (struct dentry *)holdfast_call(workdir,
						      (unsigned long)root, 0, 0,
						      0);
	/* It makes one in it, which nothing moves while it is mounted. */
	return work ? work->d_parent : NULL;
}

bool holdfast_overlay_reads_by(const struct super_block *sb,
			       const struct vfsmount *mnt)
{
	struct path layer;
	bool upper;
	int at = 0;

	while (holdfast_overlay_layer(sb, &at, &layer, &upper))
		if (layer.mnt == mnt && !upper)
			return true;
	return false;
}

bool holdfast_overlay_upper_root(struct super_block *sb, struct path *path)
{
	struct dentry *upper;

	if (!READ_ONCE(lower_known) || !holdfast_overlay_verified())
		return false;
	upper = holdfast_overlay_upper(d_inode(sb->s_root));
	if (!upper)
		return false;
	ask_path(path_upper, sb->s_root, path);
	if (path->dentry != upper || !path->mnt)
		return false;
	path_get(path);
	return true;
}

static const char *check_probe(struct file *file, u32 expect)
{
	struct dentry *dentry = file->f_path.dentry, *raw, *own, *upper_root, *data;
	unsigned long function = holdfast_find_function("ovl_i_dentry_upper");
	struct super_block *sb, *overlay = dentry->d_sb;

	if (overlay->s_magic != OVERLAYFS_SUPER_MAGIC)
		return "probe is not on an overlay";
	raw = holdfast_overlay_upper(d_inode(dentry));
	if (!function)
		return "overlayfs has no function ovl_i_dentry_upper";
	own = (struct dentry *)holdfast_call(function,
					     (unsigned long)d_inode(dentry), 0,
					     0, 0);
	if (raw != own)
		return "overlayfs keeps its upper dentry elsewhere";
	if (raw ? expect != HOLDFAST_EXPECT_UPPER : expect != HOLDFAST_EXPECT_LOWER)
		return "probe is not on the layer that it was said to be on";
	if (raw && (copy_from_kernel_nofault(&sb, &raw->d_sb, sizeof(sb)) ||
		    !sb || sb == overlay))
		return "upper dentry is none";
	upper_root = holdfast_overlay_upper(d_inode(overlay->s_root));
	if (!upper_root)
		return "scratch overlay has no upper layer";
	data = holdfast_data_dentry(dentry);
	/* By its pointer: copy-up may keep a dentry that is not below the root. */
	if (d_is_reg(dentry) && data != raw &&
	    (raw || is_subdir(data, upper_root)))
		return "d_real() disagrees";
	return NULL;
}

static bool is_layer_file(const struct path *path, const struct dentry *dentry)
{
	struct super_block *sb;

	return path->dentry && path->mnt &&
	       !copy_from_kernel_nofault(&sb, &path->dentry->d_sb, sizeof(sb)) &&
	       sb && sb != dentry->d_sb;
}

/* Do the functions say what is so of a probe that is a regular file? */
static bool check_lower(struct dentry *dentry)
{
	struct dentry *upper = holdfast_overlay_upper(d_inode(dentry));
	struct dentry *parent = dentry->d_parent;
	struct path path = {}, lower = {};
	int at;

	ask_path(path_upper, dentry, &path);
	if (path.dentry != upper)
		return false;
	ask_path(path_lowerdata, dentry, &lower);
	if (lower.dentry && (!is_layer_file(&lower, dentry) ||
			     lower.dentry == upper || !d_is_reg(lower.dentry)))
		return false;
	/* What was copied up, or is the lower's, has one; what is new has none. */
	if ((!upper || holdfast_overlay_copied_up(dentry, upper)) != !!lower.dentry)
		return false;
	/* The scratch overlay has an upper and one lower directory. */
	at = ask_next(0, parent, &path);
	if (at != 1 || path.dentry != holdfast_overlay_upper(d_inode(parent)))
		return false;
	return ask_next(at, parent, &path) == -1 &&
	       is_layer_file(&path, parent) && d_is_dir(path.dentry);
}

static bool find_lower_functions(void)
{
	path_upper = holdfast_find_function("ovl_path_upper");
	path_lowerdata = holdfast_find_function("ovl_path_lowerdata");
	path_next = holdfast_find_function("ovl_path_next");
	workdir = holdfast_find_function("ovl_workdir");
	return path_upper && path_lowerdata && path_next;
}

int holdfast_overlay_calibrate(const struct holdfast_calibration *probes,
			       unsigned int nr, struct netlink_ext_ack *extack)
{
	bool lower = find_lower_functions();
	unsigned int i, seen = 0;

	for (i = 0; i < nr; i++) {
		struct file *file = fget(probes[i].fd);
		const char *fault = "probe is no open descriptor";

		if (file) {
			fault = check_probe(file, probes[i].expect);
			if (!fault && lower && d_is_reg(file->f_path.dentry))
				lower = check_lower(file->f_path.dentry);
			fput(file);
		}
		if (fault) {
			WRITE_ONCE(state, UNVERIFIED);
			pr_alert("calibration of overlayfs, probe %u: %s\n", i,
				 fault);
			extack->_msg = fault;
			return -EINVAL;
		}
		seen |= 1 << probes[i].expect;
	}
	if (seen != (1 << HOLDFAST_EXPECT_LOWER | 1 << HOLDFAST_EXPECT_UPPER)) {
		NL_SET_ERR_MSG(extack, "a probe of each kind is needed");
		return -EINVAL;
	}
	if (!lower)
		pr_warn("overlayfs does not tell its lower files: whatever was copied up counts as changed\n");
	WRITE_ONCE(lower_known, lower);
	WRITE_ONCE(state, VERIFIED);
	holdfast_survey_start();
	return 0;
}

/* Another build of overlayfs may come with another layout. */
static int on_module(struct notifier_block *block, unsigned long what,
		     void *data)
{
	const struct module *module = data;

	if (what == MODULE_STATE_COMING && !strcmp(module->name, "overlay"))
		WRITE_ONCE(state, UNVERIFIED);
	return NOTIFY_OK;
}

static struct notifier_block module_block = { .notifier_call = on_module };

int holdfast_overlay_init(void)
{
	return register_module_notifier(&module_block);
}

void holdfast_overlay_exit(void)
{
	unregister_module_notifier(&module_block);
}
