/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between kernels. Written for the newest one; older
 * ones are taught its ways. HOLDFAST_HAS_* comes from compat/probes/, each of
 * which names the change that it finds.
 */
#ifndef HOLDFAST_COMPAT_H
#define HOLDFAST_COMPAT_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/ftrace.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/ns_common.h>

#ifndef HOLDFAST_HAS_FTRACE_REGS_SET_IP
#define ftrace_regs_set_instruction_pointer(regs, ip)	\
	ftrace_instruction_pointer_set(regs, ip)
#endif

/* The path that user space opened, also of a file that backs an overlay's. */
static inline const struct path *holdfast_user_path(struct file *file)
{
#ifdef HOLDFAST_HAS_FILE_USER_PATH
	return file_user_path(file);
#else
	return &file->f_path;
#endif
}

/* The dentry that holds a regular overlay file's data. */
static inline struct dentry *holdfast_data_dentry(struct dentry *dentry)
{
#ifdef HOLDFAST_HAS_D_REAL_TYPE
	return d_real(dentry, D_REAL_DATA);
#else
	return d_real(dentry, NULL);
#endif
}

static inline refcount_t *holdfast_ns_count(struct ns_common *ns)
{
#ifdef HOLDFAST_HAS_NS_REF
	return &ns->__ns_ref;
#else
	return &ns->count;
#endif
}

/* The program of @mm: a reference, or NULL. */
static inline struct file *holdfast_exe_file(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
#ifdef HOLDFAST_HAS_GET_FILE_RCU_SLOT
	file = get_file_rcu(&mm->exe_file);
#else
	file = rcu_dereference(mm->exe_file);
	if (file && !get_file_rcu(file))
		file = NULL;
#endif
	rcu_read_unlock();
	return file;
}

static inline int holdfast_add_sb_mark(struct fsnotify_mark *mark,
				       struct super_block *sb)
{
#ifdef HOLDFAST_HAS_FSNOTIFY_ADD_MARK_OBJECT
	return fsnotify_add_mark(mark, sb, FSNOTIFY_OBJ_TYPE_SB, 0);
#else
	return fsnotify_add_mark(mark, &sb->s_fsnotify_marks,
				 FSNOTIFY_OBJ_TYPE_SB, 0, NULL);
#endif
}

/* 6.12: the lock of every group is so. */
#ifndef FSNOTIFY_GROUP_NOFS
#define FSNOTIFY_GROUP_NOFS 0
#endif

static inline struct fsnotify_mark *
holdfast_find_inode_mark(struct inode *inode, struct fsnotify_group *group)
{
#ifdef HOLDFAST_HAS_FSNOTIFY_ADD_MARK_OBJECT
	return fsnotify_find_inode_mark(inode, group);
#else
	return fsnotify_find_mark(&inode->i_fsnotify_marks, group);
#endif
}

/* Below FSNOTIFY_PRIO_CONTENT permission events are never generated. */
static inline void holdfast_set_group_priority(struct fsnotify_group *group)
{
#ifdef HOLDFAST_HAS_FSNOTIFY_PRIO
	group->priority = FSNOTIFY_PRIO_CONTENT;
#else
	group->priority = FS_PRIO_1;
#endif
}

/* The file that is being opened, of an FS_OPEN_PERM event: its path is told. */
static inline const struct file *holdfast_event_file(const void *data,
						     int data_type)
{
	return data_type == FSNOTIFY_EVENT_PATH ?
		       container_of((const struct path *)data,
				    const struct file, f_path) : NULL;
}

/* How often it is mapped; negative if it cannot be told. */
static inline int holdfast_folio_mapcount(struct folio *folio)
{
#ifdef HOLDFAST_HAS_FOLIO_LARGE_MAPCOUNT
	return folio_mapcount(folio);
#else
	return folio_test_large(folio) ? -1 : page_mapcount(&folio->page);
#endif
}

/*
 * Does anybody hold @folio of a file but its file, who has it mapped, its buffers
 * and the @own callers? Yes, if it cannot be told.
 */
static inline bool holdfast_folio_is_held(struct folio *folio, int own)
{
	int expected = own + folio_nr_pages(folio) + folio_test_private(folio);
	int mapped = holdfast_folio_mapcount(folio);
	int held = folio_ref_count(folio) - expected;

	/* Who has unmapped it meanwhile counts as having done so before. */
	smp_rmb();
	mapped = min(mapped, holdfast_folio_mapcount(folio));
	return mapped < 0 || held > mapped;
}

/* Does overlayfs open a file by it, for one of its own that is opened? */
static inline bool holdfast_is_backing(const struct file *file)
{
#ifdef FMODE_BACKING
	return file->f_mode & FMODE_BACKING;
#else
	return false;
#endif
}

/* The tracepoint sched_process_exit got a second argument. */
#ifdef HOLDFAST_HAS_EXIT_GROUP_DEAD
#define HOLDFAST_EXIT_ARGUMENTS	\
	void *data, struct task_struct *task, bool group_dead
#else
#define HOLDFAST_EXIT_ARGUMENTS	\
	void *data, struct task_struct *task
#endif

/* security_perf_event_open() has lost its first argument. */
#ifdef HOLDFAST_HAS_PERF_TYPE_ONLY
#define HOLDFAST_PERF_ARGUMENTS	int type
#else
struct perf_event_attr;
#define HOLDFAST_PERF_ARGUMENTS	struct perf_event_attr *attr, int type
#endif

/* How the ids of a mount are mapped, for hooks of extended attributes. */
#ifdef HOLDFAST_HAS_XATTR_IDMAP
#define HOLDFAST_IDMAP	mnt_idmap
#else
#define HOLDFAST_IDMAP	user_namespace
#endif

/* What there is where access lists are not set as attributes. */
#ifdef HOLDFAST_HAS_INODE_SET_ACL
#define HOLDFAST_ACL_ONLY(...)	__VA_ARGS__
#define HOLDFAST_ACL_ROWS(...)	__VA_ARGS__,
#else
#define HOLDFAST_ACL_ONLY(...)
#define HOLDFAST_ACL_ROWS(...)
#endif

/* What is asked, of later kernels, for a file that is open or being opened. */
#ifdef HOLDFAST_HAS_FILE_TRUNCATE
#define HOLDFAST_FILE_TRUNCATE_ONLY(...)	__VA_ARGS__
#define HOLDFAST_FILE_TRUNCATE_ROWS(...)	__VA_ARGS__,
#else
#define HOLDFAST_FILE_TRUNCATE_ONLY(...)
#define HOLDFAST_FILE_TRUNCATE_ROWS(...)
#endif

/* What a mount is asked by whether it may be written to, at an open, too. */
#ifdef HOLDFAST_HAS_MNT_GET_WRITE_ACCESS
#define HOLDFAST_MNT_WRITE(macro, ...)	macro(mnt_get_write_access, ##__VA_ARGS__)
#else
#define HOLDFAST_MNT_WRITE(macro, ...)	macro(__mnt_want_write, ##__VA_ARGS__)
#endif

/* Exported, but before 6.7 fs/internal.h alone has it. */
int vfs_path_lookup(struct dentry *root, struct vfsmount *mnt, const char *name,
		    unsigned int flags, struct path *path);

#endif
