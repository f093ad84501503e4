// SPDX-License-Identifier: GPL-2.0-only
/* Who may touch Holdfast itself. */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "attach.h"
#include "container.h"
#include "guard.h"
#include "member.h"
#include "netlink.h"
#include "policy.h"

static bool locked;

bool holdfast_guard_may_speak(struct sk_buff *skb)
{
	return sock_net(skb->sk) == &init_net &&
	       netlink_capable(skb, CAP_MAC_ADMIN) &&
	       !(holdfast_attached() && holdfast_is_member(current));
}

/*
 * Who is in a container but has not left the runtime's memory and descriptors
 * behind is not to be attached to. The record counts before the cgroup: that of a
 * thread that is being made is the root still. A process that is being made, and
 * whose parent is no member, may be a runtime's: with CLONE_PARENT whoever started
 * the runtime is its parent.
 */
bool holdfast_guard_may_attach(struct task_struct *task)
{
	struct holdfast_member *member;
	bool begun, may;

	if (!holdfast_is_member(current))
		return true;
	if (task->tgid == holdfast_netlink_controller())
		return false;
	rcu_read_lock();
	member = holdfast_member_find_made(task, &begun);
	if (member)
		may = !holdfast_member_test(member,
					    HOLDFAST_MEMBER_F_PROVISIONAL);
	else
		may = begun && !holdfast_in_container(task);
	rcu_read_unlock();
	return may;
}

bool holdfast_guard_may_audit(const struct sk_buff *skb)
{
	return !strnstr(skb->data, "op=holdfast:", skb->len) ||
	       !holdfast_is_member(current);
}

bool holdfast_guard_locked(void)
{
	return READ_ONCE(locked);
}

void holdfast_guard_lock(void)
{
	/* The reference is what makes unloading fail, until reboot. */
	if (!xchg(&locked, true))
		__module_get(THIS_MODULE);
}

/* Once for each two sets: they may be large, and those who refer to them many. */
static bool programs_subset(struct holdfast_digest_set *set,
			    const struct holdfast_digest_set *old)
{
	if (!set || set == old)
		return true;
	if (!old)
		return false;
	if (set->compared != old->serial) {
		set->within = holdfast_digests_subset(&set->digests,
						      &old->digests);
		set->compared = old->serial;
	}
	return set->within;
}

static bool checks_subset(const u8 *set, const u8 *of)
{
	unsigned int i;

	for (i = 0; i < HOLDFAST_CHECK_SET_BYTES; i++)
		if (set[i] & ~of[i])
			return false;
	return true;
}

/* Does @rule refuse or report all that @old did? */
static bool as_strict(const struct holdfast_rule *rule,
		      const struct holdfast_rule *old)
{
	return rule->type == old->type && rule->action >= old->action &&
	       rule->on_running >= old->on_running &&
	       checks_subset(old->checks, rule->checks) &&
	       holdfast_prefixes_subset(&rule->directories, &old->directories) &&
	       programs_subset(rule->programs, old->programs);
}

static bool profile_as_strict(const struct holdfast_profile *profile,
			      const struct holdfast_profile *old)
{
	u32 i, j;

	for (i = 0; i < old->nr; i++) {
		for (j = 0; j < profile->nr; j++)
			if (as_strict(&profile->rules[j], &old->rules[i]))
				break;
		if (j == profile->nr)
			return false;
	}
	return true;
}

/* Is what was recognised as a container still? */
static bool patterns_subset(const struct holdfast_policy *old,
			    const struct holdfast_policy *policy)
{
	u32 i, j;

	for (i = 0; i < old->nr_patterns; i++) {
		for (j = 0; j < policy->nr_patterns; j++)
			if (!memcmp(&policy->patterns[j], &old->patterns[i],
				    sizeof(old->patterns[i])))
				break;
		if (j == policy->nr_patterns)
			return false;
	}
	return true;
}

static bool runtime_programs_subset(const struct holdfast_policy *policy,
				    const struct holdfast_policy *old)
{
	u32 i, j;

	for (i = 0; i < policy->nr_runtime_programs; i++) {
		for (j = 0; j < old->nr_runtime_programs; j++)
			if (!strcmp(policy->runtime_programs[i],
				    old->runtime_programs[j]))
				break;
		if (j == old->nr_runtime_programs)
			return false;
	}
	return true;
}

struct replacement {
	const struct holdfast_policy *old;
	const struct holdfast_policy *policy;
};

static int check_container(struct holdfast_container *container, void *data)
{
	struct replacement *both = data;

	return !profile_as_strict(holdfast_policy_of(both->policy, container),
				  holdfast_policy_of(both->old, container));
}

bool holdfast_guard_may_replace(const struct holdfast_policy *old,
				const struct holdfast_policy *policy)
{
	struct replacement both = { old, policy };
	unsigned long at[2] = {};

	if (!holdfast_guard_locked())
		return true;
	return patterns_subset(old, policy) &&
	       runtime_programs_subset(policy, old) &&
	       profile_as_strict(holdfast_policy_profile(policy,
							 policy->default_profile),
				 holdfast_policy_profile(old,
							 old->default_profile)) &&
	       !holdfast_container_walk(at, check_container, &both);
}

bool holdfast_guard_may_bind(const struct holdfast_policy *policy,
			     struct holdfast_container *container,
			     const struct holdfast_profile *profile)
{
	return !holdfast_guard_locked() ||
	       profile_as_strict(profile, holdfast_policy_of(policy, container));
}
