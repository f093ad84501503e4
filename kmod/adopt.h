/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_ADOPT_H
#define HOLDFAST_ADOPT_H

#include <linux/types.h>

int holdfast_adopt_init(void);
/* After the hooks are detached. */
void holdfast_adopt_exit(void);

/*
 * In the background, what runs in all containers that are known, or whose cgroup's
 * name fits a pattern. Any context.
 */
void holdfast_adopt_all(void);

/*
 * One process; -ENOENT without a record of the container, -ESRCH, -EEXIST if it is
 * a member, -EAGAIN if it runs the runtime's program still, -EXDEV at the host's
 * root. May sleep.
 */
int holdfast_adopt_process(u32 tgid, u64 start_time, u64 cgroup_id);

#endif
