// SPDX-License-Identifier: GPL-2.0-only
/* Mounts of what shows or changes the host, or what hides it. */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/kernfs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <uapi/linux/mount.h>

#include "attach.h"
#include "check.h"
#include "container.h"
#include "covered.h"
#include "home.h"
#include "host_dir.h"
#include "member.h"
#include "overlay.h"
#include "setup.h"
#include "watch.h"

HOLDFAST_DEFINE_HOOK(vfs_get_tree);
HOLDFAST_DEFINE_HOOK(security_sb_mount);
HOLDFAST_DEFINE_HOOK(security_sb_umount);
HOLDFAST_DEFINE_HOOK(security_move_mount);
HOLDFAST_DEFINE_HOOK(do_move_mount);
HOLDFAST_DEFINE_HOOK(security_sb_pivotroot);
HOLDFAST_DEFINE_HOOK(__do_loopback);
HOLDFAST_DEFINE_HOOK(reconfigure_super);
HOLDFAST_DEFINE_HOOK(__x64_sys_mount_setattr);
HOLDFAST_DEFINE_HOOK(__ia32_sys_mount_setattr);
HOLDFAST_DEFINE_HOOK(security_sb_set_mnt_opts);

/* In which case a mount of the type is the item. */
enum when { ALWAYS, IN_HOST_PID_NS, IN_HOST_CGROUP_NS, IN_HOST_USER_NS, IN_OTHER_USER_NS };

/* The first row that is so decides. */
static const struct {
	const char *type;
	int check;
	enum when when;
} types[] = {
	{ "proc", HOLDFAST_CHECK_MT2, IN_HOST_PID_NS },
	{ "sysfs", HOLDFAST_CHECK_MT2, IN_HOST_USER_NS },
	{ "cgroup", HOLDFAST_CHECK_CG2, IN_OTHER_USER_NS },
	{ "cgroup", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "cgroup2", HOLDFAST_CHECK_MT2, IN_HOST_CGROUP_NS },
	{ "securityfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "selinuxfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "smackfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "debugfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "tracefs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "configfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "efivarfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "pstore", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "resctrl", HOLDFAST_CHECK_MT2, ALWAYS },
	/* The kernel itself opens files for them, anywhere on a file system. */
	{ "nfsd", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "ecryptfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "devtmpfs", HOLDFAST_CHECK_MT2, ALWAYS },
	{ "binfmt_misc", HOLDFAST_CHECK_MT2, IN_HOST_USER_NS },
	/* Devices that no path names. */
	{ "9p", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "virtiofs", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "vboxsf", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "zfs", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "jffs2", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "ubifs", HOLDFAST_CHECK_MT1, ALWAYS },
	{ "overlay", HOLDFAST_CHECK_MT6, IN_OTHER_USER_NS },
	{ "fuse", HOLDFAST_CHECK_MT6, IN_OTHER_USER_NS },
	{ "fuseblk", HOLDFAST_CHECK_MT6, IN_OTHER_USER_NS },
};

/*
 * Namespaces are those of when fsopen(2) was called. The beginnings of what proc
 * and cgroup2 keep of it: fs/proc/root.c, kernel/cgroup/cgroup-internal.h.
 */
struct proc_context {
	struct pid_namespace *pid_ns;
};

struct cgroup_context {
	struct kernfs_fs_context kfc;
	struct cgroup_root *root;
	struct cgroup_namespace *ns;
};

static bool is_so(const struct fs_context *fc, enum when when)
{
	const struct cgroup_context *cgroup = fc->fs_private;
	const struct proc_context *proc = fc->fs_private;

	switch (when) {
	case ALWAYS:
		return true;
	case IN_HOST_PID_NS:
		return proc->pid_ns == &init_pid_ns;
	case IN_HOST_CGROUP_NS:
		return cgroup->ns == init_task.nsproxy->cgroup_ns;
	case IN_HOST_USER_NS:
		return fc->user_ns == &init_user_ns;
	case IN_OTHER_USER_NS:
		return fc->user_ns != &init_user_ns;
	}
	return false;
}

static int item_of(const struct fs_context *fc)
{
	unsigned int i;

	if (fc->sb_flags & SB_KERNMOUNT)
		return -1;
	/* The kernel's own name of the type, whatever it was asked for as. */
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(fc->fs_type->name, types[i].type) &&
		    is_so(fc, types[i].when))
			return types[i].check;
	return fc->fs_type->fs_flags & FS_REQUIRES_DEV ? HOLDFAST_CHECK_MT1 : -1;
}

asmlinkage int holdfast_policy_vfs_get_tree(struct fs_context *fc);
HOLDFAST_ASSERT_SAME_ARGUMENTS(vfs_get_tree, holdfast_policy_vfs_get_tree);

/* mount(2) and fsconfig(2) both come here for a file system. */
int holdfast_policy_vfs_get_tree(struct fs_context *fc)
{
	struct holdfast_reach reach = {};

	holdfast_hit(vfs_get_tree);
	if (!holdfast_is_member(current))
		return 0;
	reach.check = item_of(fc);
	reach.name = reach.check == HOLDFAST_CHECK_MT1 && fc->source ?
			     fc->source : fc->fs_type->name;
	return holdfast_check(&reach);
}

/* By the files of which the kernel is read and commanded. */
static bool is_of_kernel(const struct super_block *sb)
{
	return sb->s_magic == PROC_SUPER_MAGIC || sb->s_magic == SYSFS_MAGIC ||
	       sb->s_magic == CGROUP_SUPER_MAGIC ||
	       sb->s_magic == CGROUP2_SUPER_MAGIC;
}

/*
 * Does @mnt hide some of these files, or make them read only, as runtimes do?
 * By some file, by a tmpfs without anything in it, or by themselves.
 */
static bool is_cover(struct vfsmount *mnt)
{
	struct path path = { .mnt = mnt, .dentry = mnt->mnt_root };
	const struct inode *inode = d_inode(mnt->mnt_root);
	bool is;

	if (S_ISDIR(inode->i_mode) && inode->i_sb->s_magic != TMPFS_MAGIC &&
	    !is_of_kernel(inode->i_sb))
		return false;
	path_get(&path);
	is = follow_up(&path) && is_of_kernel(path.dentry->d_sb);
	path_put(&path);
	return is;
}

/*
 * Would files of processes come to be seen, or be had by who keeps the directory
 * open, without what is mounted on them? Also under the lock of the mounts.
 */
static bool leaves_covers(const struct path *path)
{
	return path->dentry->d_sb->s_magic == PROC_SUPER_MAGIC &&
	       path_has_submounts(path);
}

static int check_path(int item, const struct path *path)
{
	return holdfast_check(&(struct holdfast_reach){
		.check = item,
		.path = path,
	});
}

asmlinkage int holdfast_policy_security_sb_umount(struct vfsmount *mnt,
						  int flags);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_sb_umount,
			       holdfast_policy_security_sb_umount);

