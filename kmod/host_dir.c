// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories in which the host keeps what it runs, trusts or hides. They are
 * marked by the kernel's own file notification, so that nothing but what is
 * opened in them pays: wherever they are mounted, and whatever a container
 * calls them there, it is the same inode.
 */
#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stat.h>
#include <linux/string.h>

#include "attach.h"
#include "check.h"
#include "compat/compat.h"
#include "guard.h"
#include "host_dir.h"
#include "mark_group.h"
#include "member.h"

static struct fsnotify_group *group;
static DEFINE_MUTEX(change_lock); /* serialises what the controller changes */
static LIST_HEAD(all);
static unsigned int nr_all;
static DEFINE_SPINLOCK(all_lock); /* protects all and nr_all; a leaf */

static struct holdfast_host_dir *dir_of(struct fsnotify_mark *mark)
{
	return container_of(mark, struct holdfast_host_dir, mark);
}

/* As stat(2) says, which tells subvolumes apart, if it says anything. */
static struct holdfast_host_place place_of(const struct path *path)
{
	const struct inode *inode = d_inode(path->dentry);
	struct kstat stat;

	if (vfs_getattr_nosec(path, &stat, STATX_INO, AT_STATX_DONT_SYNC)) {
		stat.dev = inode->i_sb->s_dev;
		stat.ino = inode->i_ino;
	}
	return (struct holdfast_host_place){
		.dev = new_encode_dev(stat.dev),
		.ino = stat.ino,
	};
}

/* Of @dir, which is not in the list yet or whose mutex is held, for @path. */
static void set_places(struct holdfast_host_dir *dir, const struct path *path)
{
	struct holdfast_host_place places[HOLDFAST_HOST_DEPTH] = {};
	struct path at = { .mnt = path->mnt, .dentry = dget(path->dentry) };
	unsigned int nr = 1;
	struct dentry *parent;

	places[0] = place_of(&at);
	while (nr < HOLDFAST_HOST_DEPTH && !IS_ROOT(at.dentry)) {
		parent = dget_parent(at.dentry);
		dput(at.dentry);
		at.dentry = parent;
		places[nr++] = place_of(&at);
	}
	dput(at.dentry);
	spin_lock(&all_lock);
	memcpy(dir->places, places, sizeof(places));
	dir->nr_places = nr;
	spin_unlock(&all_lock);
}

static int on_open(struct fsnotify_group *from, u32 mask, const void *data,
		   int data_type, struct inode *dir,
		   const struct qstr *file_name, u32 cookie,
		   struct fsnotify_iter_info *iter_info)
{
	const struct file *file = holdfast_event_file(data, data_type);
	int index, err = 0;

	if (!file || !holdfast_is_member(current))
		return 0;
	/* Marks outlive the hooks. */
	index = holdfast_enter();
	if (holdfast_attached())
		err = holdfast_host_file_open(file);
	holdfast_leave(index);
	return err;
}

static void forget(struct holdfast_host_dir *dir)
{
	spin_lock(&all_lock);
	if (!list_empty(&dir->all)) {
		list_del_init(&dir->all);
		nr_all--;
	}
	spin_unlock(&all_lock);
}

/* The directory is gone, or its file system, or we forget it. */
static void on_freeing(struct fsnotify_mark *mark, struct fsnotify_group *from)
{
	forget(dir_of(mark));
}

static void on_free(struct fsnotify_mark *mark)
{
	struct holdfast_host_dir *dir = dir_of(mark);

	kfree_rcu(rcu_dereference_protected(dir->entries, true), rcu);
	kfree(dir);
}

static const struct fsnotify_ops ops = {
	.handle_event = on_open,
	.freeing_mark = on_freeing,
	.free_mark = on_free,
};

int holdfast_host_dir_init(void)
{
	group = fsnotify_alloc_group(&ops, 0);
	if (IS_ERR(group))
		return PTR_ERR(group);
	holdfast_set_group_priority(group);
	return 0;
}

/* The mutex is held, or nobody is left who would take it. */
static void destroy(struct holdfast_host_dir *dir)
{
	fsnotify_destroy_mark(&dir->mark, group);
	fsnotify_put_mark(&dir->mark);
}

