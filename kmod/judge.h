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
 * @root: what is of the image
 * @home: what allowed directories are relative to, NULL for nothing: then no
 *	directory exempts
 * @may_read: the file's attributes may be read
 */
struct holdfast_case {
	u32 kind;
	struct task_struct *task;
	const struct path *path;
	struct holdfast_container *container;
	struct holdfast_root *root;
	const struct holdfast_home *home;
	bool may_read;
};

/*
 * What the rules of type non-image-program say of a file that is not the
 * image's: the event with their verdict, to be sent and freed; NULL for nothing,
 * or an ERR_PTR. With @fresh, only these rules, of what runs already. Sleeps.
 */
struct holdfast_event *holdfast_verdict(const struct holdfast_case *c,
					const struct holdfast_rule_ids *fresh);

/*
 * Whether a program or library that is not the image's may be used, by the
 * rules of type non-image-program. 0 or -EPERM; reports what is to be reported.
 * Sleeps.
 */
int holdfast_judge(const struct holdfast_case *c);

/* As holdfast_judge(), of a file that current, @member, is about to use. */
int holdfast_judge_member(const struct holdfast_member *member, u32 kind,
			  const struct path *path, bool may_read);

/* The second line: current opens the file at @path to execute it. */
int holdfast_judge_open_exec(const struct path *path);

#endif
