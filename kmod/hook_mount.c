// SPDX-License-Identifier: GPL-2.0-only
/* Mounts of what shows or changes the host. */
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "attach.h"
#include "check.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(vfs_get_tree);

/* In which case a mount of the type shows the host. */
enum showing { ALWAYS, IN_HOST_PID_NS, IN_HOST_CGROUP_NS, IN_HOST_USER_NS };

static const struct {
	const char *type;
	enum showing showing;
} types[] = {
	{ "proc", IN_HOST_PID_NS },
	{ "sysfs", IN_HOST_USER_NS },
	{ "cgroup", ALWAYS },
	{ "cgroup2", IN_HOST_CGROUP_NS },
	{ "securityfs", ALWAYS },
	{ "debugfs", ALWAYS },
	{ "tracefs", ALWAYS },
	{ "efivarfs", ALWAYS },
	{ "devtmpfs", ALWAYS },
	{ "binfmt_misc", IN_HOST_USER_NS },
};

static bool shows_host(const struct fs_context *fc, enum showing showing)
{
	switch (showing) {
	case ALWAYS:
		return true;
	case IN_HOST_PID_NS:
		return task_active_pid_ns(current) == &init_pid_ns;
	case IN_HOST_CGROUP_NS:
		return current->nsproxy->cgroup_ns ==
		       init_task.nsproxy->cgroup_ns;
	case IN_HOST_USER_NS:
		return fc->user_ns == &init_user_ns;
	}
	return false;
}

static int item_of(const struct fs_context *fc)
{
	unsigned int i;

	/* The kernel's own name of the type, whatever it was asked for as. */
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(fc->fs_type->name, types[i].type))
			return shows_host(fc, types[i].showing) ?
				       HOLDFAST_CHECK_MT2 : -1;
	return fc->fs_type->fs_flags & FS_REQUIRES_DEV ? HOLDFAST_CHECK_MT1 : -1;
}

asmlinkage int holdfast_policy_vfs_get_tree(struct fs_context *fc);
HOLDFAST_ASSERT_SAME_ARGUMENTS(vfs_get_tree, holdfast_policy_vfs_get_tree);

/* mount(2) and fsconfig(2) both come here for a file system. */
int holdfast_policy_vfs_get_tree(struct fs_context *fc)
{
	struct holdfast_reach reach = {};
	int index, err = 0, check;

	holdfast_hit(vfs_get_tree);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	check = item_of(fc);
	if (check >= 0) {
		reach.check = check;
		reach.name = check == HOLDFAST_CHECK_MT1 && fc->source ?
				     fc->source : fc->fs_type->name;
		err = holdfast_check(&reach);
	}
	holdfast_leave(index);
	return err;
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(vfs_get_tree, HOLDFAST_CHECK_MT1,
			    HOLDFAST_CHECK_MT2),
};

const struct holdfast_table holdfast_mount_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
