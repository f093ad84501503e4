/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_WRITE_WATCH_H
#define HOLDFAST_WRITE_WATCH_H

struct vfsmount;

/*
 * Current, a member, is about to write by @mnt: from now on, and until nobody has
 * for a minute, opens on its file system are watched, if containers' storage can be
 * reached by it, or all there is the machine's. A negative errno if that fails. May sleep.
 */
int holdfast_write_watch(struct vfsmount *mnt);

int holdfast_write_watch_init(void);
/* After the hooks are detached. */
void holdfast_write_watch_exit(void);

#endif
