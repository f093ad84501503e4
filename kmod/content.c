// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are accepted for their bytes: kept from being written as long as
 * that matters, and remembered after.
 *
 * What is known stands in a mark on the inode. It goes when the inode does, and
 * does not keep it.
 */
#include <crypto/hash.h>
#include <linux/blkdev.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/iversion.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/pagevec.h>
#include <linux/path.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "attach.h"
#include "compat/compat.h"
#include "content.h"
#include "core/digests.h"
#include "mark_group.h"

#define CHUNK		(64 << 10) /* bytes read at once */
#define MAX_WAIT	HZ /* jiffies, for who holds pages */
#define MAX_WRITE_WAIT	(10 * HZ) /* jiffies, until they are on the disk */

/**
 * struct cookie - when a file was last written, as its file system tells
 * @version: 0 if it has none
 * @ctime: which moves in ticks
 * @size: bytes
 * @settled: a later write will show in the others
 */
struct cookie {
	u64 version;
	struct timespec64 ctime;
	loff_t size;
	bool settled;
};

/**
 * struct holdfast_content - what is known of the bytes of one inode
 * @mark: on the inode; one reference each for @all's and for @users
 * @all: in the list of all, until the inode goes
 * @lock: protects @inode, @users and @cookie; a leaf
 * @inode: NULL once it is gone
 * @users: as long as there are any, the inode cannot be opened for writing,
 *	and what is known stays true
 * @cookie: as the first of them came
 * @reading: of users, protects all that follow; without any, @lock does
 * @known: @equal was found out
 * @equal: with a lower file
 * @compared_to: the inode of the last one; another one is another question, as each of
 *	a file's names may have its own. Not held, never followed
 * @hashed: @digest was found out
 * @digest: of the file
 */
struct holdfast_content {
	struct fsnotify_mark mark;
	struct list_head all;
	spinlock_t lock; /* see above */
	struct inode *inode;
	unsigned int users;
	struct cookie cookie;
	struct mutex reading; /* see above */
	bool known;
	bool equal;
	const struct inode *compared_to;
	bool hashed;
	u8 digest[HOLDFAST_DIGEST_SIZE];
};

static struct fsnotify_group *group;
static struct crypto_shash *sha256;
static LIST_HEAD(all);
static DEFINE_SPINLOCK(all_lock); /* protects all; a leaf */

static struct holdfast_content *content_of(struct fsnotify_mark *mark)
{
	return container_of(mark, struct holdfast_content, mark);
}

static void forget(struct holdfast_content *content)
{
	spin_lock(&all_lock);
	list_del_init(&content->all);
	spin_unlock(&all_lock);
}

/* The inode is evicted, which nobody has open then, or holdfast_content_exit(). */
static void on_freeing(struct fsnotify_mark *mark, struct fsnotify_group *from)
{
	struct holdfast_content *content = content_of(mark);

	forget(content);
	spin_lock(&content->lock);
	if (content->users)
		atomic_inc(&content->inode->i_writecount);
	content->inode = NULL;
	spin_unlock(&content->lock);
}

static void on_free(struct fsnotify_mark *mark)
{
	kfree(content_of(mark));
}

/* Never called: no event is asked for. */
static int on_event(struct fsnotify_group *from, u32 mask, const void *data,
		    int data_type, struct inode *dir,
		    const struct qstr *file_name, u32 cookie,
		    struct fsnotify_iter_info *iter_info)
{
	return 0;
}

static const struct fsnotify_ops ops = {
	.handle_event = on_event,
	.freeing_mark = on_freeing,
	.free_mark = on_free,
};

int holdfast_content_init(void)
{
	sha256 = crypto_alloc_shash("sha256", 0, 0);
	if (IS_ERR(sha256))
		return PTR_ERR(sha256);
	/* Marks go while memory is reclaimed. */
	group = fsnotify_alloc_group(&ops, FSNOTIFY_GROUP_NOFS);
	if (IS_ERR(group))
		crypto_free_shash(sha256);
	return PTR_ERR_OR_ZERO(group);
}

