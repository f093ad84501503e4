/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_WATCH_H
#define HOLDFAST_WATCH_H

#include <linux/types.h>

struct cred;
struct inode;
struct super_block;

int holdfast_watch_init(void);
/* When nothing is watched any more. */
void holdfast_watch_exit(void);

/* Once hooks are attached: what has been mounted before. */
void holdfast_watch_mounted(void);

/* If @sb, which the caller holds, is a binfmt_misc, its files. Sleeps. */
void holdfast_watch_binfmt(struct super_block *sb);

/* Were they, which the caller holds, a member's as it opened binfmt_misc to write? */
bool holdfast_watch_registered(const struct cred *cred);

/* The program of a runtime; the caller holds @inode. Sleeps. */
void holdfast_watch_runtime(struct inode *inode);

#endif
