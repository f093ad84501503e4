/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_JUDGE_H
#define HOLDFAST_JUDGE_H

#include <linux/path.h>

#include <uapi/linux/holdfast.h>

struct holdfast_container;
struct holdfast_home;
struct holdfast_member;
struct holdfast_root;

/**
 * struct holdfast_case - what is to be judged
 * @kind: enum holdfast_event_kind
 * @path: the file, kept open by the caller
 * @container: whose rules apply
 * @root: what is of the image
 * @home: what allowed directories are relative to, NULL for nothing: then no
 *	directory exempts
 * @may_read: the file's attributes may be read
 */
struct holdfast_case {
	u32 kind;
	const struct path *path;
	struct holdfast_container *container;
	struct holdfast_root *root;
	const struct holdfast_home *home;
	bool may_read;
};

/*
 * Whether a program or library that is not the image's may be used, by the
 * rules of type non-image-program. 0 or -EPERM; reports what is to be reported.
 * Sleeps.
 */
int holdfast_judge(const struct holdfast_case *c);

/* Likewise, of a file that @member uses in its own container. */
int holdfast_judge_member(const struct holdfast_member *member, u32 kind,
			  const struct path *path, bool may_read);

/* The second line: current opens the file at @path to execute it. */
int holdfast_judge_open_exec(const struct path *path);

#endif
