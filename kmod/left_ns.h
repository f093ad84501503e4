/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_LEFT_NS_H
#define HOLDFAST_LEFT_NS_H

#include <linux/types.h>

struct holdfast_container;
struct ns_common;
struct task_struct;

/*
 * @task, a member of @container, is about to leave the namespaces that it is in.
 * Not for one that another of the container stays in by all appearances. Any
 * context, but the caller is @task.
 */
void holdfast_left_ns_add(struct task_struct *task,
			  const struct holdfast_container *container);

/* Nobody's of a container from now on: a member has come to it from outside. */
void holdfast_left_ns_refuse(const struct ns_common *ns);

/* Has a member of @container been in @ns by right? Any context. */
bool holdfast_left_ns_has(const struct ns_common *ns,
			  const struct holdfast_container *container);

/* Its number is free for another one. Any context. */
void holdfast_left_ns_forget(unsigned int inum);

/* After the hooks are detached. */
void holdfast_left_ns_exit(void);

#endif
