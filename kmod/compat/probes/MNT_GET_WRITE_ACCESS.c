// SPDX-License-Identifier: GPL-2.0-only
/* 6.7: another name. */
#include <linux/mount.h>

int probe(struct vfsmount *mnt);
int probe(struct vfsmount *mnt)
{
	return mnt_get_write_access(mnt);
}
