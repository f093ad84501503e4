// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where running containers' programs are on the host's file systems: their root
 * directories, and of overlays the layers.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/magic.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/path.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "container.h"
#include "member.h"
#include "overlay.h"
#include "storage.h"

/**
 * struct directory - one, only compared
 * @dentry: it; not held
 * @ino: its inode's number, should the dentry be another's by now
 * @generation: likewise
 */
struct directory {
	const struct dentry *dentry;
	unsigned long ino;
	u32 generation;
};

/**
 * struct place - a directory that storage is below
 * @node: in the table by dentry; written under the lock, read under RCU
 * @directory: immutable
 * @parent: what it is in, which it holds; NULL at the top; set once
 * @refs: of storage and of places in it; under the lock
 * @rcu: for the table's readers
 */
struct place {
	struct hlist_node node;
	struct directory directory;
	struct place *parent;
	unsigned int refs;
	struct rcu_head rcu;
};

enum kind {
	ROOT,		/* what the container has as its root */
	UPPER,		/* what was written to it */
	LOWER,		/* of its image */
	WORK,		/* where overlayfs makes what it then moves there */
};

/**
 * struct entry - a directory that is storage
 * @node: in the table by dentry; written under the lock, read under RCU
 * @directory: immutable
 * @kind: immutable
 * @mnt: by which the overlay reaches it, which is in no mount namespace; only
 *	compared. NULL for a root, or if it does not tell.
 * @cgroup_id: of the container
 * @place: that it is in, held; NULL if it is the top
 */
struct entry {
	struct hlist_node node;
	struct directory directory;
	enum kind kind;
	const struct vfsmount *mnt;
	u64 cgroup_id;
	struct place *place;
};

/**
 * struct holdfast_storage - what a container's root is made of
 * @rcu: for the table's readers
 * @nr: how many, also while they are added
 * @entries: the root first
 */
struct holdfast_storage {
	struct rcu_head rcu;
	unsigned int nr;
	struct entry entries[];
};

static DEFINE_HASHTABLE(entries, 10);
static DEFINE_HASHTABLE(places, 10);
static DEFINE_SPINLOCK(lock); /* protects both; a leaf */
static DEFINE_MUTEX(add_lock); /* a place is found with those that it is in */
static atomic_t nr_entries;

static struct directory directory_of(const struct dentry *dentry)
{
	return (struct directory){
		.dentry = dentry,
		.ino = d_inode(dentry)->i_ino,
		.generation = d_inode(dentry)->i_generation,
	};
}

static bool is_it(const struct directory *directory, const struct dentry *dentry)
{
	const struct inode *inode = d_inode_rcu(dentry);

	return directory->dentry == dentry && inode &&
	       directory->ino == inode->i_ino &&
	       directory->generation == inode->i_generation;
}

static struct place *find_place(const struct dentry *dentry)
{
	struct place *place;

	hash_for_each_possible_rcu(places, place, node, (unsigned long)dentry,
				   lockdep_is_held(&lock))
		if (is_it(&place->directory, dentry))
			return place;
	return NULL;
}

static void drop_place(struct place *place)
{
	struct place *parent;

	spin_lock(&lock);
	for (; place && !--place->refs; place = parent) {
		parent = place->parent;
		hash_del_rcu(&place->node);
		kfree_rcu(place, rcu);
	}
	spin_unlock(&lock);
}

/* Takes over @place, unless there is one; a reference to what there is. */
static struct place *link_place(struct place *place)
{
	struct place *found;

	spin_lock(&lock);
	found = find_place(place->directory.dentry);
	if (found)
		found->refs++;
	else
		hash_add_rcu(places, &place->node,
			     (unsigned long)place->directory.dentry);
	spin_unlock(&lock);
	if (found)
		kfree(place);
	return found ? found : place;
}

/* A reference to the place that @dentry is in; NULL at the top. */
static struct place *hold_place(const struct dentry *dentry)
{
	struct dentry *at = dget((struct dentry *)dentry), *parent;
	struct place *first = NULL, **link = &first, *new;

	lockdep_assert_held(&add_lock);
	while (!IS_ROOT(at)) {
		parent = dget_parent(at);
		dput(at);
		at = parent;
		new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new) {
			drop_place(first);
			first = ERR_PTR(-ENOMEM);
			break;
		}
		new->directory = directory_of(at);
		new->refs = 1;
		*link = link_place(new);
		/* It holds those that it is in. */
		if (*link != new)
			break;
		link = &new->parent;
	}
	dput(at);
	return first;
}

static int add(struct holdfast_storage *storage, enum kind kind,
	       const struct path *path, u64 cgroup_id)
{
	struct entry *entry = &storage->entries[storage->nr];

	/* A container in all of the host's root has nothing for itself. */
	if (holdfast_is_host_root(path->dentry))
		return 0;
	entry->place = hold_place(path->dentry);
	if (IS_ERR(entry->place))
		return PTR_ERR(entry->place);
	entry->directory = directory_of(path->dentry);
	entry->kind = kind;
	entry->mnt = kind == ROOT ? NULL : path->mnt;
	entry->cgroup_id = cgroup_id;
	spin_lock(&lock);
	hash_add_rcu(entries, &entry->node, (unsigned long)path->dentry);
	spin_unlock(&lock);
	atomic_inc(&nr_entries);
	storage->nr++;
	return 0;
}

