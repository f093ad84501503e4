// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files by which the kernel and its machine are read and commanded. Not the
 * opening of all files is redirected, which would cost all, but that of those
 * file systems.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/user_namespace.h>

#include "attach.h"
#include "check.h"
#include "container.h"
#include "core/kernel_file.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(proc_sys_open);
HOLDFAST_DEFINE_HOOK(proc_reg_open);
HOLDFAST_DEFINE_HOOK(kernfs_fop_open);
HOLDFAST_DEFINE_HOOK(do_handle_open);

/*
 * Is the file in the cgroup of current's container, or further in? Nothing is
 * renamed in this file system, and inodes there have the numbers of cgroups.
 */
static bool in_own_cgroup(struct dentry *dentry)
{
	struct holdfast_member *member;
	bool own = false;

	rcu_read_lock();
	member = holdfast_member_find(current->signal);
	while (member && !own && !IS_ROOT(dentry)) {
		dentry = READ_ONCE(dentry->d_parent);
		own = d_inode(dentry)->i_ino == member->container->cgroup_id;
	}
	rcu_read_unlock();
	return own;
}

static unsigned int opening_of(const struct file *file)
{
	const struct nsproxy *mine = current->nsproxy, *host = init_task.nsproxy;
	unsigned int opening = 0;

	if (!mine)
		return 0;
	if (file->f_mode & FMODE_WRITE)
		opening |= HOLDFAST_OPENING_TO_WRITE;
	if (holdfast_holds(CAP_SYSLOG))
		opening |= HOLDFAST_OPENING_WITH_ADDRESSES;
	if (mine->ipc_ns == host->ipc_ns)
		opening |= HOLDFAST_OPENING_IN_HOST_IPC;
	if (mine->net_ns == host->net_ns)
		opening |= HOLDFAST_OPENING_IN_HOST_NET;
	if (mine->uts_ns == host->uts_ns)
		opening |= HOLDFAST_OPENING_IN_HOST_UTS;
	if (task_active_pid_ns(current) == &init_pid_ns)
		opening |= HOLDFAST_OPENING_IN_HOST_PID;
	if (current_user_ns() == &init_user_ns)
		opening |= HOLDFAST_OPENING_IN_HOST_USER;
	return opening;
}

static int by_name(enum holdfast_kernel_fs fs, struct file *file)
{
	char *buffer = __getname(), *name;
	int check;

	if (!buffer)
		return -ENOMEM;
	/* Longer ones than fit, or without a name, are in no table. */
	name = dentry_path_raw(file->f_path.dentry, buffer, PATH_MAX);
	check = IS_ERR(name) ? -1 :
		holdfast_kernel_file_check(fs, name, opening_of(file));
	__putname(buffer);
	return check;
}

/* The item that the opening of @file is; -1: none; or another error. */
static int item_of(struct file *file)
{
	switch (file_inode(file)->i_sb->s_magic) {
	case PROC_SUPER_MAGIC:
		return by_name(HOLDFAST_KERNEL_FS_PROC, file);
	case SYSFS_MAGIC:
		return by_name(HOLDFAST_KERNEL_FS_SYSFS, file);
	case CGROUP_SUPER_MAGIC:
		return by_name(HOLDFAST_KERNEL_FS_CGROUP1, file);
	case CGROUP2_SUPER_MAGIC:
		return (file->f_mode & FMODE_WRITE) &&
		       !in_own_cgroup(file->f_path.dentry) ?
			       HOLDFAST_CHECK_CG4 : -1;
	}
	return -1;
}

/*
 * Who is no member but sets a container up writes to its settings and processes:
 * if to what concerns the whole host, then it was led there. What cgroups it
 * writes to is its own business.
 */
static bool may_be_led(const struct file *file)
{
	unsigned long magic = file_inode(file)->i_sb->s_magic;

	return (file->f_mode & FMODE_WRITE) &&
	       (magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC);
}

static int check_kernel_file(struct file *file)
{
	struct holdfast_reach reach = { .path = &file->f_path };
	bool member = holdfast_is_member(current);
	int index, err;

	if (!member && !may_be_led(file))
		return 0;
	index = holdfast_enter();
	reach.check = item_of(file);
	if (!member && reach.check >= 0)
		reach.check = HOLDFAST_CHECK_RT4;
	err = reach.check < -1 ? reach.check : holdfast_check_setup(&reach);
	holdfast_leave(index);
	return err;
}

#define DEFINE_OPEN(name)						\
	asmlinkage int holdfast_policy_##name(struct inode *inode,	\
					      struct file *file);	\
	int holdfast_policy_##name(struct inode *inode,			\
				   struct file *file)			\
	{								\
		holdfast_hit(name);					\
		return check_kernel_file(file);				\
	}

DEFINE_OPEN(proc_sys_open)
DEFINE_OPEN(proc_reg_open)
DEFINE_OPEN(kernfs_fop_open)

asmlinkage int holdfast_policy_do_handle_open(int mount_fd,
					      struct file_handle __user *handle,
					      int flags);

/* Who may open by handle reaches all of a file system, whatever is mounted. */
int holdfast_policy_do_handle_open(int mount_fd,
				   struct file_handle __user *handle, int flags)
{
	holdfast_hit(do_handle_open);
	if (!holdfast_holds(CAP_DAC_READ_SEARCH))
		return 0;
	return holdfast_check(&(struct holdfast_reach){
		.check = HOLDFAST_CHECK_FH1,
	});
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(proc_sys_open, HOLDFAST_CHECK_UH1,
			    HOLDFAST_CHECK_UH2, HOLDFAST_CHECK_PS1,
			    HOLDFAST_CHECK_PS3, HOLDFAST_CHECK_RT4),
	HOLDFAST_CHECK_HOOK(proc_reg_open, HOLDFAST_CHECK_PS1,
			    HOLDFAST_CHECK_PS2, HOLDFAST_CHECK_PS4,
			    HOLDFAST_CHECK_RT4),
	HOLDFAST_CHECK_HOOK(kernfs_fop_open, HOLDFAST_CHECK_UH2,
			    HOLDFAST_CHECK_CG1, HOLDFAST_CHECK_CG3,
			    HOLDFAST_CHECK_CG4, HOLDFAST_CHECK_KL4,
			    HOLDFAST_CHECK_PS4, HOLDFAST_CHECK_RT4),
	HOLDFAST_CHECK_HOOK(do_handle_open, HOLDFAST_CHECK_FH1),
};

const struct holdfast_table holdfast_open_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
