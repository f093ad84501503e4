// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs of the host that a container has by right.
 *
 * Those that a runtime mounts into it, such as the first process of `run --init`,
 * are known by the file that the host has by their names at that time, whatever
 * they are called in the container. Interpreters of other processors' programs
 * are registered on the host, in no file system of the container's.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#include "compat/compat.h"
#include "home.h"
#include "policy.h"
#include "root.h"
#include "runtime_program.h"
#include "watch.h"

/* Into @name, of PATH_MAX bytes; false if there are no more. */
static bool copy_name(u32 at, char *name)
{
	const struct holdfast_policy *policy;
	bool there;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	there = policy && at < policy->nr_runtime_programs;
	if (there)
		strscpy(name, policy->runtime_programs[at], PATH_MAX);
	rcu_read_unlock();
	return there;
}

/* Is it what the host has by @name? */
static bool is_named(const struct path *path, const struct path *host_root,
		     const char *name)
{
	struct path found;
	bool same;

	if (vfs_path_lookup(host_root->dentry, host_root->mnt, name,
			    LOOKUP_FOLLOW, &found))
		return false;
	same = d_inode(found.dentry) == d_inode(path->dentry);
	path_put(&found);
	return same;
}

static bool find_name(const struct path *path, const struct path *host_root)
{
	const struct cred *old;
	bool found = false;
	struct cred *cred;
	char *name;
	u32 i;

	cred = prepare_kernel_cred(&init_task);
	name = cred ? __getname() : NULL;
	if (name) {
		old = override_creds(cred);
		for (i = 0; !found && copy_name(i, name); i++)
			found = is_named(path, host_root, name);
		revert_creds(old);
		__putname(name);
	}
	if (cred)
		put_cred(cred);
	return found;
}

bool holdfast_is_runtime_program(const struct path *path)
{
	struct path host_root;
	bool found;

	if (path->dentry != path->mnt->mnt_root ||
	    !__mnt_is_readonly(path->mnt) ||
	    !holdfast_task_root(init_pid_ns.child_reaper, &host_root))
		return false;
	found = find_name(path, &host_root);
	path_put(&host_root);
	return found;
}

/*
 * What exec opens has current's credentials; of an interpreter that was opened
 * before it gets a copy, which has those that it was opened with. A mount of the
 * container's is below no directory of the host's mount namespace, unless that is
 * the container's too. A member may have registered one by such a mount.
 */
bool holdfast_is_registered_interpreter(const struct file *file,
					const struct holdfast_root *root)
{
	return file->f_cred != current_cred() &&
	       file->f_cred->user_ns == &init_user_ns &&
	       !holdfast_watch_registered(file->f_cred) &&
	       !holdfast_root_is(root, file_inode(file)->i_sb) &&
	       holdfast_is_below_root(init_pid_ns.child_reaper, &file->f_path);
}