int holdfast_policy_security_sb_umount(struct vfsmount *mnt, int flags)
{
	const struct path path = { .mnt = mnt, .dentry = mnt->mnt_root };
	int index, err = 0;

	holdfast_hit(security_sb_umount);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	if (is_cover(mnt) || leaves_covers(&path))
		err = check_path(HOLDFAST_CHECK_MT3, &path);
	if (!err)
		holdfast_member_uncovers(mnt);
	holdfast_leave(index);
	return err;
}

asmlinkage int holdfast_policy___do_loopback(const struct path *path,
					     int recurse);

/* mount(2) has found what it is to show again; open_tree(2) comes here, too. */
int holdfast_policy___do_loopback(const struct path *path, int recurse)
{
	int index, err = 0;

	holdfast_hit(__do_loopback);
	index = holdfast_enter();
	if (!holdfast_is_member(current))
		err = holdfast_setup_bind(path);
	else if (!recurse && leaves_covers(path))
		err = check_path(HOLDFAST_CHECK_MT3, path);
	holdfast_leave(index);
	return err;
}

asmlinkage int holdfast_policy_do_move_mount(const struct path *from,
					     const struct path *to);

/* Newer kernels pass one argument more. */
int holdfast_policy_do_move_mount(const struct path *from,
				  const struct path *to)
{
	int index, err = 0;

	holdfast_hit(do_move_mount);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	if (is_cover(from->mnt))
		err = check_path(HOLDFAST_CHECK_MT3, from);
	if (!err) {
		holdfast_member_uncovers(from->mnt);
		holdfast_member_covers(to);
	}
	holdfast_leave(index);
	return err;
}

asmlinkage int
holdfast_policy_security_sb_pivotroot(const struct path *old_path,
				      const struct path *new_path);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_sb_pivotroot,
			       holdfast_policy_security_sb_pivotroot);

int holdfast_policy_security_sb_pivotroot(const struct path *old_path,
					  const struct path *new_path)
{
	int index;

	holdfast_hit(security_sb_pivotroot);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	holdfast_member_covers_all();
	holdfast_leave(index);
	return 0;
}

/*
 * Would what is mounted on @path be mounted for the host, too? Not in a container
 * whose runtime has detached its mounts from the host's. Of another, who can tell
 * for a mount that is shared with others is the file system: what the container
 * has for itself is shared within it only.
 */
