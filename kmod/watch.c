// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are not to be opened to write: the programs of runtimes, by which
 * containers are entered, and those of binfmt_misc. Marked by the kernel's own
 * file notification, which is asked at an open and knows them by their inode or
 * superblock, whatever name and mount they are found by. A mark holds an inode in
 * memory, but neither hinders its file system's unmount nor outlives the file.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/magic.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "attach.h"
#include "check.h"
#include "compat/compat.h"
#include "mark_group.h"
#include "member.h"
#include "watch.h"

/* Users may run runtimes of their own: beyond so many, the oldest is given up. */
#define RUNTIMES_MAX	64

static struct fsnotify_group *group;
static DEFINE_MUTEX(lock); /* protects what follows */
static struct fsnotify_mark *runtimes[RUNTIMES_MAX];
static unsigned int next_runtime;
static struct fsnotify_mark *binfmt;

/* Members that open this many: beyond, nothing counts as registered by the host. */
#define REGISTRANTS_MAX	64

static DEFINE_SPINLOCK(registrants_lock); /* protects what follows; a leaf */
static const struct cred *registrants[REGISTRANTS_MAX];
static unsigned int nr_registrants;
static bool too_many;

static bool has_registrant_locked(const struct cred *cred)
{
	unsigned int i;

	for (i = 0; i < nr_registrants; i++)
		if (registrants[i] == cred)
			return true;
	return false;
}

bool holdfast_watch_registered(const struct cred *cred)
{
	bool found;

	spin_lock(&registrants_lock);
	found = too_many || has_registrant_locked(cred);
	spin_unlock(&registrants_lock);
	return found;
}

/* No interpreter, nor anybody else, has these any more. */
static void forget_registrants_locked(void)
{
	unsigned int i;

	for (i = nr_registrants; i-- > 0;) {
		if (READ_ONCE(registrants[i]->usage.counter) > 1)
			continue;
		put_cred(registrants[i]);
		registrants[i] = registrants[--nr_registrants];
	}
}

/* An interpreter is opened with the credentials that the request is opened with. */
static void add_registrant(const struct cred *cred)
{
	spin_lock(&registrants_lock);
	if (!has_registrant_locked(cred)) {
		if (nr_registrants == REGISTRANTS_MAX)
			forget_registrants_locked();
		if (nr_registrants < REGISTRANTS_MAX)
			registrants[nr_registrants++] = get_cred(cred);
		else
			too_many = true;
	}
	spin_unlock(&registrants_lock);
}

static int on_open(struct fsnotify_group *from, u32 mask, const void *data,
		   int data_type, struct inode *dir,
		   const struct qstr *file_name, u32 cookie,
		   struct fsnotify_iter_info *iter_info)
{
	const struct file *file = holdfast_event_file(data, data_type);
	struct holdfast_reach reach = {};
	const struct super_block *sb;
	int index, err = 0;

	if (!file || !(file->f_mode & FMODE_WRITE))
		return 0;
	reach.path = &file->f_path;
	sb = file_inode(file)->i_sb;
	reach.check = sb->s_magic != BINFMTFS_MAGIC    ? HOLDFAST_CHECK_RT1 :
		      sb->s_user_ns == &init_user_ns ? HOLDFAST_CHECK_UH3 :
						       -1;
	/* Marks outlive the hooks. */
	index = holdfast_enter();
	if (holdfast_attached() && reach.check >= 0)
		err = holdfast_check_setup(&reach);
	if (!err && sb->s_magic == BINFMTFS_MAGIC && holdfast_is_member(current))
		add_registrant(file->f_cred);
	holdfast_leave(index);
	return err;
}

static void on_free(struct fsnotify_mark *mark)
{
	kfree(mark);
}

static const struct fsnotify_ops ops = {
	.handle_event = on_open,
	.free_mark = on_free,
};

static void drop_locked(struct fsnotify_mark **slot)
{
	lockdep_assert_held(&lock);
	if (!*slot)
		return;
	fsnotify_destroy_mark(*slot, group);
	fsnotify_put_mark(*slot);
	*slot = NULL;
}

static struct fsnotify_mark *mark_new(void)
{
	struct fsnotify_mark *mark = kzalloc(sizeof(*mark), GFP_KERNEL);

	if (mark) {
		fsnotify_init_mark(mark, group);
		mark->mask = FS_OPEN_PERM;
	}
	return mark;
}

void holdfast_watch_runtime(struct inode *inode)
{
	struct fsnotify_mark *mark;

	mark = holdfast_find_inode_mark(inode, group);
	if (mark) {
		fsnotify_put_mark(mark);
		return;
	}
	mark = mark_new();
	if (!mark)
		return;
	mutex_lock(&lock);
	if (fsnotify_add_inode_mark(mark, inode, 0)) {
		fsnotify_put_mark(mark);
	} else {
		drop_locked(&runtimes[next_runtime]);
		runtimes[next_runtime] = mark;
		next_runtime = (next_runtime + 1) % RUNTIMES_MAX;
	}
	mutex_unlock(&lock);
}

/*
 * One of a user namespace of its own, which older kernels have not, is that's alone;
 * its mark is its file system's then.
 */
void holdfast_watch_binfmt(struct super_block *sb)
{
	struct fsnotify_mark *mark;

	if (sb->s_magic != BINFMTFS_MAGIC)
		return;
	mark = mark_new();
	if (!mark)
		return;
	mutex_lock(&lock);
	/* Unless it is marked already. */
	if (holdfast_add_sb_mark(mark, sb) || sb->s_user_ns != &init_user_ns) {
		fsnotify_put_mark(mark);
	} else {
		drop_locked(&binfmt);
		binfmt = mark;
	}
	mutex_unlock(&lock);
}

/* What is not there yet, or only by a request to mount it, comes by a mount. */
void holdfast_watch_mounted(void)
{
	struct path path;

	if (kern_path("/proc/sys/fs/binfmt_misc", LOOKUP_FOLLOW, &path))
		return;
	holdfast_watch_binfmt(path.dentry->d_sb);
	path_put(&path);
}

int holdfast_watch_init(void)
{
	group = fsnotify_alloc_group(&ops, 0);
	if (IS_ERR(group))
		return PTR_ERR(group);
	holdfast_set_group_priority(group);
	return 0;
}

void holdfast_watch_exit(void)
{
	unsigned int i;

	mutex_lock(&lock);
	for (i = 0; i < RUNTIMES_MAX; i++)
		drop_locked(&runtimes[i]);
	drop_locked(&binfmt);
	mutex_unlock(&lock);
	holdfast_mark_group_exit(group);
	for (i = 0; i < nr_registrants; i++)
		put_cred(registrants[i]);
}
