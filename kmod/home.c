// SPDX-License-Identifier: GPL-2.0-only
/* The root and the mount namespace that a container was armed with. */
#include <linux/capability.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/magic.h>
#include <linux/ns_common.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "compat/compat.h"
#include "container.h"
#include "home.h"
#include "member.h"
#include "root.h"
#include "storage.h"

static struct workqueue_struct *release_queue;
static const struct proc_ns_operations *mnt_ns_operations;

/* They are not exported, but each mount namespace has them. */
static int find_operations(void)
{
	struct file *file = filp_open("/proc/self/ns/mnt", O_RDONLY, 0);

	if (IS_ERR(file)) {
		pr_err("/proc/self/ns/mnt cannot be opened (%ld): load the module once /proc is mounted\n",
		       PTR_ERR(file));
		return PTR_ERR(file);
	}
	if (file_inode(file)->i_sb->s_magic == NSFS_MAGIC)
		mnt_ns_operations = get_proc_ns(file_inode(file))->ops;
	filp_close(file, NULL);
	if (!mnt_ns_operations)
		pr_err("/proc/self/ns/mnt is no namespace: load the module where /proc is the kernel's\n");
	return mnt_ns_operations ? 0 : -ENXIO;
}

int holdfast_home_init(void)
{
	int err = find_operations();

	if (err)
		return err;
	release_queue = alloc_workqueue("holdfast_home", WQ_UNBOUND, 0);
	return release_queue ? 0 : -ENOMEM;
}

void holdfast_home_exit(void)
{
	destroy_workqueue(release_queue);
}

static void finish(struct holdfast_home *home)
{
	holdfast_covered_free(&home->covered);
	holdfast_root_put(home->root);
	kfree_rcu(home, rcu);
}

static void release(struct work_struct *work)
{
	struct holdfast_home *home;

	home = container_of(work, struct holdfast_home, release);
	mnt_ns_operations->put(home->mnt_ns);
	finish(home);
}

static bool in_mnt_ns(struct task_struct *task, const struct ns_common *mnt_ns)
{
	struct ns_common *its = mnt_ns_operations->get(task);

	if (its)
		mnt_ns_operations->put(its);
	return its == mnt_ns;
}

struct holdfast_home *holdfast_home_new(struct task_struct *task,
					const struct path *root_path,
					struct holdfast_container *container)
{
	struct super_block *sb = root_path->dentry->d_sb;
	struct holdfast_home *home;
	void *err;

	might_sleep();
	home = kzalloc(sizeof(*home), GFP_KERNEL_ACCOUNT);
	if (!home)
		return ERR_PTR(-ENOMEM);
	home->root = holdfast_root_get(sb, container);
	if (IS_ERR(home->root)) {
		err = ERR_CAST(home->root);
		kfree(home);
		return err;
	}
	refcount_set(&home->refs, 1);
	INIT_WORK(&home->release, release);
	holdfast_covered_init(&home->covered);
	home->root_dentry = root_path->dentry;
	home->root_mnt = root_path->mnt;
	home->mnt_ns = mnt_ns_operations->get(task);
	if (!home->mnt_ns) {
		finish(home);
		return ERR_PTR(-ESRCH);
	}
	home->of_host = in_mnt_ns(init_pid_ns.child_reaper, home->mnt_ns);
	home->storage = holdfast_storage_add(root_path, container->cgroup_id);
	if (IS_ERR(home->storage)) {
		err = ERR_CAST(home->storage);
		home->storage = NULL;
		holdfast_home_put(home);
		return err;
	}
	return home;
}

void holdfast_home_hold(struct holdfast_home *home)
{
	refcount_inc(&home->refs);
}

void holdfast_home_put(struct holdfast_home *home)
{
	if (!refcount_dec_and_test(&home->refs))
		return;
	holdfast_storage_drop(home->storage);
	home->storage = NULL;
	/*
	 * The last one unmounts everything, and sleeps. That is not us if the
	 * last member ends, unless it has left the namespace: it is still there
	 * itself, and what it has mounted is to be gone by the time that it is
	 * waited for.
	 */
	if (!refcount_dec_not_one(holdfast_ns_count(home->mnt_ns)))
		queue_work(release_queue, &home->release);
	else
		finish(home);
}

bool holdfast_home_mounts(const struct holdfast_home *home, bool shared)
{
	struct ns_common *its = mnt_ns_operations->get(current);
	struct user_namespace *owner;
	bool counts;

	if (!its)
		return false;
	owner = mnt_ns_operations->owner(its);
	/* To one of another user namespace nothing propagates back. */
	counts = ns_capable_noaudit(owner, CAP_SYS_ADMIN) &&
		 (its == home->mnt_ns ||
		  (shared && owner == mnt_ns_operations->owner(home->mnt_ns)));
	mnt_ns_operations->put(its);
	return counts;
}

bool holdfast_home_entered(const struct holdfast_home *home,
			   struct task_struct *task)
{
	return !home->of_host && in_mnt_ns(task, home->mnt_ns);
}

bool holdfast_task_root(struct task_struct *task, struct path *root)
{
	bool found;

	task_lock(task);
	found = task->fs;
	if (found)
		get_fs_root(task->fs, root);
	task_unlock(task);
	return found;
}

bool holdfast_is_below_root(struct task_struct *task, const struct path *path)
{
	struct path root;
	bool below;

	if (!holdfast_task_root(task, &root))
		return false;
	below = path_is_under(path, &root);
	path_put(&root);
	return below;
}

bool holdfast_is_host_mount(const struct path *path)
{
	struct path host;
	bool is;

	if (!holdfast_task_root(init_pid_ns.child_reaper, &host))
		return false;
	is = path_is_under(path, &host) || path_is_under(&host, path);
	path_put(&host);
	return is;
}

bool holdfast_home_has(struct holdfast_home *home,
		       struct task_struct *task, const struct path *path)
{
	struct path its;
	bool has;

	/* Of a file in a mount elsewhere, d_path() says its name there. */
	if (!in_mnt_ns(task, home->mnt_ns) || !holdfast_task_root(task, &its))
		return false;
	has = its.dentry == home->root_dentry && its.mnt == home->root_mnt &&
	      holdfast_root_is(home->root, its.dentry->d_sb) &&
	      path_is_under(path, &its) &&
	      !holdfast_covered_has(&home->covered, path, &its);
	path_put(&its);
	return has;
}

/* A root that is no overlay may be a directory of the host's file system. */
bool holdfast_home_owns(const struct holdfast_home *home,
			const struct dentry *dentry)
{
	return holdfast_root_is(home->root, dentry->d_sb) && !home->of_host &&
	       (home->root->overlay || dentry == home->root_dentry);
}

bool holdfast_home_leads_out(const struct holdfast_home *home,
			     const struct path *path)
{
	return path->dentry->d_sb->s_user_ns == &init_user_ns &&
	       !holdfast_home_owns(home, path->dentry) &&
	       !holdfast_is_below_root(current, path);
}
