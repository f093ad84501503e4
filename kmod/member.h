/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_MEMBER_H
#define HOLDFAST_MEMBER_H

#include <linux/fs_struct.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include <uapi/linux/holdfast.h>

#include "ceiling.h"

struct holdfast_container;
struct holdfast_held;
struct holdfast_home;
struct holdfast_rule_ids;
struct path;

/**
 * struct holdfast_member - a process (thread group) of a container
 * @node: in the table by @signal; written under its stripe's lock, read under
 *	RCU. Unlinked when the last thread exits, or with a provisional member.
 * @refs: the table's one and those of callers
 * @signal: which process; compared, and followed only while it is @node's
 * @container: a reference, immutable
 * @home: where its programs come from; a reference, immutable
 * @tgid: in the initial pid namespace
 * @start_time: nanoseconds of boot time
 * @flags: HOLDFAST_MEMBER_F_*, as bits for set_bit()
 * @lock: protects @reserved, @surveyed, @held, @next and @ceiling
 * @reserved: records of children to come, see holdfast_member_reserve()
 * @surveyed: the rules that what it runs was judged by: those in force as it
 *	came into being, or at its last survey; a reference, NULL for none
 * @locked: how often in a row its memory could not be surveyed; of the survey
 * @held: the files that its memory must not see changed; a reference, or NULL
 * @next: likewise, of the memory that the exec in progress makes
 * @ceiling: the most that it may have
 * @judged: the inode that the exec in progress was let run with, else NULL.
 *	Only compared; of the one task that holds cred_guard_mutex.
 * @interpreter: likewise, what it was let open as an interpreter
 * @rcu: for the table's readers
 */
struct holdfast_member {
	struct hlist_node node;
	refcount_t refs;
	struct signal_struct *signal;
	struct holdfast_container *container;
	struct holdfast_home *home;
	u32 tgid;
	u64 start_time;
	unsigned long flags;
	raw_spinlock_t lock;
	struct list_head reserved;
	struct holdfast_rule_ids *surveyed;
	unsigned int locked;
	struct holdfast_held *held;
	struct holdfast_held *next;
	struct holdfast_ceiling ceiling;
	const struct inode *judged;
	const struct inode *interpreter;
	struct rcu_head rcu;
};

int holdfast_member_init(void);
/* After the hooks are detached: drops all records. */
void holdfast_member_exit(void);

/* Under RCU: the record of the process, or NULL. What non-members pay for. */
struct holdfast_member *holdfast_member_find(struct signal_struct *signal);

/*
 * Under RCU: the record of @task, or of its parent if it is being made and has none
 * yet. Its cgroup is the root so long, although it can be found. @begun: it is made.
 */
struct holdfast_member *holdfast_member_find_made(struct task_struct *task,
						  bool *begun);

/* A reference to the record of @task, or NULL. */
struct holdfast_member *holdfast_member_get(struct task_struct *task);
void holdfast_member_put(struct holdfast_member *member);

static inline bool holdfast_is_member(struct task_struct *task)
{
	bool is;

	rcu_read_lock();
	is = holdfast_member_find(task->signal);
	rcu_read_unlock();
	return is;
}

/* Is the root directory that of the host, which is pid 1's? */
bool holdfast_is_host_root(const struct dentry *root);

static inline bool holdfast_at_host_root(void)
{
	return holdfast_is_host_root(READ_ONCE(current->fs->root.dentry));
}

/*
 * Makes the process of @task a member. @root_path is its root directory, which
 * the caller holds. A reference or an ERR_PTR; -EEXIST if it is one, -ESRCH if
 * it has exited. May sleep.
 */
struct holdfast_member *
holdfast_member_add(struct task_struct *task,
		    struct holdfast_container *container,
		    const struct path *root_path, unsigned long flags);

/* The exec of a provisional member, which is current, has happened. May sleep. */
void holdfast_member_confirm(struct holdfast_member *member);

/* A provisional member, whose exec has failed, is none. */
void holdfast_member_discard(struct holdfast_member *member);

static inline bool holdfast_member_test(struct holdfast_member *member,
					unsigned long flag)
{
	return READ_ONCE(member->flags) & flag;
}

/* The three steps of a fork, in their order; the first may sleep and fail. */
int holdfast_member_reserve(struct holdfast_member *parent,
			    unsigned long clone_flags);
void holdfast_member_link(struct task_struct *parent, struct task_struct *child);
void holdfast_member_exit_task(struct task_struct *task);

u64 holdfast_member_count(void);

/* As holdfast_container_walk(). */
int holdfast_member_walk(unsigned long at[2],
			 int (*visit)(struct holdfast_member *member,
				      void *data),
			 void *data);

#endif
