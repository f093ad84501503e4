// SPDX-License-Identifier: GPL-2.0-only
/*
 * What members do to files of the host's directories and of containers' storage.
 * Which are opened is told by the marks on these; what is made, moved, linked or
 * removed there is told here, as far as it has no file that would be opened. And
 * what they write where all is the machine's.
 */
#include <linux/capability.h>
#include <linux/dcache.h>
#include <linux/fanotify.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/path.h>
#include <linux/security.h>
#include <linux/string.h>

#include "attach.h"
#include "check.h"
#include "compat/compat.h"
#include "covered.h"
#include "host_dir.h"
#include "machine_fs.h"
#include "member.h"
#include "storage.h"
#include "write_watch.h"

HOLDFAST_DEFINE_HOOK(security_path_mkdir);
HOLDFAST_DEFINE_HOOK(security_path_symlink);
HOLDFAST_DEFINE_HOOK(security_path_link);
HOLDFAST_DEFINE_HOOK(security_path_rename);
HOLDFAST_DEFINE_HOOK(security_path_unlink);
HOLDFAST_DEFINE_HOOK(security_path_rmdir);
HOLDFAST_DEFINE_HOOK(security_path_truncate);
HOLDFAST_DEFINE_HOOK(security_file_truncate);
HOLDFAST_DEFINE_HOOK(security_path_chmod);
HOLDFAST_DEFINE_HOOK(security_path_chown);
HOLDFAST_DEFINE_HOOK(security_inode_setxattr);
HOLDFAST_DEFINE_HOOK(security_inode_removexattr);
HOLDFAST_DEFINE_HOOK(security_inode_set_acl);
HOLDFAST_DEFINE_HOOK(security_inode_remove_acl);
HOLDFAST_DEFINE_HOOK(clone_private_mount);
HOLDFAST_DEFINE_HOOK(__x64_sys_fanotify_init);
HOLDFAST_DEFINE_HOOK(__ia32_sys_fanotify_init);
HOLDFAST_DEFINE_HOOK(mnt_get_write_access);
HOLDFAST_DEFINE_HOOK(__mnt_want_write);

#define WRITE_IT	(1 << HOLDFAST_HOST_WRITE)
#define READ_IT		(1 << HOLDFAST_HOST_READ)
#define LINK_IT		(1 << HOLDFAST_HOST_LINK)
#define REMOVE_IT	(WRITE_IT | 1 << HOLDFAST_HOST_ACCESSES)

/* What a write is by where it goes, whatever file it is; -1 for nothing. */
static int item_of_place(struct vfsmount *mnt, struct dentry *dentry)
{
	if (holdfast_is_machine_fs(dentry->d_sb))
		return HOLDFAST_CHECK_PS4;
	/* An overlay changes attributes of its layers itself. */
	return mnt && holdfast_storage_keeps(dentry, mnt) ?
		       HOLDFAST_CHECK_HW5 : -1;
}

/*
 * @accesses: bits of what is done to the file @dentry of the mount @mnt, which is
 * NULL if that is not known
 */
static int check_file(struct vfsmount *mnt, struct dentry *dentry,
		      unsigned int accesses)
{
	const struct path path = { .mnt = mnt, .dentry = dentry };
	struct holdfast_reach reach = {
		.path = mnt ? &path : NULL,
		.dentry = dentry,
	};
	struct dentry *dir = dget_parent(dentry);
	struct name_snapshot name;
	int err = 0;
	int access;

	take_dentry_name_snapshot(&name, dentry);
	for (access = 0; access < HOLDFAST_HOST_ACCESSES && !err; access++) {
		if (!(accesses & 1 << access))
			continue;
		reach.check = holdfast_host_item(dir, &name.name, access);
		if (reach.check < 0 && access == HOLDFAST_HOST_WRITE)
			reach.check = item_of_place(mnt, dentry);
		if (reach.check >= 0)
			err = holdfast_check(&reach);
	}
	release_dentry_name_snapshot(&name);
	dput(dir);
	return err;
}

static int check_storage(const struct dentry *dentry)
{
	return holdfast_check(&(struct holdfast_reach){
		.check = HOLDFAST_CHECK_HW5,
		.dentry = dentry,
	});
}

