/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_SETUP_H
#define HOLDFAST_SETUP_H

struct path;

/*
 * What current, no member, mounts on @path, or moves from @from to @to, if it
 * sets a container up: as holdfast_check(). Between holdfast_enter() and
 * holdfast_leave().
 */
int holdfast_setup_mount(const struct path *path, unsigned long flags);
/* The kernel has found @path, which is to be shown again. */
int holdfast_setup_bind(const struct path *path);
int holdfast_setup_move(const struct path *from, const struct path *to);

#endif
