// SPDX-License-Identifier: GPL-2.0-only
/* Mounts of what shows or changes the host. */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/kernfs.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/security.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "attach.h"
#include "check.h"
#include "member.h"
#include "watch.h"

HOLDFAST_DEFINE_HOOK(vfs_get_tree);
HOLDFAST_DEFINE_HOOK(security_sb_set_mnt_opts);

/* In which case a mount of the type is the item. */
enum when { ALWAYS, IN_HOST_PID_NS, IN_HOST_CGROUP_NS, IN_HOST_USER_NS, IN_OTHER_USER_NS };

/* The first row that is so decides. */
static const struct {
	const char *type;
	int check;
	enum when when;
} types[] = {
	{ "proc", HOLDFAST_CHECK_MT2, IN_HOST_PID_NS },
	{ "sysfs", HOLDFAST_CHECK_MT2, IN_HOST_USER_NS },
	{ "cgroup", HOLDFAST_CHECK_CG2, IN_OTHER_USER_NS },
	{ "cgroup", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "cgroup2", HOLDFAST_CHECK_MT2, IN_HOST_CGROUP_NS },
	{ "securityfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "selinuxfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "smackfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "debugfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "tracefs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "configfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "efivarfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "pstore", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "resctrl", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "devtmpfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "binfmt_misc", HOLDFAST_CHECK_MT2, IN_HOST_USER_NS },
	/* Devices that no path names. */
	{ "9p", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "virtiofs", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "jffs2", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "ubifs", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "overlay", HOLDFAST_CHECK_MT6, IN_OTHER_USER_NS },
	{ "fuse", HOLDFAST_CHECK_MT6, IN_OTHER_USER_NS },
	{ "fuseblk", HOLDFAST_CHECK_MT6, IN_OTHER_USER_NS },
};

/*
 * Namespaces are those of when fsopen(2) was called. The beginnings of what proc
 * and cgroup2 keep of it: fs/proc/root.c, kernel/cgroup/cgroup-internal.h.
 */
struct proc_context {
	struct pid_namespace *pid_ns;
};

struct cgroup_context {
	struct kernfs_fs_context kfc;
	struct cgroup_root *root;
	struct cgroup_namespace *ns;
};

static bool is_so(const struct fs_context *fc, enum when when)
{
	const struct cgroup_context *cgroup = fc->fs_private;
	const struct proc_context *proc = fc->fs_private;

	switch (when) {
	case ALWAYS:
		return true;
	case IN_HOST_PID_NS:
		return proc->pid_ns == &init_pid_ns;
	case IN_HOST_CGROUP_NS:
		return cgroup->ns == init_task.nsproxy->cgroup_ns;
	case IN_HOST_USER_NS:
		return fc->user_ns == &init_user_ns;
	case IN_OTHER_USER_NS:
		return fc->user_ns != &init_user_ns;
	}
	return false;
}

static int item_of(const struct fs_context *fc)
{
	unsigned int i;

	if (fc->sb_flags & SB_KERNMOUNT)
		return -1;
	/* The kernel's own name of the type, whatever it was asked for as. */
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(fc->fs_type->name, types[i].type) &&
		    is_so(fc, types[i].when))
			return types[i].check;
	return fc->fs_type->fs_flags & FS_REQUIRES_DEV ? HOLDFAST_CHECK_MT1 : -1;
}

asmlinkage int holdfast_policy_vfs_get_tree(struct fs_context *fc);
HOLDFAST_ASSERT_SAME_ARGUMENTS(vfs_get_tree, holdfast_policy_vfs_get_tree);

/* mount(2) and fsconfig(2) both come here for a file system. */
int holdfast_policy_vfs_get_tree(struct fs_context *fc)
{
	struct holdfast_reach reach = {};

	holdfast_hit(vfs_get_tree);
	if (!holdfast_is_member(current))
		return 0;
	reach.check = item_of(fc);
	reach.name = reach.check == HOLDFAST_CHECK_MT1 && fc->source ?
			     fc->source : fc->fs_type->name;
	return holdfast_check(&reach);
}

asmlinkage int
holdfast_policy_security_sb_set_mnt_opts(struct super_block *sb, void *options,
					 unsigned long flags,
					 unsigned long *set_flags);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_sb_set_mnt_opts,
			       holdfast_policy_security_sb_set_mnt_opts);

/* Each time that a file system has been made, or found, to be mounted. */
int holdfast_policy_security_sb_set_mnt_opts(struct super_block *sb,
					     void *options, unsigned long flags,
					     unsigned long *set_flags)
{
	int index;

	holdfast_hit(security_sb_set_mnt_opts);
	index = holdfast_enter();
	holdfast_watch_binfmt(sb);
	holdfast_leave(index);
	return 0;
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(vfs_get_tree, HOLDFAST_CHECK_CG2,
			    HOLDFAST_CHECK_MT1, HOLDFAST_CHECK_MT2,
			    HOLDFAST_CHECK_MT6),
	HOLDFAST_CHECK_HOOK(security_sb_set_mnt_opts, HOLDFAST_CHECK_UH3),
};

const struct holdfast_table holdfast_mount_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