/* One that is of another round; a reference. @any: of any. */
static struct holdfast_host_dir *next_to_go(u32 round, bool any)
{
	struct holdfast_host_dir *dir;

	spin_lock(&all_lock);
	list_for_each_entry(dir, &all, all) {
		if ((any || dir->round != round) &&
		    refcount_inc_not_zero(&dir->mark.refcnt)) {
			spin_unlock(&all_lock);
			return dir;
		}
	}
	spin_unlock(&all_lock);
	return NULL;
}

void holdfast_host_dir_exit(void)
{
	struct holdfast_host_dir *dir;

	while ((dir = next_to_go(0, true)))
		destroy(dir);
	holdfast_mark_group_exit(group);
	rcu_barrier();
}

static bool same(const struct holdfast_host_entries *one,
		 const struct holdfast_host_entries *other)
{
	return one->nr == other->nr &&
	       !memcmp(one->entries, other->entries,
		       flex_array_size(one, entries, one->nr));
}

/* Takes over @entries if it succeeds. */
static int add(const struct path *path, u32 round,
	       struct holdfast_host_entries *entries)
{
	struct holdfast_host_dir *dir;
	int err;

	if (READ_ONCE(nr_all) >= HOLDFAST_HOST_DIRECTORIES_MAX)
		return -ENOSPC;
	dir = kzalloc(sizeof(*dir), GFP_KERNEL_ACCOUNT);
	if (!dir)
		return -ENOMEM;
	set_places(dir, path);
	dir->sb = path->dentry->d_sb;
	fsnotify_init_mark(&dir->mark, group);
	dir->mark.mask = FS_OPEN_PERM | FS_EVENT_ON_CHILD;
	INIT_LIST_HEAD(&dir->all);
	RCU_INIT_POINTER(dir->entries, entries);
	dir->round = round;
	err = fsnotify_add_inode_mark(&dir->mark, d_inode(path->dentry), 0);
	if (err) {
		RCU_INIT_POINTER(dir->entries, NULL);
		fsnotify_put_mark(&dir->mark);
		return err;
	}
	spin_lock(&all_lock);
	/* The file system may be going already. */
	if (dir->mark.flags & FSNOTIFY_MARK_FLAG_ALIVE) {
		list_add_tail(&dir->all, &all);
		nr_all++;
	}
	spin_unlock(&all_lock);
	fsnotify_put_mark(&dir->mark);
	return 0;
}

static int replace(struct holdfast_host_dir *dir, const struct path *path,
		   u32 round, struct holdfast_host_entries *entries)
{
	struct holdfast_host_entries *now;

	now = rcu_dereference_protected(dir->entries,
					lockdep_is_held(&change_lock));
	if (!same(now, entries) && holdfast_guard_locked())
		return -EPERM;
	set_places(dir, path);
	dir->round = round;
	if (same(now, entries))
		swap(now, entries);
	else
		rcu_assign_pointer(dir->entries, entries);
	kfree_rcu(now, rcu);
	return 0;
}

int holdfast_host_dir_set(unsigned int fd, u32 round,
			  struct holdfast_host_entries *entries)
{
	struct fsnotify_mark *mark;
	struct file *file = fget_raw(fd);
	struct inode *inode;
	int err;

	if (!file) {
		kfree(entries);
		return -EBADF;
	}
	inode = file_inode(file);
	mutex_lock(&change_lock);
	mark = holdfast_find_inode_mark(inode, group);
	if (!S_ISDIR(inode->i_mode))
		err = -ENOTDIR;
	else if (mark)
		err = replace(dir_of(mark), &file->f_path, round, entries);
	else
		err = add(&file->f_path, round, entries);
	if (mark)
		fsnotify_put_mark(mark);
	mutex_unlock(&change_lock);
	fput(file);
	if (err)
		kfree(entries);
	return err;
}

int holdfast_host_dir_sweep(u32 round)
{
	struct holdfast_host_dir *dir;

	if (holdfast_guard_locked())
		return -EPERM;
	mutex_lock(&change_lock);
	while ((dir = next_to_go(round, false)))
		destroy(dir);
	mutex_unlock(&change_lock);
	return 0;
}

