// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests by which a file system hands out more than the file that they are made
 * of: what lies outside of all directories that a container has.
 */
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/magic.h>
#include <linux/security.h>

#include "attach.h"
#include "check.h"

HOLDFAST_DEFINE_HOOK(security_file_ioctl);
HOLDFAST_DEFINE_HOOK(security_file_ioctl_compat);

/*
 * By type and number alone: requests differ in size between architectures. Of
 * include/uapi/linux/btrfs.h and fs/xfs/libxfs/xfs_fs.h.
 */
static const struct {
	u8 type;
	u8 number;
	unsigned long magic;
	int check;
	const char *name;
} requests[] = {
	{ 'X', 107, XFS_SUPER_MAGIC, HOLDFAST_CHECK_FH1, "open by handle" },
	{ 'X', 108, XFS_SUPER_MAGIC, HOLDFAST_CHECK_FH1, "readlink by handle" },
	{ 'X', 122, XFS_SUPER_MAGIC, HOLDFAST_CHECK_FH1, "attributes by handle" },
	{ 'X', 123, XFS_SUPER_MAGIC, HOLDFAST_CHECK_FH1, "attributes by handle" },
	{ 0x94, 1, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_HC2, "snapshot" },
	{ 0x94, 10, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_RD2, "add device" },
	{ 0x94, 11, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_RD2, "remove device" },
	{ 0x94, 17, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_HC2, "tree search" },
	{ 0x94, 19, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_HW5, "default subvolume" },
	{ 0x94, 23, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_HC2, "snapshot" },
	{ 0x94, 38, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_HC2, "send" },
	{ 0x94, 53, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_RD2, "replace device" },
	{ 0x94, 58, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_RD2, "remove device" },
	{ 0x94, 63, BTRFS_SUPER_MAGIC, HOLDFAST_CHECK_HW5, "remove subvolume" },
};

static int check_request(const struct file *file, unsigned int command)
{
	unsigned int i;

	if (_IOC_TYPE(command) != 'X' && _IOC_TYPE(command) != 0x94)
		return 0;
	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (_IOC_TYPE(command) == requests[i].type &&
		    _IOC_NR(command) == requests[i].number &&
		    file_inode(file)->i_sb->s_magic == requests[i].magic)
			return holdfast_check(&(struct holdfast_reach){
				.check = requests[i].check,
				.path = &file->f_path,
				.name = requests[i].name,
			});
	return 0;
}

#define DEFINE_IOCTL_POLICY(which)					\
	asmlinkage int holdfast_policy_##which(struct file *file,	\
					       unsigned int command,	\
					       unsigned long argument);	\
	int holdfast_policy_##which(struct file *file,			\
				    unsigned int command,		\
				    unsigned long argument)		\
	{								\
		holdfast_hit(which);					\
		return check_request(file, command);			\
	}

DEFINE_IOCTL_POLICY(security_file_ioctl)
DEFINE_IOCTL_POLICY(security_file_ioctl_compat)
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_file_ioctl,
			       holdfast_policy_security_file_ioctl);

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(security_file_ioctl, HOLDFAST_CHECK_FH1,
			    HOLDFAST_CHECK_HC2, HOLDFAST_CHECK_HW5,
			    HOLDFAST_CHECK_RD2),
	/* Since 6.1.75; before, the other one is asked for 32-bit programs, too. */
	HOLDFAST_HOOK(security_file_ioctl_compat, false),
};

const struct holdfast_table holdfast_ioctl_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