static int check(struct vfsmount *mnt, struct dentry *dentry,
		 unsigned int accesses)
{
	int index, err;

	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	/* Who does it comes first, whatever it is. */
	err = holdfast_check(&(struct holdfast_reach){ .check = -1 });
	if (!err)
		err = check_file(mnt, dentry, accesses);
	if (!err && (accesses & REMOVE_IT) == REMOVE_IT)
		holdfast_member_removes(dentry);
	holdfast_leave(index);
	return err;
}

int holdfast_host_file_open(const struct file *file)
{
	unsigned int accesses = 0;

	if (d_is_dir(file->f_path.dentry))
		return 0;
	if (file->f_mode & FMODE_WRITE)
		accesses |= WRITE_IT;
	if (file->f_mode & FMODE_READ)
		accesses |= READ_IT;
	return check_file(file->f_path.mnt, file->f_path.dentry, accesses);
}

int holdfast_host_file_make(const struct path *dir, struct dentry *dentry)
{
	return check(dir->mnt, dentry, WRITE_IT);
}

/* @mnt and @dentry: out of the arguments, which follow */
#define DEFINE_PATH_HOOK(name, mnt, dentry, accesses, ...)		\
	asmlinkage int holdfast_policy_security_path_##name(__VA_ARGS__); \
	HOLDFAST_ASSERT_SAME_ARGUMENTS(security_path_##name,		\
				       holdfast_policy_security_path_##name); \
	int holdfast_policy_security_path_##name(__VA_ARGS__)		\
	{								\
		holdfast_hit(security_path_##name);			\
		return check(mnt, dentry, accesses);			\
	}

/* Is what follows the link elsewhere than where the link is, and further in? */
static bool leads_out(const char *target)
{
	return *target == '/' || !strncmp(target, "..", 2) ||
	       strstr(target, "/..");
}

DEFINE_PATH_HOOK(mkdir, dir->mnt, dentry, WRITE_IT,
		 const struct path *dir, struct dentry *dentry, umode_t mode)
DEFINE_PATH_HOOK(symlink, dir->mnt, dentry,
		 WRITE_IT | (leads_out(target) ? LINK_IT : 0),
		 const struct path *dir, struct dentry *dentry, const char *target)
DEFINE_PATH_HOOK(unlink, dir->mnt, dentry, REMOVE_IT,
		 const struct path *dir, struct dentry *dentry)
DEFINE_PATH_HOOK(rmdir, dir->mnt, dentry, REMOVE_IT,
		 const struct path *dir, struct dentry *dentry)
DEFINE_PATH_HOOK(truncate, path->mnt, path->dentry, WRITE_IT,
		 const struct path *path)
DEFINE_PATH_HOOK(chmod, path->mnt, path->dentry, WRITE_IT,
		 const struct path *path, umode_t mode)
DEFINE_PATH_HOOK(chown, path->mnt, path->dentry, WRITE_IT,
		 const struct path *path, kuid_t uid, kgid_t gid)

asmlinkage int holdfast_policy_security_file_truncate(struct file *file);
HOLDFAST_FILE_TRUNCATE_ONLY(HOLDFAST_ASSERT_SAME_ARGUMENTS(security_file_truncate,
							   holdfast_policy_security_file_truncate);)

/* As it is opened, for reading perhaps, to be cut off. */
int holdfast_policy_security_file_truncate(struct file *file)
{
	holdfast_hit(security_file_truncate);
	return check(file->f_path.mnt, file->f_path.dentry, WRITE_IT);
}

asmlinkage int holdfast_policy_security_path_link(struct dentry *old_dentry,
						  const struct path *new_dir,
						  struct dentry *new_dentry);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_path_link,
			       holdfast_policy_security_path_link);

/* By another name it would be read and written as another file. */
int holdfast_policy_security_path_link(struct dentry *old_dentry,
				       const struct path *new_dir,
				       struct dentry *new_dentry)
{
	int index, err;

	holdfast_hit(security_path_link);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	err = check(new_dir->mnt, old_dentry, WRITE_IT | READ_IT);
	if (!err)
		err = check(new_dir->mnt, new_dentry, WRITE_IT);
	holdfast_leave(index);
	return err;
}

asmlinkage int holdfast_policy_security_path_rename(const struct path *old_dir,
						    struct dentry *old_dentry,
						    const struct path *new_dir,
						    struct dentry *new_dentry,
						    unsigned int flags);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_path_rename,
			       holdfast_policy_security_path_rename);