int holdfast_host_dir_walk(unsigned long *at,
			   int (*visit)(const struct holdfast_host_dir *dir,
					void *data),
			   void *data)
{
	struct holdfast_host_dir *dir;
	unsigned long nr = 0;
	int err = 0;

	rcu_read_lock();
	spin_lock(&all_lock);
	list_for_each_entry(dir, &all, all) {
		if (nr++ < *at)
			continue;
		err = visit(dir, data);
		if (err)
			break;
		++*at;
	}
	spin_unlock(&all_lock);
	rcu_read_unlock();
	return err;
}

/* Is it about current? Under RCU. */
static bool concerns(const struct holdfast_host_entry *entry)
{
	struct cgroup *cgroup;

	if (!entry->owner)
		return true;
	for (cgroup = task_dfl_cgroup(current); cgroup;
	     cgroup = cgroup_parent(cgroup))
		if (cgroup_id(cgroup) == entry->owner)
			return false;
	return true;
}

/* @name: NULL for one further in, so that only entries for the tree count. */
static int item_in(struct inode *inode, const struct qstr *name,
		   enum holdfast_host_access access)
{
	const struct holdfast_host_entries *entries;
	struct fsnotify_mark *mark;
	int check = -1;
	unsigned int i;

	mark = holdfast_find_inode_mark(inode, group);
	if (!mark)
		return -1;
	rcu_read_lock();
	entries = rcu_dereference(dir_of(mark)->entries);
	for (i = 0; i < entries->nr && check < 0; i++) {
		const struct holdfast_host_entry *entry = &entries->entries[i];

		if ((*entry->name ? name && !strcmp(entry->name, name->name) :
				    name || entry->tree) &&
		    concerns(entry))
			check = entry->check[access];
	}
	rcu_read_unlock();
	fsnotify_put_mark(mark);
	return check;
}

int holdfast_host_item(struct dentry *dir, const struct qstr *name,
		       enum holdfast_host_access access)
{
	struct dentry *parent;
	int check;

	if (!READ_ONCE(nr_all))
		return -1;
	dget(dir);
	while ((check = item_in(d_inode(dir), name, access)) < 0 &&
	       !IS_ROOT(dir)) {
		name = NULL;
		parent = dget_parent(dir);
		dput(dir);
		dir = parent;
	}
	dput(dir);
	return check;
}

static bool has_place(const struct holdfast_host_dir *dir,
		      const struct holdfast_host_place *place)
{
	unsigned int i;

	for (i = 0; i < dir->nr_places; i++)
		if (dir->places[i].dev == place->dev &&
		    dir->places[i].ino == place->ino)
			return true;
	return false;
}

static void add_items(u8 *set, const struct holdfast_host_entries *entries,
		      enum holdfast_host_access access)
{
	unsigned int i;

	for (i = 0; i < entries->nr; i++)
		if (entries->entries[i].check[access] >= 0 &&
		    concerns(&entries->entries[i]))
			holdfast_check_set_add(set,
					       entries->entries[i].check[access]);
}

/* Is one of them on @sb? Others are not asked: one that a container serves may hang. */
static bool any_on(const struct super_block *sb)
{
	struct holdfast_host_dir *dir;
	bool found = false;

	spin_lock(&all_lock);
	list_for_each_entry(dir, &all, all) {
		found = dir->sb == sb;
		if (found)
			break;
	}
	spin_unlock(&all_lock);
	return found;
}

void holdfast_host_items_within(const struct path *path,
				enum holdfast_host_access access, u8 *set)
{
	struct holdfast_host_place place;
	struct holdfast_host_dir *dir;
	int check;

	if (!any_on(path->dentry->d_sb))
		return;
	place = place_of(path);
	/* It is in one itself, or one is in it. */
	check = holdfast_host_item(path->dentry, NULL, access);
	if (check >= 0)
		holdfast_check_set_add(set, check);
	rcu_read_lock();
	spin_lock(&all_lock);
	list_for_each_entry(dir, &all, all)
		if (has_place(dir, &place))
			add_items(set, rcu_dereference(dir->entries), access);
	spin_unlock(&all_lock);
	rcu_read_unlock();
}
