/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_STORAGE_WATCH_H
#define HOLDFAST_STORAGE_WATCH_H

struct vfsmount;

/*
 * Current, a member, is about to write by @mnt: from now on, and until nobody has
 * for a minute, opens on its file system are watched, if storage can be reached
 * by it. A negative errno if that fails. May sleep.
 */
int holdfast_storage_watch(struct vfsmount *mnt);

int holdfast_storage_watch_init(void);
/* After the hooks are detached. */
void holdfast_storage_watch_exit(void);

#endif
