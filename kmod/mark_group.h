/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_MARK_GROUP_H
#define HOLDFAST_MARK_GROUP_H

struct fsnotify_group;

/*
 * Gives up @group, all of whose marks are destroyed, once no code of it can run any
 * more: another group's listener may hold an event, and our marks with it. Sleeps.
 */
void holdfast_mark_group_exit(struct fsnotify_group *group);

#endif