int holdfast_policy_security_path_rename(const struct path *old_dir,
					 struct dentry *old_dentry,
					 const struct path *new_dir,
					 struct dentry *new_dentry,
					 unsigned int flags)
{
	unsigned int of_new = WRITE_IT;
	int index, err;

	holdfast_hit(security_path_rename);
	if (!holdfast_is_member(current))
		return 0;
	if (flags & RENAME_EXCHANGE)
		of_new |= READ_IT;
	/* One section: unloading may begin between two. */
	index = holdfast_enter();
	err = check(old_dir->mnt, old_dentry, WRITE_IT | READ_IT);
	/* What storage is in; both, if they are exchanged. */
	if (!err && (holdfast_storage_is_below(old_dentry) ||
		     holdfast_storage_is_below(new_dentry)))
		err = check_storage(old_dentry);
	if (!err)
		err = check(new_dir->mnt, new_dentry, of_new);
	if (!err) {
		holdfast_member_moves(old_dir->mnt, old_dentry);
		holdfast_member_moves(new_dir->mnt, new_dentry);
	}
	holdfast_leave(index);
	return err;
}

int holdfast_host_layer(const struct path *path,
			enum holdfast_host_access access)
{
	struct holdfast_reach reach = { .dentry = path->dentry };
	u8 items[HOLDFAST_CHECK_SET_BYTES] = {};
	int err = 0;

	holdfast_host_items_within(path, access, items);
	for (reach.check = 0; reach.check < HOLDFAST_CHECKS_NR && !err;
	     reach.check++)
		if (holdfast_check_set_has(items, reach.check))
			err = holdfast_check(&reach);
	if (!err && access == HOLDFAST_HOST_WRITE &&
	    (holdfast_storage_keeps(path->dentry, path->mnt) ||
	     holdfast_storage_is_below(path->dentry)))
		err = check_storage(path->dentry);
	return err;
}

#define DEFINE_ATTRIBUTE_HOOK(name, ...)				\
	asmlinkage int holdfast_policy_security_inode_##name(__VA_ARGS__); \
	int holdfast_policy_security_inode_##name(__VA_ARGS__)		\
	{								\
		holdfast_hit(security_inode_##name);			\
		return check(NULL, dentry, WRITE_IT);			\
	}

/* Under the lock of the inode. */
DEFINE_ATTRIBUTE_HOOK(setxattr, struct HOLDFAST_IDMAP *idmap, struct dentry *dentry,
		      const char *name, const void *value, size_t size,
		      int flags)
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_inode_setxattr,
			       holdfast_policy_security_inode_setxattr);
DEFINE_ATTRIBUTE_HOOK(removexattr, struct HOLDFAST_IDMAP *idmap,
		      struct dentry *dentry, const char *name)
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_inode_removexattr,
			       holdfast_policy_security_inode_removexattr);
DEFINE_ATTRIBUTE_HOOK(set_acl, struct HOLDFAST_IDMAP *idmap, struct dentry *dentry,
		      const char *acl_name, struct posix_acl *kacl)
DEFINE_ATTRIBUTE_HOOK(remove_acl, struct HOLDFAST_IDMAP *idmap,
		      struct dentry *dentry, const char *acl_name)
HOLDFAST_ACL_ONLY(HOLDFAST_ASSERT_SAME_ARGUMENTS(security_inode_set_acl,
						 holdfast_policy_security_inode_set_acl);)
HOLDFAST_ACL_ONLY(HOLDFAST_ASSERT_SAME_ARGUMENTS(security_inode_remove_acl,
						 holdfast_policy_security_inode_remove_acl);)

asmlinkage int holdfast_policy_clone_private_mount(const struct path *path);

/* A layer of an overlay, of whatever kind, before that looks into it. */
int holdfast_policy_clone_private_mount(const struct path *path)
{
	int index, err;

	holdfast_hit(clone_private_mount);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	err = holdfast_host_layer(path, HOLDFAST_HOST_READ);
	holdfast_leave(index);
	return err;
}