void holdfast_content_exit(void)
{
	struct holdfast_content *content;

	spin_lock(&all_lock);
	while ((content = list_first_entry_or_null(&all, struct holdfast_content,
						   all))) {
		list_del_init(&content->all);
		refcount_inc(&content->mark.refcnt);
		spin_unlock(&all_lock);
		fsnotify_destroy_mark(&content->mark, group);
		fsnotify_put_mark(&content->mark);
		spin_lock(&all_lock);
	}
	spin_unlock(&all_lock);
	holdfast_mark_group_exit(group);
	crypto_free_shash(sha256);
}

/*
 * Does the file system say when a file is written, and is what it reads then
 * what was written? Others may answer each reader something else. On FAT that time
 * is one that everybody sets.
 */
static bool reliable(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case TMPFS_MAGIC:
		return true;
	case FUSE_SUPER_MAGIC:
	case MSDOS_SUPER_MAGIC:
	case EXFAT_SUPER_MAGIC:
		return false;
	}
	return sb->s_type->fs_flags & FS_REQUIRES_DEV;
}

bool holdfast_content_on_loop(const struct super_block *sb)
{
	return sb->s_bdev && sb->s_bdev->bd_disk->major == LOOP_MAJOR;
}

static struct cookie cookie_of(struct inode *inode)
{
	struct cookie cookie = {
		.ctime = inode_get_ctime(inode),
		.size = i_size_read(inode),
	};
	struct timespec64 now, age;

	if (inode->i_sb->s_magic == TMPFS_MAGIC)
		return cookie; /* Writes through a mapping do not show. */
	if (IS_I_VERSION(inode)) {
		cookie.version = inode_query_iversion(inode);
		cookie.settled = true;
	} else {
		ktime_get_coarse_real_ts64(&now);
		age = timespec64_sub(now, cookie.ctime);
		cookie.settled = timespec64_to_ns(&age) >
				 2 * max_t(s64, TICK_NSEC,
					   inode->i_sb->s_time_gran);
	}
	return cookie;
}

static bool same(const struct cookie *one, const struct cookie *other)
{
	return one->settled && one->version == other->version &&
	       one->size == other->size &&
	       timespec64_equal(&one->ctime, &other->ctime);
}

static struct holdfast_content *find(struct inode *inode)
{
	struct fsnotify_mark *mark = holdfast_find_inode_mark(inode, group);

	return mark ? content_of(mark) : NULL;
}

static struct holdfast_content *find_or_make(struct inode *inode)
{
	struct holdfast_content *content;
	int err;

	do {
		content = find(inode);
		if (content)
			return content;
		content = kzalloc(sizeof(*content), GFP_KERNEL_ACCOUNT);
		if (!content)
			return ERR_PTR(-ENOMEM);
		fsnotify_init_mark(&content->mark, group);
		content->mark.flags |= FSNOTIFY_MARK_FLAG_NO_IREF;
		INIT_LIST_HEAD(&content->all);
		spin_lock_init(&content->lock);
		mutex_init(&content->reading);
		content->inode = inode;
		err = fsnotify_add_inode_mark(&content->mark, inode, 0);
		if (!err) {
			spin_lock(&all_lock);
			list_add(&content->all, &all);
			spin_unlock(&all_lock);
			return content;
		}
		fsnotify_put_mark(&content->mark);
	} while (err == -EEXIST);
	return ERR_PTR(err);
}

/* What was found out is of no use. */
static void forget_bytes(struct holdfast_content *content)
{
	content->known = false;
	content->hashed = false;
}

