// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where an executable file comes from.
 *
 * On the overlay that a container was armed with, a file of the image has no
 * upper dentry. overlayfs keeps that pointer directly behind the inode (struct
 * ovl_inode in fs/overlayfs/ovl_entry.h), which is nobody's interface: until
 * it was calibrated against files of known kind it is not believed, and each
 * use is checked against what d_real() says.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/kprobes.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/uaccess.h>
#include <linux/xattr.h>

#include "compat/compat.h"
#include "home.h"
#include "member.h"
#include "origin.h"
#include "root.h"
#include "survey.h"

unsigned long holdfast_call(unsigned long function, unsigned long argument);

enum state {
	UNVERIFIED,	/* overlay was loaded, or nobody has calibrated yet */
	VERIFIED,
	MISMATCHED,	/* a cross-check failed: until calibrated anew */
};

static int state; /* enum state */

static struct dentry *raw_upper(const struct inode *inode)
{
	return READ_ONCE(*(struct dentry *const *)(inode + 1));
}

static enum holdfast_origin mismatch(const struct inode *inode)
{
	if (cmpxchg(&state, VERIFIED, MISMATCHED) == VERIFIED)
		pr_alert("overlayfs' layout failed its cross-check (inode %lu): origins are unknown, block rules refuse\n",
			 inode->i_ino);
	return HOLDFAST_ORIGIN_UNKNOWN;
}

/* Made by copy-up: overlayfs leaves a note on the upper file. */
static bool copied_up(struct dentry *upper)
{
	struct inode *inode = d_inode(upper);

	return __vfs_getxattr(upper, inode, "trusted.overlay.origin", NULL, 0) > 0 ||
	       __vfs_getxattr(upper, inode, "user.overlay.origin", NULL, 0) > 0;
}

static enum holdfast_origin on_overlay(struct dentry *dentry, bool may_read)
{
	struct inode *inode = d_inode(dentry);
	struct dentry *upper, *upper_root, *data;

	if (READ_ONCE(state) != VERIFIED || !d_is_reg(dentry))
		return HOLDFAST_ORIGIN_UNKNOWN;
	upper = raw_upper(inode);
	upper_root = raw_upper(d_inode(dentry->d_sb->s_root));
	data = holdfast_data_dentry(dentry);
	if (!upper) {
		/* Copied up between the two reads counts as changed. */
		if (upper_root && is_subdir(data, upper_root))
			return raw_upper(inode) ? HOLDFAST_ORIGIN_CHANGED :
						  mismatch(inode);
		return HOLDFAST_ORIGIN_IMAGE;
	}
	if (!upper_root || upper->d_sb == dentry->d_sb)
		return mismatch(inode);
	/* Data that is still the lower's: a copy of the attributes only. */
	if (data != upper && is_subdir(data, upper_root))
		return mismatch(inode);
	return may_read && !copied_up(upper) ? HOLDFAST_ORIGIN_ADDED :
					       HOLDFAST_ORIGIN_CHANGED;
}

static bool in_memory(const struct super_block *sb)
{
	return sb->s_magic == TMPFS_MAGIC || sb->s_magic == RAMFS_MAGIC ||
	       sb->s_magic == HUGETLBFS_MAGIC || (sb->s_flags & SB_KERNMOUNT);
}

bool holdfast_origin_is_memfd(const struct path *path)
{
	const struct super_block *sb = path->dentry->d_sb;

	return (sb->s_flags & SB_KERNMOUNT) && in_memory(sb);
}

bool holdfast_origin_is_anonymous(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;
	const struct super_block *sb = dentry->d_sb;

	if (!(sb->s_flags & SB_KERNMOUNT))
		return false;
	/* shmem_zero_setup() and ksys_mmap_pgoff(); a memfd is "memfd:NAME". */
	return (sb->s_magic == TMPFS_MAGIC &&
		!strcmp(dentry->d_name.name, "dev/zero")) ||
	       (sb->s_magic == HUGETLBFS_MAGIC &&
		!strcmp(dentry->d_name.name, "anon_hugepage"));
}

enum holdfast_origin holdfast_origin_of(struct task_struct *task,
					const struct path *path,
					const struct holdfast_root *root,
					bool may_read)
{
	struct super_block *sb = path->dentry->d_sb;
	struct path its;
	bool volume;

	if (holdfast_root_is(root, sb))
		return root->overlay ? on_overlay(path->dentry, may_read) :
				       HOLDFAST_ORIGIN_UNTOLD;
	if (in_memory(sb))
		return HOLDFAST_ORIGIN_MEMORY;
	if (!holdfast_task_root(task, &its))
		return HOLDFAST_ORIGIN_HOST;
	/* A member that has gone there finds all that is the host's. */
	volume = path_is_under(path, &its) && !holdfast_is_host_root(its.dentry);
	path_put(&its);
	return volume ? HOLDFAST_ORIGIN_VOLUME : HOLDFAST_ORIGIN_HOST;
}

/* overlayfs' own answer, from a function that it does not export. */
static bool ask_overlay(struct inode *inode, struct dentry **upper)
{
	struct kprobe probe = { .symbol_name = "ovl_i_dentry_upper" };
	unsigned long function;

	if (register_kprobe(&probe))
		return false;
	function = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	*upper = (struct dentry *)holdfast_call(function, (unsigned long)inode);
	return true;
}

static const char *check_probe(struct file *file, u32 expect)
{
	struct dentry *dentry = file->f_path.dentry, *raw, *own, *upper_root, *data;
	struct super_block *sb, *overlay = dentry->d_sb;

	if (overlay->s_magic != OVERLAYFS_SUPER_MAGIC)
		return "probe is not on an overlay";
	raw = raw_upper(d_inode(dentry));
	if (!ask_overlay(d_inode(dentry), &own))
		return "overlayfs has no function ovl_i_dentry_upper";
	if (raw != own)
		return "overlayfs keeps its upper dentry elsewhere";
	if (raw ? expect != HOLDFAST_EXPECT_UPPER : expect != HOLDFAST_EXPECT_LOWER)
		return "probe is not on the layer that it was said to be on";
	if (raw && (copy_from_kernel_nofault(&sb, &raw->d_sb, sizeof(sb)) ||
		    !sb || sb == overlay))
		return "upper dentry is none";
	upper_root = raw_upper(d_inode(overlay->s_root));
	if (!upper_root)
		return "scratch overlay has no upper layer";
	data = holdfast_data_dentry(dentry);
	/* By its pointer: copy-up may keep a dentry that is not below the root. */
	if (d_is_reg(dentry) && data != raw &&
	    (raw || is_subdir(data, upper_root)))
		return "d_real() disagrees";
	return NULL;
}

int holdfast_origin_calibrate(const struct holdfast_calibration *probes,
			      unsigned int nr, struct netlink_ext_ack *extack)
{
	unsigned int i, seen = 0;

	for (i = 0; i < nr; i++) {
		struct file *file = fget(probes[i].fd);
		const char *fault = "probe is no open descriptor";

		if (file) {
			fault = check_probe(file, probes[i].expect);
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
	WRITE_ONCE(state, VERIFIED);
	holdfast_survey_start();
	return 0;
}

bool holdfast_origin_verified(void)
{
	return READ_ONCE(state) == VERIFIED;
}

bool holdfast_origin_mismatched(void)
{
	return READ_ONCE(state) == MISMATCHED;
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

int holdfast_origin_init(void)
{
	return register_module_notifier(&module_block);
}

void holdfast_origin_exit(void)
{
	unregister_module_notifier(&module_block);
}
