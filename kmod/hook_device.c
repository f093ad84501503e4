// SPDX-License-Identifier: GPL-2.0-only
/* Devices: disks, the machine's memory and ports, what rules them. */
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/security.h>

#include "attach.h"
#include "check.h"
#include "core/device.h"
#include "host_dir.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(blkdev_open);
HOLDFAST_DEFINE_HOOK(chrdev_open);
HOLDFAST_DEFINE_HOOK(security_path_mknod);

static int check(int item, const struct path *path)
{
	return holdfast_check(&(struct holdfast_reach){
		.check = item,
		.path = path,
	});
}

asmlinkage int holdfast_policy_blkdev_open(struct inode *inode,
					   struct file *file);

int holdfast_policy_blkdev_open(struct inode *inode, struct file *file)
{
	holdfast_hit(blkdev_open);
	return check(HOLDFAST_CHECK_RD2, &file->f_path);
}

asmlinkage int holdfast_policy_chrdev_open(struct inode *inode,
					   struct file *file);

int holdfast_policy_chrdev_open(struct inode *inode, struct file *file)
{
	holdfast_hit(chrdev_open);
	return check(holdfast_character_device_check(imajor(inode),
						     iminor(inode)),
		     &file->f_path);
}

/*
 * The number 0 is that of no device: overlayfs hides files by it, and systemd
 * covers what nobody is to reach.
 */
static bool is_device(umode_t mode, dev_t number)
{
	return number &&
	       (S_ISBLK(mode) ||
		(S_ISCHR(mode) &&
		 !holdfast_character_device_harmless(MAJOR(number),
						     MINOR(number))));
}

asmlinkage int holdfast_policy_security_path_mknod(const struct path *dir,
						   struct dentry *dentry,
						   umode_t mode,
						   unsigned int dev);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_path_mknod,
			       holdfast_policy_security_path_mknod);

/* Every file that is made comes here; overlayfs' own work below does not. */
int holdfast_policy_security_path_mknod(const struct path *dir,
					struct dentry *dentry, umode_t mode,
					unsigned int dev)
{
	const struct path path = { .mnt = dir->mnt, .dentry = dentry };
	int index, err = 0;

	holdfast_hit(security_path_mknod);
	if (!holdfast_is_member(current))
		return 0;
	/* One section: unloading may begin between two. */
	index = holdfast_enter();
	if (is_device(mode, new_decode_dev(dev)))
		err = check(HOLDFAST_CHECK_RD1, &path);
	if (!err)
		err = holdfast_host_file_make(dir, dentry);
	holdfast_leave(index);
	return err;
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(blkdev_open, HOLDFAST_CHECK_RD2),
	HOLDFAST_CHECK_HOOK(chrdev_open, HOLDFAST_CHECK_KL4,
			    HOLDFAST_CHECK_RD2, HOLDFAST_CHECK_RD3, HOLDFAST_CHECK_RD4,
			    HOLDFAST_CHECK_RD5),
	HOLDFAST_HOST_HOOK(security_path_mknod, HOLDFAST_CHECK_RD1),
};

const struct holdfast_table holdfast_device_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
