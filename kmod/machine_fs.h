/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_MACHINE_FS_H
#define HOLDFAST_MACHINE_FS_H

#include <linux/fs.h>
#include <linux/magic.h>

#define HOLDFAST_CONFIGFS_MAGIC 0x62656570 /* fs/configfs/mount.c */

/*
 * Is all in the file system the machine's: policies of security modules, variables
 * of the firmware, what configures the kernel? There is one each. Not SELinux's and
 * Smack's, in which whoever asks a question writes.
 */
static inline bool holdfast_is_machine_fs(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case SECURITYFS_MAGIC:
	case HOLDFAST_CONFIGFS_MAGIC:
	case EFIVARFS_MAGIC:
	case PSTOREFS_MAGIC:
	case RDTGROUP_SUPER_MAGIC:
		return true;
	}
	return false;
}

#endif
