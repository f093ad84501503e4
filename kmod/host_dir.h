/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_HOST_DIR_H
#define HOLDFAST_HOST_DIR_H

#include <linux/fsnotify_backend.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include <uapi/linux/holdfast.h>

#define HOLDFAST_HOST_DEPTH	16

struct dentry;
struct file;
struct path;
struct super_block;

/* What is done to a file; each is an item of its own. */
enum holdfast_host_access {
	HOLDFAST_HOST_WRITE,
	HOLDFAST_HOST_READ,
	HOLDFAST_HOST_LINK,

	HOLDFAST_HOST_ACCESSES
};

/**
 * struct holdfast_host_entry - see enum holdfast_attr_host_entry
 * @check: enum holdfast_check by access, negative for none
 * @owner: id of a cgroup, for whose processes it is none; 0 for none
 * @tree: also of directories further in
 * @name: empty for any
 */
struct holdfast_host_entry {
	u64 owner;
	s8 check[HOLDFAST_HOST_ACCESSES];
	bool tree;
	char name[HOLDFAST_HOST_NAME_MAX + 1];
};

/**
 * struct holdfast_host_entries - those of a directory; immutable
 * @rcu: for readers, once another one is in its place
 * @nr: how many
 * @entries: names first
 */
struct holdfast_host_entries {
	struct rcu_head rcu;
	unsigned int nr;
	struct holdfast_host_entry entries[];
};

/**
 * struct holdfast_host_place - a directory, as stat(2) tells it
 * @dev: device number
 * @ino: inode number
 */
struct holdfast_host_place {
	u64 dev;
	u64 ino;
};

/**
 * struct holdfast_host_dir - a marked directory of the host
 * @mark: on its inode, which it pins until the file system is unmounted; what
 *	is opened in the directory is asked for by it
 * @all: in the list of all, under its lock; empty once the mark is going
 * @entries: replaced under the mutex of host_dir.c, read under RCU
 * @sb: that it is on; only compared
 * @places: itself, and those that it is in on its file system, nearest first;
 *	as they were when the controller named it last; under that lock
 * @nr_places: how many
 * @round: in which the controller has named it last; under that mutex
 */
struct holdfast_host_dir {
	struct fsnotify_mark mark;
	struct list_head all;
	struct holdfast_host_entries __rcu *entries;
	const struct super_block *sb;
	struct holdfast_host_place places[HOLDFAST_HOST_DEPTH];
	unsigned int nr_places;
	u32 round;
};

int holdfast_host_dir_init(void);
/* After the hooks are detached. */
void holdfast_host_dir_exit(void);

/*
 * What holds of the directory that is open as @fd from now on. Takes over
 * @entries. -ENOTDIR; -ENOSPC if there are too many; -EPERM if that is locked
 * and it has others. May sleep.
 */
int holdfast_host_dir_set(unsigned int fd, u32 round,
			  struct holdfast_host_entries *entries);

/* Forgets those that were named in other rounds. -EPERM if that is locked. */
int holdfast_host_dir_sweep(u32 round);

/*
 * Calls @visit, which must not sleep, for each from the one numbered @at on,
 * until it returns not 0, which is returned.
 */
int holdfast_host_dir_walk(unsigned long *at,
			   int (*visit)(const struct holdfast_host_dir *dir,
					void *data),
			   void *data);

/*
 * The item that @access to the file @name of the directory @dir is, negative
 * for none. May sleep.
 */
int holdfast_host_item(struct dentry *dir, const struct qstr *name,
		       enum holdfast_host_access access);

/*
 * Adds to @set, of %HOLDFAST_CHECK_SET_BYTES, the items that @access to something
 * in the directory @path is, however far in. May sleep.
 */
void holdfast_host_items_within(const struct path *path,
				enum holdfast_host_access access, u8 *set);

/* A row of a hook where files come to be, or are changed, and further items. */
#define HOLDFAST_HOST_HOOK(name, ...)					\
	HOLDFAST_CHECK_HOOK(name, HOLDFAST_CHECK_HW1, HOLDFAST_CHECK_HW2, \
			    HOLDFAST_CHECK_HW3, HOLDFAST_CHECK_HW4,	\
			    HOLDFAST_CHECK_HW5, ##__VA_ARGS__)

/*
 * In hook_host_file.c: a file of such a directory is being opened, of whatever
 * directory made. What the rules say, as holdfast_check().
 */
int holdfast_host_file_open(const struct file *file);
int holdfast_host_file_make(const struct path *dir, struct dentry *dentry);

/*
 * Likewise: current, a member, mounts an overlay, for which @access to the
 * directory @path goes past the marks. May sleep.
 */
int holdfast_host_layer(const struct path *path,
			enum holdfast_host_access access);

#endif
