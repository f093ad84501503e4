// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.3 hooks of extended attributes take the mapping of a mount's ids. */
#include <linux/security.h>

int probe(struct mnt_idmap *idmap, struct dentry *dentry, const char *name);
int probe(struct mnt_idmap *idmap, struct dentry *dentry, const char *name)
{
	return security_inode_removexattr(idmap, dentry, name);
}