static bool propagates(const struct path *path)
{
	const struct super_block *sb = path->dentry->d_sb;
	struct holdfast_member *member;
	bool own = true;

	if (!(path->mnt->mnt_flags & MNT_SHARED) ||
	    !(sb->s_type->fs_flags & FS_REQUIRES_DEV))
		return false;
	member = holdfast_member_get(current);
	if (member) {
		own = holdfast_home_owns(member->home, path->dentry) ||
		      (READ_ONCE(member->container->detached) &&
		       current->nsproxy->mnt_ns != init_task.nsproxy->mnt_ns);
		holdfast_member_put(member);
	}
	return !own;
}

/* The kernel looks for a bind first. */
static bool only_changes(unsigned long flags)
{
	return (flags & MS_REMOUNT) ||
	       (!(flags & MS_BIND) &&
		(flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)));
}

/* The item that mount(2) is by itself, whatever is mounted. */
static int item_of_mount(const struct path *path, unsigned long flags)
{
	const bool read_only = path->mnt->mnt_flags & MNT_READONLY;

	if (flags & MS_REMOUNT)
		return read_only && !(flags & MS_RDONLY) &&
		       is_of_kernel(path->dentry->d_sb) ?
			       HOLDFAST_CHECK_MT3 : -1;
	if (only_changes(flags))
		return -1;
	return propagates(path) ? HOLDFAST_CHECK_MT5 : -1;
}

asmlinkage int holdfast_policy_security_sb_mount(const char *dev_name,
						 const struct path *path,
						 const char *type,
						 unsigned long flags,
						 void *data);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_sb_mount,
			       holdfast_policy_security_sb_mount);

int holdfast_policy_security_sb_mount(const char *dev_name,
				      const struct path *path,
				      const char *type, unsigned long flags,
				      void *data)
{
	int index, err;

	holdfast_hit(security_sb_mount);
	index = holdfast_enter();
	if (!holdfast_is_member(current)) {
		err = holdfast_setup_mount(path, flags);
	} else {
		err = check_path(item_of_mount(path, flags), path);
		if (!err && !only_changes(flags))
			holdfast_member_covers(path);
	}
	holdfast_leave(index);
	return err;
}

asmlinkage int holdfast_policy_security_move_mount(const struct path *from_path,
						   const struct path *to_path);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_move_mount,
			       holdfast_policy_security_move_mount);

int holdfast_policy_security_move_mount(const struct path *from_path,
					const struct path *to_path)
{
	int index, err;

	holdfast_hit(security_move_mount);
	index = holdfast_enter();
	err = holdfast_is_member(current) ?
		      check_path(propagates(to_path) ? HOLDFAST_CHECK_MT5 : -1,
				 to_path) :
		      holdfast_setup_move(from_path, to_path);
	holdfast_leave(index);
	return err;
}

asmlinkage int holdfast_policy_reconfigure_super(struct fs_context *fc);

/* By fspick(2), too. */
int holdfast_policy_reconfigure_super(struct fs_context *fc)
{
	struct super_block *sb = fc->root->d_sb;

	holdfast_hit(reconfigure_super);
	if (!holdfast_is_member(current) || !is_of_kernel(sb) ||
	    !sb_rdonly(sb) || !(fc->sb_flags_mask & SB_RDONLY) ||
	    (fc->sb_flags & SB_RDONLY))
		return 0;
	return holdfast_check(&(struct holdfast_reach){
		.check = HOLDFAST_CHECK_MT3,
		.name = sb->s_type->name,
	});
}

static int is_read_only(struct vfsmount *mnt, void *unused)
{
	return (mnt->mnt_flags & MNT_READONLY) && is_of_kernel(mnt->mnt_sb);
}

static bool find_once(unsigned long *function, const char *name)
{
	if (!READ_ONCE(*function))
		WRITE_ONCE(*function, holdfast_find_function(name));
	return *function;
}

/* Is one of the mounts on @path and below such a one? Yes, if nobody knows. */
static bool has_read_only(const struct path *path)
{
	static unsigned long collect, iterate, drop;
	struct vfsmount *copies;
	bool has;

	if (!find_once(&collect, "collect_mounts") ||
	    !find_once(&iterate, "iterate_mounts") ||
	    !find_once(&drop, "drop_collected_mounts"))
		return true;
	copies = (struct vfsmount *)holdfast_call(collect, (unsigned long)path,
						  0, 0, 0);
	if (IS_ERR(copies))
		return true;
	has = holdfast_call(iterate, (unsigned long)is_read_only, 0,
			    (unsigned long)copies, 0);
	holdfast_call(drop, (unsigned long)copies, 0, 0, 0);
	return has;
}

/*
 * The request is the process', which another thread may change once it was read
 * here; what is then written to such a file is an item of its own.
 */
