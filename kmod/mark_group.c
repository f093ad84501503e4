// SPDX-License-Identifier: GPL-2.0-only
/* The end of marks of the kernel's file notification. */
#include <linux/delay.h>
#include <linux/fsnotify_backend.h>

#include "mark_group.h"

void holdfast_mark_group_exit(struct fsnotify_group *group)
{
	fsnotify_wait_marks_destroyed();
	/* Each mark holds the group until its free_mark() has returned. */
	while (refcount_read(&group->refcnt) > 1) {
		msleep(20);
		fsnotify_wait_marks_destroyed();
	}
	fsnotify_put_group(group);
}
