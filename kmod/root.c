// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root file systems of containers, and the second line: exec-permission marks
 * on them, by the kernel's own file notification, which patches nothing. The
 * second line refuses a foreign program interpreter (PT_INTERP) at its open,
 * before exec's point of no return. It does not see memfd, tmpfs and volumes.
 */
#include <linux/hashtable.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/slab.h>

#include "attach.h"
#include "compat/compat.h"
#include "container.h"
#include "judge.h"
#include "mark_group.h"
#include "root.h"

static DEFINE_HASHTABLE(roots, 8);
static DEFINE_SPINLOCK(roots_lock); /* protects roots; interrupts stay on */
static struct workqueue_struct *release_queue;
static struct fsnotify_group *group;

static void unhash(struct holdfast_root *root)
{
	spin_lock_bh(&roots_lock);
	if (!hlist_unhashed(&root->node))
		hash_del_rcu(&root->node);
	WRITE_ONCE(root->sb, NULL);
	spin_unlock_bh(&roots_lock);
}

static void release(struct work_struct *work)
{
	struct holdfast_root *root;

	root = container_of(work, struct holdfast_root, release);
	unhash(root);
	fsnotify_destroy_mark(&root->mark, group);
	fsnotify_put_mark(&root->mark);
}

static int on_open_exec(struct fsnotify_group *from, u32 mask, const void *data,
			int data_type, struct inode *dir,
			const struct qstr *file_name, u32 cookie,
			struct fsnotify_iter_info *iter_info)
{
	const struct path *path = fsnotify_data_path(data, data_type);
	const struct file *file = holdfast_event_file(data, data_type);
	int index, err = 0;

	/* Its own open by the overlay was asked about. */
	if (file && holdfast_is_backing(file))
		return 0;
	/* Marks outlive the hooks: after holdfast_detach() there is no judge. */
	index = holdfast_enter();
	if (path && holdfast_attached())
		err = holdfast_judge_open_exec(path);
	holdfast_leave(index);
	return err;
}

/* The superblock is being shut down, or release() is at work. */
static void on_freeing(struct fsnotify_mark *mark, struct fsnotify_group *from)
{
	unhash(container_of(mark, struct holdfast_root, mark));
}

static void on_free(struct fsnotify_mark *mark)
{
	struct holdfast_root *root;

	root = container_of(mark, struct holdfast_root, mark);
	holdfast_container_put(root->container);
	kfree_rcu(root, rcu);
}

static const struct fsnotify_ops ops = {
	.handle_event = on_open_exec,
	.freeing_mark = on_freeing,
	.free_mark = on_free,
};

int holdfast_root_init(void)
{
	release_queue = alloc_workqueue("holdfast_root", WQ_UNBOUND, 0);
	if (!release_queue)
		return -ENOMEM;
	/* A record that is on its way out does not hinder its successor. */
	group = fsnotify_alloc_group(&ops, FSNOTIFY_GROUP_DUPS);
	if (IS_ERR(group)) {
		destroy_workqueue(release_queue);
		return PTR_ERR(group);
	}
	holdfast_set_group_priority(group);
	return 0;
}

void holdfast_root_exit(void)
{
	destroy_workqueue(release_queue);
	holdfast_mark_group_exit(group);
	rcu_barrier();
}

struct holdfast_root *holdfast_root_find(struct super_block *sb)
{
	struct holdfast_root *root;

	rcu_read_lock();
	hash_for_each_possible_rcu(roots, root, node, (unsigned long)sb) {
		if (holdfast_root_is(root, sb) &&
		    refcount_inc_not_zero(&root->refs)) {
			rcu_read_unlock();
			return root;
		}
	}
	rcu_read_unlock();
	return NULL;
}

bool holdfast_root_known(const struct super_block *sb)
{
	struct holdfast_root *root;
	bool known = false;

	rcu_read_lock();
	hash_for_each_possible_rcu(roots, root, node, (unsigned long)sb)
		known |= holdfast_root_is(root, sb);
	rcu_read_unlock();
	return known;
}

struct holdfast_root *holdfast_root_get(struct super_block *sb,
					struct holdfast_container *container)
{
	struct holdfast_root *root, *other;
	int err;

	might_sleep();
	root = holdfast_root_find(sb);
	if (root)
		return root;

	root = kzalloc(sizeof(*root), GFP_KERNEL);
	if (!root)
		return ERR_PTR(-ENOMEM);
	refcount_set(&root->refs, 1);
	INIT_WORK(&root->release, release);
	root->sb = sb;
	root->dev = new_encode_dev(sb->s_dev);
	root->magic = sb->s_magic;
	root->overlay = sb->s_magic == OVERLAYFS_SUPER_MAGIC;
	holdfast_container_hold(container);
	root->container = container;
	fsnotify_init_mark(&root->mark, group);
	root->mark.mask = FS_OPEN_EXEC_PERM;

	err = holdfast_add_sb_mark(&root->mark, sb);
	if (err) {
		fsnotify_put_mark(&root->mark);
		return ERR_PTR(err);
	}

	spin_lock_bh(&roots_lock);
	hash_for_each_possible(roots, other, node, (unsigned long)sb)
		if (holdfast_root_is(other, sb) &&
		    refcount_inc_not_zero(&other->refs))
			break;
	if (!other)
		hash_add_rcu(roots, &root->node, (unsigned long)sb);
	spin_unlock_bh(&roots_lock);
	if (!other)
		return root;
	holdfast_root_put(root);
	return other;
}

void holdfast_root_put(struct holdfast_root *root)
{
	if (refcount_dec_and_test(&root->refs))
		queue_work(release_queue, &root->release);
}