/* Becomes a user of it. */
static int use(struct holdfast_content *content)
{
	struct inode *inode;
	struct cookie cookie;
	int err = 0;

	spin_lock(&content->lock);
	inode = content->inode;
	if (content->users) {
		content->users++;
	} else if (!inode || !atomic_dec_unless_positive(&inode->i_writecount)) {
		err = -ETXTBSY;
	} else {
		content->users = 1;
		/* After writers were locked out. */
		cookie = cookie_of(inode);
		if (!same(&content->cookie, &cookie))
			forget_bytes(content);
		content->cookie = cookie;
	}
	spin_unlock(&content->lock);
	return err;
}

struct holdfast_content *holdfast_content_claim(struct inode *inode, bool cached)
{
	struct holdfast_content *content;
	int err;

	if (!reliable(inode->i_sb) || IS_DAX(inode))
		return ERR_PTR(-ENOENT);
	content = cached ? find(inode) : find_or_make(inode);
	if (!content)
		return ERR_PTR(-ENOENT);
	if (IS_ERR(content))
		return content;
	err = use(content);
	if (err) {
		fsnotify_put_mark(&content->mark);
		return ERR_PTR(err);
	}
	return content;
}

void holdfast_content_release(struct holdfast_content *content)
{
	spin_lock(&content->lock);
	if (!--content->users && content->inode)
		atomic_inc(&content->inode->i_writecount);
	spin_unlock(&content->lock);
	fsnotify_put_mark(&content->mark);
}

/*
 * Might somebody who had it mapped to write hold a page still, to write to it when
 * all else is over, as process_vm_writev() and direct I/O do? Also true for who
 * only reads.
 */
static bool is_held(struct address_space *mapping)
{
	struct folio_batch batch;
	bool held = false;
	pgoff_t at = 0;
	unsigned int i;

	folio_batch_init(&batch);
	while (!held && filemap_get_folios(mapping, &at, ULONG_MAX, &batch)) {
		for (i = 0; i < folio_batch_count(&batch) && !held; i++)
			held = holdfast_folio_is_held(batch.folios[i], 1);
		folio_batch_release(&batch);
		cond_resched();
	}
	return held;
}

/* -EAGAIN: they are being written, which nobody waits for here. */
static int drop_pages(struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping;
	int err;

	/* What is in memory only is to be had from nowhere else. */
	if (inode->i_sb->s_magic == TMPFS_MAGIC)
		return -ETXTBSY;
	err = filemap_flush(mapping);
	if (err)
		return err;
	if (mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) ||
	    mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK))
		return -EAGAIN;
	return invalidate_inode_pages2(mapping);
}

/*
 * What is read from now on nobody can write to: a page that somebody holds becomes
 * one that is no longer the file's. Writers are locked out, and so nobody comes to
 * hold one to write who did not before.
 */
static int take_from_holders(struct holdfast_content *content)
{
	static unsigned long drain;
	struct address_space *mapping = content->inode->i_mapping;
	unsigned long begin = jiffies;
	int err;

	if (!is_held(mapping))
		return 0;
	/* Pages that are fresh are held by lists of the processors' own. */
	if (!READ_ONCE(drain))
		WRITE_ONCE(drain, holdfast_find_function("lru_add_drain_all"));
	if (READ_ONCE(drain))
		holdfast_call(drain, 0, 0, 0, 0);
	while (is_held(mapping)) {
		err = drop_pages(content->inode);
		if (!err)
			break;
		/* Who only reads is through in a moment. */
		if (time_after(jiffies, begin + (err == -EAGAIN ?
						 MAX_WRITE_WAIT : MAX_WAIT)))
			return -ETXTBSY;
		if (schedule_timeout_killable(1))
			return -EINTR;
	}
	return 0;
}

static struct file *open_to_read(const struct path *path)
{
	struct cred *cred = prepare_kernel_cred(&init_task);
	struct file *file;

	if (!cred)
		return ERR_PTR(-ENOMEM);
	file = dentry_open(path, O_RDONLY | O_LARGEFILE | O_NOATIME |
			   __FMODE_NONOTIFY, cred);
	put_cred(cred);
	return file;
}