static int check_setattr(int dfd, const char __user *name, unsigned int flags,
			 const void __user *request, size_t size)
{
	const unsigned int lookup =
		(flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
		(flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct mount_attr attr = {};
	struct path path;
	int index, err = 0;

	/* Of mounts in a user namespace the kernel keeps it. */
	if (!holdfast_is_member(current) || !holdfast_holds(CAP_SYS_ADMIN) ||
	    size > PAGE_SIZE)
		return 0;
	index = holdfast_enter();
	if (copy_struct_from_user(&attr, sizeof(attr), request, size) ||
	    !(attr.attr_clr & ~attr.attr_set & MOUNT_ATTR_RDONLY) ||
	    user_path_at(dfd, name, lookup, &path))
		goto out;
	if (flags & AT_RECURSIVE ? has_read_only(&path) :
				   is_read_only(path.mnt, NULL))
		err = check_path(HOLDFAST_CHECK_MT3, &path);
	path_put(&path);
out:
	holdfast_leave(index);
	return err;
}

asmlinkage int
holdfast_policy___x64_sys_mount_setattr(const struct pt_regs *regs);

int holdfast_policy___x64_sys_mount_setattr(const struct pt_regs *regs)
{
	holdfast_hit(__x64_sys_mount_setattr);
	return check_setattr(regs->di, (const char __user *)regs->si, regs->dx,
			     (const void __user *)regs->r10, regs->r8);
}

asmlinkage int
holdfast_policy___ia32_sys_mount_setattr(const struct pt_regs *regs);

int holdfast_policy___ia32_sys_mount_setattr(const struct pt_regs *regs)
{
	holdfast_hit(__ia32_sys_mount_setattr);
	return check_setattr(regs->bx, compat_ptr(regs->cx), (u32)regs->dx,
			     compat_ptr(regs->si), (u32)regs->di);
}

asmlinkage int
holdfast_policy_security_sb_set_mnt_opts(struct super_block *sb, void *options,
					 unsigned long flags,
					 unsigned long *set_flags);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_sb_set_mnt_opts,
			       holdfast_policy_security_sb_set_mnt_opts);

/* What is written through it comes to no file that is opened by a name. */
static int check_upper(struct super_block *sb)
{
	struct path upper;
	int err;

	if (!holdfast_overlay_upper_root(sb, &upper))
		return 0;
	err = holdfast_host_layer(&upper, HOLDFAST_HOST_WRITE);
	path_put(&upper);
	return err;
}

/* What is read from a device that a member has had its hands on proves nothing. */
static void note_disk(void)
{
	struct holdfast_member *member = holdfast_member_get(current);

	if (!member)
		return;
	WRITE_ONCE(member->home->mounts_disks, true);
	holdfast_member_put(member);
}

/* Each time that a file system has been made, or found, to be mounted. */
int holdfast_policy_security_sb_set_mnt_opts(struct super_block *sb,
					     void *options, unsigned long flags,
					     unsigned long *set_flags)
{
	int index, err = 0;

	holdfast_hit(security_sb_set_mnt_opts);
	index = holdfast_enter();
	holdfast_watch_binfmt(sb);
	if (sb->s_magic == OVERLAYFS_SUPER_MAGIC && holdfast_is_member(current))
		err = check_upper(sb);
	if (sb->s_type->fs_flags & FS_REQUIRES_DEV)
		note_disk();
	holdfast_leave(index);
	return err;
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(security_sb_mount, HOLDFAST_CHECK_MT3,
			    HOLDFAST_CHECK_MT5, HOLDFAST_CHECK_RT3),
	HOLDFAST_CHECK_HOOK(security_sb_umount, HOLDFAST_CHECK_MT3),
	HOLDFAST_CHECK_HOOK(reconfigure_super, HOLDFAST_CHECK_MT3),
	HOLDFAST_CHECK_HOOK(__x64_sys_mount_setattr, HOLDFAST_CHECK_MT3),
	/* Where 32-bit programs run. */
	HOLDFAST_HOOK(__ia32_sys_mount_setattr, false),
	HOLDFAST_CHECK_HOOK(__do_loopback, HOLDFAST_CHECK_MT3,
			    HOLDFAST_CHECK_RT3),
	HOLDFAST_CHECK_HOOK(do_move_mount, HOLDFAST_CHECK_MT3),
	HOLDFAST_HOOK(security_sb_pivotroot, false),
	HOLDFAST_CHECK_HOOK(security_move_mount, HOLDFAST_CHECK_MT5,
			    HOLDFAST_CHECK_RT3),
	HOLDFAST_CHECK_HOOK(vfs_get_tree, HOLDFAST_CHECK_CG2,
			    HOLDFAST_CHECK_MT1, HOLDFAST_CHECK_MT2,
			    HOLDFAST_CHECK_MT6),
	HOLDFAST_HOST_HOOK(security_sb_set_mnt_opts, HOLDFAST_CHECK_UH3),
};

const struct holdfast_table holdfast_mount_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
