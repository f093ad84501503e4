// SPDX-License-Identifier: GPL-2.0-only
/* Links of proc that lead to what another process has open, or lives in. */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>

#include "attach.h"
#include "check.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(proc_pid_get_link);
HOLDFAST_DEFINE_HOOK(proc_map_files_get_link);

/*
 * Whose directory @dentry is in: a reference, or NULL. In this file system
 * nothing is renamed or moved, and a directory of the root with a number for a
 * name is that of the process.
 */
static struct task_struct *process_of(const struct dentry *dentry)
{
	const struct dentry *parent = dentry->d_parent;
	struct task_struct *task = NULL;
	unsigned int number;

	rcu_read_lock();
	while (!IS_ROOT(parent)) {
		dentry = parent;
		parent = READ_ONCE(parent->d_parent);
	}
	if (!kstrtouint(dentry->d_name.name, 10, &number))
		task = pid_task(find_pid_ns(number, proc_pid_ns(dentry->d_sb)),
				PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

/* To follow one, not to read where it leads. Without @dentry it fails here. */
static int check_link(const struct dentry *dentry)
{
	struct holdfast_reach reach = { .check = HOLDFAST_CHECK_PT2 };
	struct task_struct *task;
	int err = 0;

	if (!dentry || !holdfast_is_member(current))
		return 0;
	task = process_of(dentry);
	if (task) {
		reach.target = task;
		reach.name = dentry->d_name.name;
		if (holdfast_is_other(task))
			err = holdfast_check(&reach);
		put_task_struct(task);
	}
	return err;
}

/* Newer kernels go on from one function to the other. */
static bool is_map_file(const struct dentry *dentry)
{
	bool is;

	rcu_read_lock();
	is = !strcmp(READ_ONCE(dentry->d_parent)->d_name.name, "map_files");
	rcu_read_unlock();
	return is;
}

asmlinkage int holdfast_policy_proc_pid_get_link(struct dentry *dentry,
						 struct inode *inode,
						 struct delayed_call *done);

int holdfast_policy_proc_pid_get_link(struct dentry *dentry,
				      struct inode *inode,
				      struct delayed_call *done)
{
	holdfast_hit(proc_pid_get_link);
	return dentry && is_map_file(dentry) ? 0 : check_link(dentry);
}

asmlinkage int holdfast_policy_proc_map_files_get_link(struct dentry *dentry,
						       struct inode *inode,
						       struct delayed_call *done);

int holdfast_policy_proc_map_files_get_link(struct dentry *dentry,
					    struct inode *inode,
					    struct delayed_call *done)
{
	holdfast_hit(proc_map_files_get_link);
	return check_link(dentry);
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(proc_pid_get_link, HOLDFAST_CHECK_PT2),
	HOLDFAST_CHECK_HOOK(proc_map_files_get_link, HOLDFAST_CHECK_PT2),
};

const struct holdfast_table holdfast_proc_link_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
