// SPDX-License-Identifier: GPL-2.0-only
/*
 * What exploits of the kernel do to the task that they run in, for tests: who
 * writes the name of a way to /proc/corrupt is corrupted so. Never installed.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/path.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/seccomp.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

static struct cred *own_cred(void)
{
	return (struct cred *)current_real_cred();
}

static void copy_of_kernel_cred(struct file *file)
{
	commit_creds(prepare_kernel_cred(&init_task));
}

static void kernel_cred(struct file *file)
{
	commit_creds((struct cred *)get_task_cred(&init_task));
}

static void user_id(struct file *file)
{
	struct cred *cred = own_cred();

	cred->uid = GLOBAL_ROOT_UID;
	cred->euid = GLOBAL_ROOT_UID;
	cred->suid = GLOBAL_ROOT_UID;
	cred->fsuid = GLOBAL_ROOT_UID;
}

static void capability(struct file *file)
{
	cap_raise(own_cred()->cap_effective, CAP_SYS_ADMIN);
}

static void overwritten_cred(struct file *file)
{
	struct cred *cred = own_cred();

	user_id(file);
	cred->cap_permitted = CAP_FULL_SET;
	cred->cap_effective = CAP_FULL_SET;
	cred->cap_bset = CAP_FULL_SET;
}

static void user_namespace(struct file *file)
{
	struct cred *cred = own_cred();

	put_user_ns(cred->user_ns);
	cred->user_ns = get_user_ns(&init_user_ns);
}

/* Nobody gives up what it had, which cannot be done from a module. */
static void namespaces(struct file *file)
{
	task_lock(current);
	get_nsproxy(init_task.nsproxy);
	current->nsproxy = init_task.nsproxy;
	task_unlock(current);
}

static void root(struct file *file)
{
	struct fs_struct *fs = current->fs;
	struct path path;

	get_fs_root(init_task.fs, &path);
	spin_lock(&fs->lock);
	write_seqcount_begin(&fs->seq);
	swap(fs->root, path);
	write_seqcount_end(&fs->seq);
	spin_unlock(&fs->lock);
	path_put(&path);
}

static void seccomp_flag(struct file *file)
{
	clear_task_syscall_work(current, SECCOMP);
}

static void seccomp(struct file *file)
{
	current->seccomp.mode = SECCOMP_MODE_DISABLED;
	seccomp_flag(file);
}

static void no_new_privs(struct file *file)
{
	clear_bit(PFA_NO_NEW_PRIVS, &current->atomic_flags);
}

/* Until the file is closed, as the task must leave the one that lists it. */
static void cgroup(struct file *file)
{
	file->private_data = rcu_access_pointer(current->cgroups);
	rcu_assign_pointer(current->cgroups, rcu_access_pointer(init_task.cgroups));
}

static const struct {
	const char *name;
	void (*corrupt)(struct file *file);
} ways[] = {
	{ "copy-of-kernel-cred", copy_of_kernel_cred },
	{ "kernel-cred", kernel_cred },
	{ "overwritten-cred", overwritten_cred },
	{ "user-id", user_id },
	{ "capability", capability },
	{ "user-namespace", user_namespace },
	{ "namespaces", namespaces },
	{ "root", root },
	{ "seccomp", seccomp },
	{ "seccomp-flag", seccomp_flag },
	{ "no-new-privs", no_new_privs },
	{ "cgroup", cgroup },
};

static ssize_t write(struct file *file, const char __user *data, size_t len,
		     loff_t *at)
{
	char name[32] = {};
	unsigned int i;

	if (len >= sizeof(name) || copy_from_user(name, data, len))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (sysfs_streq(name, ways[i].name)) {
			ways[i].corrupt(file);
			return len;
		}
	}
	return -EINVAL;
}

static int release(struct inode *inode, struct file *file)
{
	if (file->private_data)
		rcu_assign_pointer(current->cgroups, file->private_data);
	return 0;
}

static const struct proc_ops ops = {
	.proc_write = write,
	.proc_release = release,
};

static int __init corrupt_init(void)
{
	return proc_create("corrupt", 0222, NULL, &ops) ? 0 : -ENOMEM;
}

static void __exit corrupt_exit(void)
{
	remove_proc_entry("corrupt", NULL);
}

module_init(corrupt_init);
module_exit(corrupt_exit);

MODULE_DESCRIPTION("Corrupts tasks, for tests");
MODULE_LICENSE("GPL");
