// SPDX-License-Identifier: GPL-2.0-only
/*
 * What exploits of the kernel leave behind: a member that has what nothing gave
 * it. Each item compares what current has with the most that it may have.
 */
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/user_namespace.h>

#include "ceiling.h"
#include "check.h"
#include "integrity.h"
#include "member.h"

static u8 noticed[HOLDFAST_CHECK_SET_BYTES];

static bool is_within(const struct user_namespace *inner,
		      const struct user_namespace *outer)
{
	while (inner->level > outer->level)
		inner = inner->parent;
	return inner == outer;
}

/* Only copies of these are ever given to others. */
static bool is_of_kernel(const struct cred *cred)
{
	bool is;

	rcu_read_lock();
	is = cred == __task_cred(&init_task) ||
	     cred == __task_cred(init_pid_ns.child_reaper);
	rcu_read_unlock();
	return is;
}

static bool has_gained(const struct holdfast_ceiling *may,
		       const struct holdfast_ceiling *has)
{
	const struct cred *cred = current_real_cred();
	bool same = has->user_ns == may->user_ns;

	if (is_of_kernel(cred))
		return true;
	/* Whoever rules it may give a namespace further in that user. */
	if (holdfast_has_root(cred) && !may->root &&
	    (same || !holdfast_maps_root(has->user_ns)))
		return true;
	if (same)
		return !cap_issubset(has->permitted, may->permitted) ||
		       !cap_issubset(has->bounding, may->bounding);
	/* In one further in it has all, and nothing by it. */
	return !is_within(has->user_ns, may->user_ns) &&
	       !cap_isclear(has->permitted);
}

static bool has_left_user_ns(const struct holdfast_ceiling *may,
			     const struct holdfast_ceiling *has)
{
	return !is_within(has->user_ns, may->user_ns);
}

static bool is_outside(const struct holdfast_ceiling *may,
		       const struct holdfast_ceiling *has, u64 where)
{
	return has->outside & ~may->outside & where;
}

static bool has_entered(const struct holdfast_ceiling *may,
			const struct holdfast_ceiling *has)
{
	return is_outside(may, has, HOLDFAST_NAMESPACES);
}

static bool is_unfiltered(const struct holdfast_ceiling *may,
			  const struct holdfast_ceiling *has)
{
	return has->seccomp < may->seccomp || has->filters < may->filters ||
	       has->no_new_privs < may->no_new_privs;
}

static bool has_changed_root(const struct holdfast_ceiling *may,
			     const struct holdfast_ceiling *has)
{
	return is_outside(may, has, CLONE_FS);
}

static bool has_left_cgroup(const struct holdfast_ceiling *may,
			    const struct holdfast_ceiling *has)
{
	return is_outside(may, has, CLONE_INTO_CGROUP);
}

static bool is_in_all(const struct holdfast_ceiling *may,
		      const struct holdfast_ceiling *has)
{
	return has_entered(may, has) &&
	       !(~has->outside & HOLDFAST_NAMESPACES);
}

static const struct {
	u32 check;
	bool (*is_broken)(const struct holdfast_ceiling *may,
			  const struct holdfast_ceiling *has);
} items[] = {
	{ HOLDFAST_CHECK_PI1, has_gained },
	{ HOLDFAST_CHECK_PI2, has_left_user_ns },
	{ HOLDFAST_CHECK_PI3, has_entered },
	{ HOLDFAST_CHECK_PI4, is_unfiltered },
	{ HOLDFAST_CHECK_PI5, has_changed_root },
	{ HOLDFAST_CHECK_PI6, has_left_cgroup },
	{ HOLDFAST_CHECK_PI9, is_in_all },
};

/* Which items are broken, as bits. */
static u32 compare(struct holdfast_member *member,
		   const struct holdfast_ceiling *has)
{
	struct holdfast_ceiling *may = &member->ceiling;
	unsigned long flags;
	unsigned int i;
	u32 broken = 0;

	raw_spin_lock_irqsave(&member->lock, flags);
	for (i = 0; may->user_ns && i < ARRAY_SIZE(items); i++)
		if (items[i].is_broken(may, has))
			broken |= BIT(i);
	/* Others may have what this thread has not; and get it meanwhile. */
	if (may->user_ns && !broken && thread_group_empty(current))
		holdfast_ceiling_follow(may, has);
	raw_spin_unlock_irqrestore(&member->lock, flags);
	return broken;
}

int holdfast_integrity_verify(struct holdfast_member *member)
{
	struct holdfast_ceiling has;
	unsigned int i;
	u32 broken;
	int err = 0;

	might_sleep();
	if ((current->flags & PF_EXITING) ||
	    holdfast_member_test(member, HOLDFAST_MEMBER_F_PROVISIONAL))
		return 0;
	holdfast_ceiling_read(&has, member);
	broken = compare(member, &has);
	for (i = 0; broken >> i; i++) {
		const struct holdfast_reach reach = { .check = items[i].check };

		if ((broken & BIT(i)) &&
		    holdfast_check_set_has(noticed, items[i].check))
			err = holdfast_check_for(member->container, &reach) ?: err;
	}
	/* It may have privileges by now that no refusal takes back. */
	if (err)
		send_sig(SIGKILL, current, 1);
	return err;
}

void holdfast_integrity_init(void)
{
	holdfast_checks_noticed(noticed);
}
