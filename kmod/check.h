/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CHECK_H
#define HOLDFAST_CHECK_H

#include <linux/cred.h>
#include <linux/types.h>

#include <uapi/linux/holdfast.h>

struct cgroup;
struct holdfast_member;
struct inode;
struct path;
struct task_struct;

/**
 * struct holdfast_reach - what a member reaches for; all but @check may be NULL
 * @check: enum holdfast_check, or negative for none
 * @path: the object, if it has a name
 * @dentry: the object, if it is not known through which mount
 * @inode: the object, if it has no name that counts
 * @name: what else to call it, for people
 * @target: the object, if it is a process
 * @pid: likewise, if it may be gone; 0 for none
 * @atomic: the caller must not sleep
 */
struct holdfast_reach {
	int check;
	const struct path *path;
	const struct dentry *dentry;
	const struct inode *inode;
	const char *name;
	const struct task_struct *target;
	u32 pid;
	bool atomic;
};

/*
 * What the rules of current's container say: 0, or -EPERM. Reports it. 0 if
 * current is no member. Whoever may sleep is looked at himself first, also
 * without an item, see integrity.h. Unloading waits for it: who does nothing else
 * that may sleep needs no holdfast_enter().
 */
int holdfast_check(const struct holdfast_reach *reach);

/*
 * A reference to the container that current, no member, sets up, being in its
 * cgroup; or NULL. May sleep.
 */
struct holdfast_container *holdfast_set_up(void);

/* As holdfast_check(), and also if current sets a container up. */
int holdfast_check_setup(const struct holdfast_reach *reach);

/* What the rules of @container say, whoever current is. */
int holdfast_check_for(struct holdfast_container *container,
		       const struct holdfast_reach *reach);

/*
 * Is @task, which is held or under RCU, of the container that current is a
 * member of? So is the runtime's set-up in its cgroup. Any context.
 */
bool holdfast_is_own(struct task_struct *task);

/*
 * Is current a member, and @task neither of its container nor seen in its pid
 * namespace, unless that is the host's? Those who share such a one are of one
 * pod. Any context.
 */
bool holdfast_is_other(struct task_struct *task);

/*
 * How many cgroups lie between that of the container that current is a member
 * of and @cgroup: 0 if that is it, -1 if @cgroup is not within. Any context.
 */
int holdfast_own_cgroup_level(struct cgroup *cgroup);

/* Has current got @capability on the host? Asks no security module. */
static inline bool holdfast_holds(int capability)
{
	const struct cred *cred = current_cred();

	return cred->user_ns == &init_user_ns &&
	       cap_raised(cred->cap_effective, capability);
}

/* The items all of whose hooks are there. @set: %HOLDFAST_CHECK_SET_BYTES. */
void holdfast_checks_noticed(u8 *set);

static inline void holdfast_check_set_add(u8 *set, u32 check)
{
	set[check / 8] |= 1 << check % 8;
}

static inline bool holdfast_check_set_has(const u8 *set, u32 check)
{
	return set[check / 8] >> check % 8 & 1;
}

#endif
