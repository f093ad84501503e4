/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_HELD_H
#define HOLDFAST_HELD_H

#include <linux/types.h>

struct holdfast_content;
struct holdfast_held;
struct holdfast_member;

/*
 * What @member was let use for its bytes, which must not change before its
 * memory has gone: @content is to be released then, or now if this fails.
 * With @exec it is of the exec in progress. 0 or -ENOMEM. May sleep.
 */
int holdfast_held_add(struct holdfast_member *member, bool exec,
		      struct holdfast_content *content);

/*
 * What is held for the memory of @member goes on being held as long as for that
 * of a child which shares it. Before the fork, 0 or -ENOMEM; may sleep.
 */
int holdfast_held_prepare(struct holdfast_member *member);
/* After the fork, to the child's record. */
void holdfast_held_share(struct holdfast_member *parent,
			 struct holdfast_member *child);

/* An exec begins, and what the one before it was let use is of no use. */
void holdfast_held_begin(struct holdfast_member *member);
/* It has happened, and the old memory is gone. */
void holdfast_held_commit(struct holdfast_member *member);
/* The process has ended, or never was one. */
void holdfast_held_drop(struct holdfast_member *member);

#endif
