// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens to write in storage of containers by a path of the host's, and where all
 * is the machine's. Hardly a container has such a path: the file system is marked,
 * by the kernel's own file notification, while one uses it, so that nobody else pays.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "attach.h"
#include "check.h"
#include "compat/compat.h"
#include "machine_fs.h"
#include "mark_group.h"
#include "member.h"
#include "storage.h"
#include "write_watch.h"

#define IDLE	(60 * HZ) /* no open takes as long */

/**
 * struct watched - a marked file system
 * @mark: on its superblock
 * @node: in the list, under its lock; empty once the mark is going
 * @sb: that superblock; only compared
 * @used: when a member was about to write there, in jiffies; under that lock
 */
struct watched {
	struct fsnotify_mark mark;
	struct list_head node;
	const struct super_block *sb;
	unsigned long used;
};

static struct fsnotify_group *group;
static LIST_HEAD(all);
static DEFINE_SPINLOCK(all_lock); /* protects all; a leaf */
static DEFINE_MUTEX(add_lock); /* serialises who adds */

static struct watched *watched_of(struct fsnotify_mark *mark)
{
	return container_of(mark, struct watched, mark);
}

static int on_open(struct fsnotify_group *from, u32 mask, const void *data,
		   int data_type, struct inode *dir,
		   const struct qstr *file_name, u32 cookie,
		   struct fsnotify_iter_info *iter_info)
{
	const struct file *file = holdfast_event_file(data, data_type);
	struct holdfast_reach reach = {};
	int index, err = 0;

	if (!file || !(file->f_mode & FMODE_WRITE) ||
	    !holdfast_is_member(current))
		return 0;
	if (holdfast_is_machine_fs(file_inode(file)->i_sb))
		reach.check = HOLDFAST_CHECK_PS4;
	else if (holdfast_storage_keeps(file->f_path.dentry, file->f_path.mnt))
		reach.check = HOLDFAST_CHECK_HW5;
	else
		return 0;
	reach.path = &file->f_path;
	/* Marks outlive the hooks. */
	index = holdfast_enter();
	if (holdfast_attached())
		err = holdfast_check(&reach);
	holdfast_leave(index);
	return err;
}

static void on_freeing(struct fsnotify_mark *mark, struct fsnotify_group *from)
{
	spin_lock(&all_lock);
	list_del_init(&watched_of(mark)->node);
	spin_unlock(&all_lock);
}

static void on_free(struct fsnotify_mark *mark)
{
	kfree(watched_of(mark));
}

static const struct fsnotify_ops ops = {
	.handle_event = on_open,
	.freeing_mark = on_freeing,
	.free_mark = on_free,
};

/* One that is idle, or with @any one; a reference. */
static struct watched *next_to_go(bool any)
{
	struct watched *watched;

	spin_lock(&all_lock);
	list_for_each_entry(watched, &all, node) {
		if ((any || time_after(jiffies, watched->used + IDLE)) &&
		    refcount_inc_not_zero(&watched->mark.refcnt)) {
			/* Who comes now adds another. */
			list_del_init(&watched->node);
			spin_unlock(&all_lock);
			return watched;
		}
	}
	spin_unlock(&all_lock);
	return NULL;
}

static void sweep(bool any)
{
	struct watched *watched;

	while ((watched = next_to_go(any))) {
		/* Who has counted on it may have been preempted for that long. */
		synchronize_rcu_tasks();
		fsnotify_destroy_mark(&watched->mark, group);
		fsnotify_put_mark(&watched->mark);
	}
}

static void sweep_idle(struct work_struct *work);
static DECLARE_DELAYED_WORK(sweeping, sweep_idle);

static void sweep_idle(struct work_struct *work)
{
	bool more;

	mutex_lock(&add_lock);
	sweep(false);
	spin_lock(&all_lock);
	more = !list_empty(&all);
	spin_unlock(&all_lock);
	if (more)
		schedule_delayed_work(&sweeping, IDLE);
	mutex_unlock(&add_lock);
}

static bool use(const struct super_block *sb)
{
	struct watched *watched;
	bool found = false;

	spin_lock(&all_lock);
	list_for_each_entry(watched, &all, node) {
		found = watched->sb == sb;
		if (found) {
			watched->used = jiffies;
			break;
		}
	}
	spin_unlock(&all_lock);
	return found;
}

static int add_locked(struct super_block *sb)
{
	struct watched *watched;
	int err;

	watched = kzalloc(sizeof(*watched), GFP_KERNEL_ACCOUNT);
	if (!watched)
		return -ENOMEM;
	fsnotify_init_mark(&watched->mark, group);
	watched->mark.mask = FS_OPEN_PERM;
	INIT_LIST_HEAD(&watched->node);
	watched->sb = sb;
	watched->used = jiffies;
	err = holdfast_add_sb_mark(&watched->mark, sb);
	if (!err) {
		spin_lock(&all_lock);
		list_add(&watched->node, &all);
		spin_unlock(&all_lock);
		schedule_delayed_work(&sweeping, IDLE);
	}
	fsnotify_put_mark(&watched->mark);
	return err;
}

int holdfast_write_watch(struct vfsmount *mnt)
{
	struct super_block *sb = mnt->mnt_sb;
	unsigned int flags;
	int err = 0;

	if (!holdfast_is_machine_fs(sb) &&
	    !holdfast_storage_is_below(mnt->mnt_root) &&
	    !holdfast_storage_keeps(mnt->mnt_root, mnt))
		return 0;
	/* The kernel would say so, too; by then it might be another. */
	if (__mnt_is_readonly(mnt))
		return -EROFS;
	if (use(sb))
		return 0;
	/* Whatever the file system is about to do. */
	flags = memalloc_nofs_save();
	mutex_lock(&add_lock);
	if (!use(sb))
		err = add_locked(sb);
	mutex_unlock(&add_lock);
	memalloc_nofs_restore(flags);
	return err;
}

int holdfast_write_watch_init(void)
{
	group = fsnotify_alloc_group(&ops, FSNOTIFY_GROUP_NOFS);
	if (IS_ERR(group))
		return PTR_ERR(group);
	holdfast_set_group_priority(group);
	return 0;
}

void holdfast_write_watch_exit(void)
{
	cancel_delayed_work_sync(&sweeping);
	sweep(true);
	holdfast_mark_group_exit(group);
}
