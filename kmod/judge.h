/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_JUDGE_H
#define HOLDFAST_JUDGE_H

#include <linux/path.h>

#include <uapi/linux/holdfast.h>

struct holdfast_container;
struct holdfast_event;
struct holdfast_home;
struct holdfast_member;
struct holdfast_root;
struct holdfast_rule_ids;
struct task_struct;

/**
 * struct holdfast_case - what is to be judged
 * @kind: enum holdfast_event_kind
 * @task: who uses it, held by the caller or current
 * @path: the file, kept open by the caller
 * @container: whose rules apply
 * @member: who is to be kept from seeing the file change, NULL if nobody can be
 * @root: what is of the image
 * @home: what allowed directories are relative to, NULL for nothing: then no
 *	directory exempts
 * @may_read: the file, and its attributes, may be read
 * @brief: nothing is said of what can only be told by reading the file
 * @written: pages of a private mapping of it were written to
 * @fresh: only these rules count, which came into force while it ran; NULL: all
 */
struct holdfast_case {
	u32 kind;
	struct task_struct *task;
	const struct path *path;
	struct holdfast_container *container;
	struct holdfast_member *member;
	struct holdfast_root *root;
	struct holdfast_home *home;
	bool may_read;
	bool brief;
	bool written;
	const struct holdfast_rule_ids *fresh;
};

/*
 * What the rules of type non-image-program say of a file that is not the
 * image's: the event with their verdict, to be sent and freed; NULL for nothing,
 * or an ERR_PTR. Sleeps.
 */
struct holdfast_event *holdfast_verdict(const struct holdfast_case *c);

/*
 * Whether a program or library that is not the image's may be used, by the
 * rules of type non-image-program. 0 or -EPERM; reports what is to be reported.
 * Sleeps.
 */
int holdfast_judge(const struct holdfast_case *c);

/* As holdfast_judge(), of a file that current, @member, is about to execute. */
int holdfast_judge_exec(struct holdfast_member *member, u32 kind,
			const struct path *path);

/* The second line: current opens the file at @path to execute it. */
int holdfast_judge_open_exec(const struct path *path);

#endif
