/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CONTAINER_H
#define HOLDFAST_CONTAINER_H

#include <linux/bits.h>
#include <linux/cgroup.h>
#include <linux/math64.h>
#include <linux/param.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/types.h>

#include <uapi/linux/holdfast.h>

struct holdfast_home;
struct path;

/**
 * struct holdfast_container - a cgroup that somebody has classified
 * @node: in the table by cgroup id; written under its lock, read under RCU
 * @refs: the table's one and those of members, roots and callers
 * @cgroup_id: never used again by another cgroup
 * @binding: generation in the upper, profile in the lower half: which profile
 *	the controller chose. Of use while that generation is in force.
 * @flags: HOLDFAST_CONTAINER_F_*, as bits for set_bit()
 * @members: how many
 * @root_dev: of the root that it was armed with, 0 for not yet
 * @root_magic: likewise
 * @upcall_by: which of its processes may have told the kernel last what to
 *	start on the host; in the initial pid namespace, 0 for none
 * @overflow: events that were only counted; under the lock of event.c
 * @lock: for @name, @home and @setup_root
 * @home: of its first member, and of all who come later: what they find as
 *	their root a member may have made. A reference, while it has members;
 *	else NULL.
 * @name: what the runtime calls it, for people
 * @setup_root: the root to be, as who sets it up sees it; NULL while not known
 * @binding_task: who sets it up, and is about to bind something; only compared
 * @bind_target: where, only compared; of @binding_task, as is @bind_outside
 * @bind_outside: that is not in the root to be
 * @detached: its runtime has seen to it that no mount of its propagates to the
 *	host; without a lock, as only who sets it up changes it
 * @spread: a member has made another mount namespace, where somebody may enter;
 *	never taken back
 * @rcu: for the table's readers
 */
struct holdfast_container {
	struct hlist_node node;
	refcount_t refs;
	u64 cgroup_id;
	atomic64_t binding;
	unsigned long flags;
	atomic_t members;
	u64 root_dev;
	u32 root_magic;
	u32 upcall_by;
	u64 overflow;
	spinlock_t lock; /* protects name, home and setup_root */
	struct holdfast_home *home;
	char *setup_root;
	const struct task_struct *binding_task;
	const struct dentry *bind_target;
	bool bind_outside;
	bool detached;
	bool spread;
	char name[HOLDFAST_NAME_MAX + 1];
	struct rcu_head rcu;
};

/**
 * struct holdfast_place - where in the cgroup hierarchy a task is
 * @container: a reference to the container's record, or NULL
 * @cgroup_id: of the cgroup that is or may be a container, 0 for the root
 * @pattern: there is no record, but its name fits a pattern
 * @none: the controller has said that this cgroup is no container
 * @by_process: @cgroup_id has HOLDFAST_ID_OF_PROCESS
 * @owner: then, who made the outermost user namespace; in the initial one
 */
struct holdfast_place {
	struct holdfast_container *container;
	u64 cgroup_id;
	bool pattern;
	bool none;
	bool by_process;
	uid_t owner;
};

/* Of HOLDFAST_ID_OF_PROCESS. */
static inline pid_t holdfast_pid_of_id(u64 id)
{
	return id & (BIT(HOLDFAST_ID_PID_BITS) - 1);
}

/* Nanoseconds of boot time as /proc shows them. */
static inline u64 holdfast_ticks(u64 ns)
{
	return div_u64(ns, NSEC_PER_SEC / USER_HZ);
}

void holdfast_container_exit(void);

/*
 * The outermost cgroup around @task that is a container: what a member names
 * a cgroup further in has no effect. If there is none, and somebody without
 * privilege made the user namespace that @task is in: the outermost pid namespace
 * around @task whose first process is a container's. With @path, the path of the
 * cgroup is written to it, at most @size bytes. RCU is held or the task is current.
 */
void holdfast_place_find(struct task_struct *task, struct holdfast_place *place,
			 char *path, size_t size);

/* Is container->spread set where it has to be? In hook_namespace.c. */
bool holdfast_notices_spread(void);

/*
 * Is there the process that HOLDFAST_ID_OF_PROCESS names, the first of its pid
 * namespace, and did @owner make the outermost user namespace that it is in?
 */
bool holdfast_is_process_of(u64 cgroup_id, uid_t owner);

/*
 * Is @task, found there by the first process of its pid namespace, in a mount
 * namespace that is not of that one's container? It is another container's then, in
 * a pod whose containers share processes. May sleep.
 */
bool holdfast_place_is_apart(const struct holdfast_place *place,
			     struct task_struct *task);

/* Is @task in the cgroup of some container? Any context, cheap. */
bool holdfast_in_container(struct task_struct *task);

/* A reference to the record, made if there is none; ERR_PTR. May sleep. */
struct holdfast_container *holdfast_container_get(u64 cgroup_id);
struct holdfast_container *holdfast_container_find(u64 cgroup_id);
void holdfast_container_hold(struct holdfast_container *container);
void holdfast_container_put(struct holdfast_container *container);

/* -ENOENT, or -EBUSY while it has members. */
int holdfast_container_del(u64 cgroup_id);

void holdfast_container_set_name(struct holdfast_container *container,
				 const char *name);
/* @name: HOLDFAST_NAME_MAX + 1 bytes */
void holdfast_container_name(struct holdfast_container *container, char *name);

/*
 * @path, as current finds it, who sets the container up, becomes its root, unless
 * it is below one that has. May sleep.
 */
void holdfast_container_set_setup_root(struct holdfast_container *container,
				       const struct path *path);
/* Is @path, likewise, that root or below it? @otherwise if it is not known. */
bool holdfast_container_sets_up(struct holdfast_container *container,
				const struct path *path, bool otherwise);

/*
 * A reference to the container's home. If it has none, @found becomes it, what
 * a member about to be added has; which may be NULL.
 */
struct holdfast_home *
holdfast_container_home(struct holdfast_container *container,
			struct holdfast_home *found);
/* A member is gone: the last one takes the home along. Any context. */
void holdfast_container_leave(struct holdfast_container *container);

void holdfast_container_bind(struct holdfast_container *container,
			     u32 generation, u32 profile_id);

static inline bool holdfast_container_test(struct holdfast_container *container,
					   unsigned long flag)
{
	return READ_ONCE(container->flags) & flag;
}

/* True if it was not set before. Orders as a full barrier, as clearing does. */
bool holdfast_container_set(struct holdfast_container *container,
			    unsigned long flag);
void holdfast_container_clear(struct holdfast_container *container,
			      unsigned long flag);

/* Its first program was judged: it is not in its set-up any more. */
void holdfast_container_arm(struct holdfast_container *container);

unsigned int holdfast_container_count(void);

/*
 * Calls @visit for each record from position @at on, first {0, 0}, until it
 * returns not 0, which is returned; the position to go on from is left in @at.
 * One that is there all the time is not left out, whatever comes and goes; it
 * is visited again if the last one visited is gone when the walk goes on.
 * Under RCU.
 */
int holdfast_container_walk(unsigned long at[2],
			    int (*visit)(struct holdfast_container *container,
					 void *data),
			    void *data);

#endif
