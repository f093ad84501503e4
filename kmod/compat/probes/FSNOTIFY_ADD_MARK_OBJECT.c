// SPDX-License-Identifier: GPL-2.0-only
/* 6.10: fsnotify_add_mark() takes the object, not its list of marks. */
#include <linux/fsnotify_backend.h>

int probe(struct fsnotify_mark *mark, struct super_block *sb);
int probe(struct fsnotify_mark *mark, struct super_block *sb)
{
	return fsnotify_add_mark(mark, sb, FSNOTIFY_OBJ_TYPE_SB, 0);
}