/*
 * With events of files it gets descriptors of them, which no mark is asked for. Of
 * file handles instead of descriptors see FH1.
 */
static int check_fanotify(unsigned int flags, unsigned int event_flags)
{
	if (!holdfast_is_member(current) || !holdfast_holds(CAP_SYS_ADMIN) ||
	    (flags & (FAN_REPORT_FID | FAN_REPORT_DIR_FID)))
		return 0;
	return holdfast_check(&(struct holdfast_reach){
		.check = (event_flags & O_ACCMODE) == O_RDONLY ?
				 HOLDFAST_CHECK_HC2 : HOLDFAST_CHECK_HW5,
		.name = "fanotify",
	});
}

asmlinkage int
holdfast_policy___x64_sys_fanotify_init(const struct pt_regs *regs);

int holdfast_policy___x64_sys_fanotify_init(const struct pt_regs *regs)
{
	holdfast_hit(__x64_sys_fanotify_init);
	return check_fanotify(regs->di, regs->si);
}

asmlinkage int
holdfast_policy___ia32_sys_fanotify_init(const struct pt_regs *regs);

int holdfast_policy___ia32_sys_fanotify_init(const struct pt_regs *regs)
{
	holdfast_hit(__ia32_sys_fanotify_init);
	return check_fanotify(regs->bx, regs->cx);
}

/* Before the file is opened, so that its open is watched. */
static int watch_write(struct vfsmount *mnt)
{
	int index, err;

	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	err = holdfast_write_watch(mnt);
	holdfast_leave(index);
	return err;
}

/* One function, by the name that the kernel has for it. */
#define DEFINE_MNT_WRITE_POLICY(name)					\
	asmlinkage int holdfast_policy_##name(struct vfsmount *mnt);	\
	int holdfast_policy_##name(struct vfsmount *mnt)		\
	{								\
		holdfast_hit(name);					\
		return watch_write(mnt);				\
	}
#define ASSERT_MNT_WRITE(name)						\
	HOLDFAST_ASSERT_SAME_ARGUMENTS(name, holdfast_policy_##name)

DEFINE_MNT_WRITE_POLICY(mnt_get_write_access)
DEFINE_MNT_WRITE_POLICY(__mnt_want_write)
HOLDFAST_MNT_WRITE(ASSERT_MNT_WRITE);

static struct holdfast_hook hooks[] = {
	HOLDFAST_HOST_HOOK(security_path_mkdir),
	HOLDFAST_HOST_HOOK(security_path_symlink, HOLDFAST_CHECK_HC3),
	HOLDFAST_HOST_HOOK(security_path_link, HOLDFAST_CHECK_HC1,
			   HOLDFAST_CHECK_HC2),
	HOLDFAST_HOST_HOOK(security_path_rename, HOLDFAST_CHECK_HC1,
			   HOLDFAST_CHECK_HC2),
	HOLDFAST_HOST_HOOK(security_path_unlink),
	HOLDFAST_HOST_HOOK(security_path_rmdir),
	HOLDFAST_HOST_HOOK(security_path_truncate),
	HOLDFAST_FILE_TRUNCATE_ROWS(HOLDFAST_HOST_HOOK(security_file_truncate))
	HOLDFAST_HOST_HOOK(security_path_chmod),
	HOLDFAST_HOST_HOOK(security_path_chown),
	HOLDFAST_HOST_HOOK(security_inode_setxattr),
	HOLDFAST_HOST_HOOK(security_inode_removexattr),
	HOLDFAST_ACL_ROWS(HOLDFAST_HOST_HOOK(security_inode_set_acl),
			  HOLDFAST_HOST_HOOK(security_inode_remove_acl))
	HOLDFAST_CHECK_HOOK(clone_private_mount, HOLDFAST_CHECK_HC1,
			    HOLDFAST_CHECK_HC2),
	HOLDFAST_MNT_WRITE(HOLDFAST_CHECK_HOOK, HOLDFAST_CHECK_HW5,
			   HOLDFAST_CHECK_PS4),
	/* Where the kernel has it, and 32-bit programs run. */
	HOLDFAST_HOOK(__x64_sys_fanotify_init, false),
	HOLDFAST_HOOK(__ia32_sys_fanotify_init, false),
};

const struct holdfast_table holdfast_host_file_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