static int add_layers(struct holdfast_storage *storage, struct super_block *sb,
		      unsigned int nr_layers, u64 cgroup_id)
{
	struct path layer;
	int at = 0, err = 0;
	bool upper;

	while (nr_layers-- && !err &&
	       holdfast_overlay_layer(sb, &at, &layer, &upper)) {
		err = add(storage, upper ? UPPER : LOWER, &layer, cgroup_id);
		if (!upper || err)
			continue;
		layer.dentry = holdfast_overlay_work(sb);
		if (layer.dentry)
			err = add(storage, WORK, &layer, cgroup_id);
	}
	return err;
}

static unsigned int count_layers(struct super_block *sb)
{
	unsigned int nr = 0;
	struct path layer;
	bool upper;
	int at = 0;

	if (sb->s_magic == OVERLAYFS_SUPER_MAGIC)
		while (holdfast_overlay_layer(sb, &at, &layer, &upper))
			nr++;
	return nr;
}

struct holdfast_storage *holdfast_storage_add(const struct path *root,
					      u64 cgroup_id)
{
	struct super_block *sb = root->dentry->d_sb;
	unsigned int nr_layers = count_layers(sb);
	struct holdfast_storage *storage;
	int err;

	/* And the root and the directory to work in. */
	storage = kvzalloc(struct_size(storage, entries, 2 + nr_layers),
			   GFP_KERNEL_ACCOUNT);
	if (!storage)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&add_lock);
	err = add(storage, ROOT, root, cgroup_id);
	if (!err)
		err = add_layers(storage, sb, nr_layers, cgroup_id);
	mutex_unlock(&add_lock);
	if (err) {
		holdfast_storage_drop(storage);
		return ERR_PTR(err);
	}
	return storage;
}

void holdfast_storage_drop(struct holdfast_storage *storage)
{
	unsigned int i;

	if (!storage)
		return;
	for (i = 0; i < storage->nr; i++) {
		spin_lock(&lock);
		hash_del_rcu(&storage->entries[i].node);
		spin_unlock(&lock);
		atomic_dec(&nr_entries);
		drop_place(storage->entries[i].place);
	}
	kvfree_rcu(storage, rcu);
}

static u64 stored_at(const struct dentry *dentry)
{
	const struct entry *entry;

	hash_for_each_possible_rcu(entries, entry, node, (unsigned long)dentry)
		if (entry->kind <= UPPER && is_it(&entry->directory, dentry))
			return entry->cgroup_id;
	return 0;
}

/*
 * What is moved meanwhile is found by either way up: who has nothing but the
 * container cannot take it elsewhere.
 */
u64 holdfast_storage_of(const struct dentry *dentry)
{
	const struct dentry *parent;
	u64 found = 0;

	if (!atomic_read(&nr_entries))
		return 0;
	rcu_read_lock();
	while (!(found = stored_at(dentry))) {
		parent = READ_ONCE(dentry->d_parent);
		if (parent == dentry)
			break;
		dentry = parent;
	}
	rcu_read_unlock();
	return found;
}

enum keeping { NOBODY, CURRENT, SOMEBODY };

static enum keeping kept_at(const struct dentry *dentry,
			    const struct vfsmount *mnt, u64 own_id)
{
	enum keeping keeping = NOBODY;
	const struct entry *entry;

	hash_for_each_possible_rcu(entries, entry, node,
				   (unsigned long)dentry) {
		if (!is_it(&entry->directory, dentry) ||
		    (entry->kind != ROOT && !entry->mnt))
			continue;
		/* By the mount of another's nobody comes but by its descriptor. */
		if (entry->cgroup_id == own_id &&
		    (entry->kind == ROOT || entry->mnt == mnt))
			return CURRENT;
		keeping = SOMEBODY;
	}
	return keeping;
}

bool holdfast_storage_keeps(const struct dentry *dentry,
			    const struct vfsmount *mnt)
{
	const struct holdfast_member *member;
	enum keeping keeping = NOBODY;
	const struct dentry *parent;

	if (!atomic_read(&nr_entries))
		return false;
	rcu_read_lock();
	member = holdfast_member_find(current->signal);
	while (member && !(keeping = kept_at(dentry, mnt,
					     member->container->cgroup_id))) {
		parent = READ_ONCE(dentry->d_parent);
		if (parent == dentry)
			break;
		dentry = parent;
	}
	rcu_read_unlock();
	return keeping == SOMEBODY;
}

bool holdfast_storage_is_below(const struct dentry *dentry)
{
	bool found;

	rcu_read_lock();
	found = find_place(dentry);
	rcu_read_unlock();
	return found;
}