static ssize_t read_chunk(struct file *file, char *buffer, loff_t at)
{
	ssize_t got, done = 0;

	do {
		got = kernel_read(file, buffer + done, CHUNK - done, &at);
		if (got < 0)
			return got;
		done += got;
	} while (got && done < CHUNK);
	return done;
}

static int compare_files(struct file *one, struct file *other, char *buffer)
{
	ssize_t got, its;
	loff_t at = 0;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		got = read_chunk(one, buffer, at);
		its = read_chunk(other, buffer + CHUNK, at);
		if (got < 0 || its < 0)
			return got < 0 ? got : its;
		if (got != its || memcmp(buffer, buffer + CHUNK, got))
			return 0;
		at += got;
		cond_resched();
	} while (got);
	return 1;
}

static int compare(const struct path *path, const struct path *lower)
{
	struct file *one = NULL, *other = NULL;
	char *buffer;
	int result;

	buffer = kvmalloc(2 * CHUNK, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	one = open_to_read(path);
	other = IS_ERR(one) ? one : open_to_read(lower);
	if (IS_ERR(other)) {
		result = PTR_ERR(other);
	} else {
		result = compare_files(one, other, buffer);
		fput(other);
	}
	if (!IS_ERR(one))
		fput(one);
	kvfree(buffer);
	return result;
}

int holdfast_content_known(struct holdfast_content *content)
{
	int result = -ENOENT;

	if (!mutex_trylock(&content->reading))
		return -ENOENT;
	if (content->known)
		result = content->equal;
	mutex_unlock(&content->reading);
	return result;
}

int holdfast_content_equals(struct holdfast_content *content,
			    const struct path *path, const struct path *lower,
			    loff_t limit)
{
	loff_t size = content->cookie.size;
	int result;

	if (size > limit)
		return 0;
	if (mutex_lock_killable(&content->reading))
		return -EINTR;
	if (content->known &&
	    (content->equal || content->compared_to == d_inode(lower->dentry)))
		result = content->equal;
	else if (size != i_size_read(d_inode(lower->dentry)))
		result = 0;
	else
		result = take_from_holders(content) ?: compare(path, lower);
	if (result >= 0) {
		content->equal = result;
		content->compared_to = d_inode(lower->dentry);
		content->known = true;
	}
	mutex_unlock(&content->reading);
	return result;
}

static int hash_file(struct file *file, char *buffer, struct shash_desc *desc)
{
	loff_t at = 0;
	ssize_t got;
	int err;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		got = read_chunk(file, buffer, at);
		if (got < 0)
			return got;
		err = crypto_shash_update(desc, buffer, got);
		if (err)
			return err;
		at += got;
		cond_resched();
	} while (got);
	return 0;
}

static int hash(const struct path *path, u8 *digest)
{
	SHASH_DESC_ON_STACK(desc, sha256);
	struct file *file;
	char *buffer;
	int err;

	buffer = kvmalloc(CHUNK, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	desc->tfm = sha256;
	file = open_to_read(path);
	err = PTR_ERR_OR_ZERO(file);
	if (!err) {
		err = crypto_shash_init(desc) ?:
		      hash_file(file, buffer, desc) ?:
		      crypto_shash_final(desc, digest);
		fput(file);
	}
	kvfree(buffer);
	return err;
}

int holdfast_content_digest(struct holdfast_content *content,
			    const struct path *path, loff_t limit, u8 *digest)
{
	int err = 0;

	if (content->cookie.size > limit)
		return -EFBIG;
	if (!path) {
		if (!mutex_trylock(&content->reading))
			return -ENOENT;
	} else if (mutex_lock_killable(&content->reading)) {
		return -EINTR;
	}
	if (!content->hashed)
		err = path ? take_from_holders(content) ?:
			     hash(path, content->digest) : -ENOENT;
	if (!err) {
		content->hashed = true;
		memcpy(digest, content->digest, HOLDFAST_DIGEST_SIZE);
	}
	mutex_unlock(&content->reading);
	return err;
}
