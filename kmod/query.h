/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_QUERY_H
#define HOLDFAST_QUERY_H

#include <linux/types.h>

#include <uapi/linux/holdfast.h>

struct sk_buff;

/**
 * struct holdfast_question - what the controller is told
 * @cgroup_id: see the attributes HOLDFAST_A_QUERY_* of these names
 * @flags: HOLDFAST_QUERY_F_*
 * @dev: of the program
 * @ino: of the program
 * @root_dev: of the task's root directory
 * @path: the program as the task names it
 * @cgroup_path: of the cgroup
 * @owner: with HOLDFAST_QUERY_F_PROCESS
 */
struct holdfast_question {
	u64 cgroup_id;
	u32 flags;
	u64 dev;
	u64 ino;
	u64 root_dev;
	const char *path;
	const char *cgroup_path;
	u32 owner;
};

/*
 * Holds current until the controller has answered. 0 and *@answer; -ENOTCONN:
 * there is none, or it is silent; -EBUSY: too many wait; -ETIMEDOUT; -EINTR:
 * current is being killed. After CONTAINER the container's record is bound.
 */
int holdfast_query_ask(const struct holdfast_question *question,
		       enum holdfast_answer *answer);

/* Answers a pending query; -ENOENT if it is none any more. */
int holdfast_query_answer(u64 id, enum holdfast_answer answer);
/* The cgroup that query @id is about, 0 for none. */
u64 holdfast_query_cgroup(u64 id);

/* The controller has come (again), or is gone: nobody waits for it. */
void holdfast_query_start(void);
void holdfast_query_stop(void);
bool holdfast_query_silent(void);
unsigned int holdfast_query_pending(void);

/* In message.c. */
int holdfast_put_query(struct sk_buff *skb, u64 id, u32 timeout_ms,
		       const struct holdfast_question *question);

#endif
