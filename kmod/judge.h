/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_JUDGE_H
#define HOLDFAST_JUDGE_H

#include <linux/path.h>

#include <uapi/linux/holdfast.h>

struct holdfast_container;
struct holdfast_root;

/**
 * struct holdfast_case - what is to be judged
 * @kind: enum holdfast_event_kind
 * @path: the file, kept open by the caller
 * @container: whose rules apply
 * @root: what is of the image
 * @root_dentry: root directory that allowed directories are relative to, NULL
 *	for none: then no directory exempts
 * @mnt_ns: mount namespace in which they are, likewise
 * @may_read: the file's attributes may be read
 * @verdict: out: enum holdfast_verdict
 */
struct holdfast_case {
	u32 kind;
	const struct path *path;
	struct holdfast_container *container;
	struct holdfast_root *root;
	const struct dentry *root_dentry;
	const struct mnt_namespace *mnt_ns;
	bool may_read;
	u32 verdict;
};

/*
 * Whether a program or library that is not the image's may be used, by the
 * rules of type non-image-program. 0 or -EPERM; reports what is to be reported.
 * Sleeps.
 */
int holdfast_judge(struct holdfast_case *c);

/* The second line: current opens the file at @path to execute it. */
int holdfast_judge_open_exec(const struct path *path);

#endif
