// SPDX-License-Identifier: GPL-2.0-only
/* What is written into netlink messages. */
#include <linux/module.h>
#include <net/netlink.h>

#include "attach.h"
#include "check.h"
#include "container.h"
#include "event.h"
#include "guard.h"
#include "member.h"
#include "message.h"
#include "netlink.h"
#include "overlay.h"
#include "policy.h"
#include "query.h"
#include "stats.h"

static int put_u64(struct sk_buff *skb, int attr, u64 value, int pad)
{
	return nla_put_u64_64bit(skb, attr, value, pad);
}

static int end_nest(struct sk_buff *skb, struct nlattr *nest, int err)
{
	if (err)
		nla_nest_cancel(skb, nest);
	else
		nla_nest_end(skb, nest);
	return err ? -EMSGSIZE : 0;
}

static u32 status_flags(bool disabled)
{
	u32 flags = 0;

	if (holdfast_attached())
		flags |= HOLDFAST_STATUS_F_ATTACHED;
	if (holdfast_overlay_verified())
		flags |= HOLDFAST_STATUS_F_OVERLAY;
	if (holdfast_overlay_mismatched())
		flags |= HOLDFAST_STATUS_F_MISMATCH;
	if (holdfast_netlink_port())
		flags |= HOLDFAST_STATUS_F_CONTROLLER;
	if (holdfast_policy_generation())
		flags |= HOLDFAST_STATUS_F_POLICY;
	if (disabled)
		flags |= HOLDFAST_STATUS_F_DISABLED;
	if (holdfast_guard_locked())
		flags |= HOLDFAST_STATUS_F_LOCKED;
	if (holdfast_query_silent())
		flags |= HOLDFAST_STATUS_F_SILENT;
	return flags;
}

static int put_status_policy(struct sk_buff *skb)
{
	const struct holdfast_policy *policy;
	int err = 0;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	if (policy)
		err = nla_put_u32(skb, HOLDFAST_A_STATUS_GENERATION,
				  policy->generation) ||
		      nla_put_u32(skb, HOLDFAST_A_STATUS_DEFAULT_PROFILE,
				  policy->default_profile) ||
		      nla_put_u32(skb, HOLDFAST_A_STATUS_QUERY_TIMEOUT_MS,
				  policy->query_timeout_ms);
	rcu_read_unlock();
	return err;
}

struct number {
	int attr;
	u64 value;
};

int holdfast_put_status(struct sk_buff *skb, bool disabled)
{
	struct holdfast_fold_totals totals = {};
	u8 checks[HOLDFAST_CHECK_SET_BYTES] = {};
	struct nlattr *nest;
	unsigned int i;
	int err;

	if (!disabled) {
		holdfast_event_totals(&totals);
		holdfast_checks_noticed(checks);
	}
	nest = nla_nest_start(skb, HOLDFAST_A_STATUS);
	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, HOLDFAST_A_STATUS_FLAGS,
			  status_flags(disabled)) ||
	      nla_put_string(skb, HOLDFAST_A_STATUS_MODULE_VERSION,
			     THIS_MODULE->version) ||
	      nla_put_u32(skb, HOLDFAST_A_STATUS_CONTROLLER_PID,
			  holdfast_netlink_controller()) ||
	      nla_put(skb, HOLDFAST_A_STATUS_CHECKS, sizeof(checks), checks) ||
	      put_status_policy(skb);
	{
		const struct number numbers[] = {
			{ HOLDFAST_A_STATUS_CONTAINERS, holdfast_container_count() },
			{ HOLDFAST_A_STATUS_MEMBERS, holdfast_member_count() },
			{ HOLDFAST_A_STATUS_UNCLASSIFIED,
			  holdfast_stat(HOLDFAST_STAT_UNCLASSIFIED) },
			{ HOLDFAST_A_STATUS_DEFAULTED,
			  holdfast_stat(HOLDFAST_STAT_DEFAULTED) },
			{ HOLDFAST_A_STATUS_EXECS,
			  holdfast_stat(HOLDFAST_STAT_EXECS) },
			{ HOLDFAST_A_STATUS_MAPS,
			  holdfast_stat(HOLDFAST_STAT_MAPS) },
			{ HOLDFAST_A_STATUS_DENIED,
			  holdfast_stat(HOLDFAST_STAT_DENIED) },
			{ HOLDFAST_A_STATUS_ALERTED,
			  holdfast_stat(HOLDFAST_STAT_ALERTED) },
			{ HOLDFAST_A_STATUS_QUERIES,
			  holdfast_stat(HOLDFAST_STAT_QUERIES) },
			{ HOLDFAST_A_STATUS_QUERIES_ANSWERED,
			  holdfast_stat(HOLDFAST_STAT_QUERIES_ANSWERED) },
			{ HOLDFAST_A_STATUS_QUERIES_TIMED_OUT,
			  holdfast_stat(HOLDFAST_STAT_QUERIES_TIMED_OUT) },
			{ HOLDFAST_A_STATUS_QUERIES_REFUSED,
			  holdfast_stat(HOLDFAST_STAT_QUERIES_REFUSED) },
			{ HOLDFAST_A_STATUS_QUERIES_PENDING, holdfast_query_pending() },
			{ HOLDFAST_A_STATUS_EVENTS_SEEN, totals.seen },
			{ HOLDFAST_A_STATUS_EVENTS_DELIVERED, totals.delivered },
			{ HOLDFAST_A_STATUS_EVENTS_FOLDED, totals.folded },
			{ HOLDFAST_A_STATUS_EVENTS_QUEUED, totals.queued },
			{ HOLDFAST_A_STATUS_EVENTS_OVERFLOW, totals.overflow },
			{ HOLDFAST_A_STATUS_ADOPTED,
			  holdfast_stat(HOLDFAST_STAT_ADOPTED) },
		};

		for (i = 0; i < ARRAY_SIZE(numbers) && !err; i++)
			err = put_u64(skb, numbers[i].attr, numbers[i].value,
				      HOLDFAST_A_STATUS_PAD);
	}
	return end_nest(skb, nest, err);
}

int holdfast_put_hook(struct sk_buff *skb, const char *symbol, u32 flags,
		      u64 hits)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_HOOK);

	if (!nest)
		return -EMSGSIZE;
	return end_nest(skb, nest,
			nla_put_string(skb, HOLDFAST_A_HOOK_SYMBOL, symbol) ||
			nla_put_u32(skb, HOLDFAST_A_HOOK_FLAGS, flags) ||
			put_u64(skb, HOLDFAST_A_HOOK_HITS, hits,
				HOLDFAST_A_HOOK_PAD));
}

/* Generation and profile as they are in force now. */
static int put_binding(struct sk_buff *skb,
		       struct holdfast_container *container)
{
	const struct holdfast_policy *policy;
	int err = 0;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	if (policy)
		err = nla_put_u32(skb, HOLDFAST_A_CONTAINER_PROFILE_ID,
				  holdfast_policy_of(policy, container)->id) ||
		      nla_put_u32(skb, HOLDFAST_A_CONTAINER_GENERATION,
				  policy->generation);
	rcu_read_unlock();
	return err;
}

int holdfast_put_container(struct sk_buff *skb,
			   struct holdfast_container *container)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_CONTAINER);
	char name[HOLDFAST_NAME_MAX + 1];

	if (!nest)
		return -EMSGSIZE;
	holdfast_container_name(container, name);
	return end_nest(skb, nest,
			put_u64(skb, HOLDFAST_A_CONTAINER_CGROUP_ID,
				container->cgroup_id,
				HOLDFAST_A_CONTAINER_PAD) ||
			nla_put_string(skb, HOLDFAST_A_CONTAINER_NAME, name) ||
			put_binding(skb, container) ||
			nla_put_u32(skb, HOLDFAST_A_CONTAINER_FLAGS,
				    READ_ONCE(container->flags)) ||
			nla_put_u32(skb, HOLDFAST_A_CONTAINER_MEMBERS,
				    atomic_read(&container->members)) ||
			put_u64(skb, HOLDFAST_A_CONTAINER_ROOT_DEV,
				READ_ONCE(container->root_dev),
				HOLDFAST_A_CONTAINER_PAD) ||
			nla_put_u32(skb, HOLDFAST_A_CONTAINER_ROOT_MAGIC,
				    READ_ONCE(container->root_magic)) ||
			put_u64(skb, HOLDFAST_A_CONTAINER_OVERFLOW,
				holdfast_event_overflow(container),
				HOLDFAST_A_CONTAINER_PAD));
}

int holdfast_put_member(struct sk_buff *skb, struct holdfast_member *member)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_MEMBER);

	if (!nest)
		return -EMSGSIZE;
	return end_nest(skb, nest,
			nla_put_u32(skb, HOLDFAST_A_MEMBER_TGID,
				    member->tgid) ||
			put_u64(skb, HOLDFAST_A_MEMBER_START_TIME,
				member->start_time, HOLDFAST_A_MEMBER_PAD) ||
			put_u64(skb, HOLDFAST_A_MEMBER_CGROUP_ID,
				member->container->cgroup_id,
				HOLDFAST_A_MEMBER_PAD) ||
			nla_put_u32(skb, HOLDFAST_A_MEMBER_FLAGS,
				    READ_ONCE(member->flags)));
}

static int put_directory(struct sk_buff *skb, int type, const char *name)
{
	return nla_put_string(skb, type, *name ? name : "/");
}

/* @nr: how many of its directories */
static int put_rule(struct sk_buff *skb, const struct holdfast_rule *rule,
		    u32 nr)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_PROFILE_RULE);
	int err;
	u32 i;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, HOLDFAST_A_RULE_TAG, rule->tag) ||
	      nla_put_u32(skb, HOLDFAST_A_RULE_TYPE, rule->type) ||
	      nla_put_u32(skb, HOLDFAST_A_RULE_ACTION, rule->action) ||
	      (rule->id &&
	       (put_u64(skb, HOLDFAST_A_RULE_ID, rule->id,
			HOLDFAST_A_RULE_PAD) ||
		nla_put_u32(skb, HOLDFAST_A_RULE_ON_RUNNING,
			    rule->on_running))) ||
	      (rule->programs &&
	       nla_put_u32(skb, HOLDFAST_A_RULE_DIGEST_SET,
			   rule->programs->id)) ||
	      (rule->type == HOLDFAST_RULE_CONTAINER_ESCAPE &&
	       nla_put(skb, HOLDFAST_A_RULE_CHECKS, sizeof(rule->checks),
		       rule->checks));
	for (i = 0; i < nr && !err; i++)
		err = put_directory(skb, HOLDFAST_A_RULE_DIRECTORY,
				    rule->directories.sorted[i]);
	return end_nest(skb, nest, err);
}

int holdfast_put_profile(struct sk_buff *skb,
			 const struct holdfast_profile *profile)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_PROFILE);
	int err;
	u32 i;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, HOLDFAST_A_PROFILE_ID, profile->id);
	for (i = 0; i < profile->nr && !err; i++)
		err = put_rule(skb, &profile->rules[i],
			       profile->split ? 0 :
						profile->rules[i].directories.nr);
	return end_nest(skb, nest, err);
}

int holdfast_put_directories(struct sk_buff *skb,
			     const struct holdfast_profile *profile, u32 rule,
			     unsigned long *from)
{
	const struct holdfast_prefixes *set = &profile->rules[rule].directories;
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_PROFILE);
	unsigned long first = *from;
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, HOLDFAST_A_PROFILE_ID, profile->id) ||
	      nla_put_u32(skb, HOLDFAST_A_PROFILE_MORE, rule);
	while (!err && *from < set->nr &&
	       !put_directory(skb, HOLDFAST_A_PROFILE_DIRECTORY,
			      set->sorted[*from]))
		++*from;
	return end_nest(skb, nest, err || *from == first);
}

int holdfast_put_binding(struct sk_buff *skb,
			 const struct holdfast_binding *binding)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_BINDING);

	if (!nest)
		return -EMSGSIZE;
	return end_nest(skb, nest,
			nla_put_u64_64bit(skb, HOLDFAST_A_BINDING_CGROUP_ID,
					  binding->cgroup_id,
					  HOLDFAST_A_BINDING_PAD) ||
			nla_put_u32(skb, HOLDFAST_A_BINDING_PROFILE_ID,
				    binding->profile_id));
}

int holdfast_put_pattern(struct sk_buff *skb,
			 const struct holdfast_pattern *pattern)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_PATTERN);

	if (!nest)
		return -EMSGSIZE;
	return end_nest(skb, nest,
			nla_put_string(skb, HOLDFAST_A_PATTERN_PREFIX,
				       pattern->prefix) ||
			nla_put_string(skb, HOLDFAST_A_PATTERN_SUFFIX,
				       pattern->suffix) ||
			nla_put_string(skb, HOLDFAST_A_PATTERN_PARENT,
				       pattern->parent));
}

int holdfast_put_query(struct sk_buff *skb, u64 id, u32 timeout_ms,
		       const struct holdfast_question *question)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_QUERY);
	const int pad = HOLDFAST_A_QUERY_PAD;

	if (!nest)
		return -EMSGSIZE;
	return end_nest(skb, nest,
			put_u64(skb, HOLDFAST_A_QUERY_ID, id, pad) ||
			put_u64(skb, HOLDFAST_A_QUERY_CGROUP_ID,
				question->cgroup_id, pad) ||
			nla_put_string(skb, HOLDFAST_A_QUERY_CGROUP_PATH,
				       question->cgroup_path) ||
			nla_put_u32(skb, HOLDFAST_A_QUERY_PID, current->pid) ||
			nla_put_u32(skb, HOLDFAST_A_QUERY_TGID,
				    current->tgid) ||
			put_u64(skb, HOLDFAST_A_QUERY_START_TIME,
				current->group_leader->start_boottime, pad) ||
			nla_put_u32(skb, HOLDFAST_A_QUERY_FLAGS,
				    question->flags) ||
			nla_put_string(skb, HOLDFAST_A_QUERY_PATH,
				       question->path) ||
			put_u64(skb, HOLDFAST_A_QUERY_DEV, question->dev, pad) ||
			put_u64(skb, HOLDFAST_A_QUERY_INO, question->ino, pad) ||
			put_u64(skb, HOLDFAST_A_QUERY_ROOT_DEV,
				question->root_dev, pad) ||
			nla_put_u32(skb, HOLDFAST_A_QUERY_TIMEOUT_MS,
				    timeout_ms) ||
			((question->flags & HOLDFAST_QUERY_F_PROCESS) &&
			 nla_put_u32(skb, HOLDFAST_A_QUERY_OWNER,
				     question->owner)));
}

static int put_ancestor(struct sk_buff *skb,
			const struct holdfast_ancestor *ancestor)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_EVENT_ANCESTOR);

	if (!nest)
		return -EMSGSIZE;
	return end_nest(skb, nest,
			nla_put_u32(skb, HOLDFAST_A_ANCESTOR_TGID,
				    ancestor->tgid) ||
			nla_put_string(skb, HOLDFAST_A_ANCESTOR_COMM,
				       ancestor->comm));
}

int holdfast_put_event(struct sk_buff *skb,
		       const struct holdfast_event_body *body, u64 number,
		       u64 count, const char *path)
{
	struct nlattr *nest = nla_nest_start(skb, HOLDFAST_A_EVENT);
	const struct number wide[] = {
		{ HOLDFAST_A_EVENT_NUMBER, number },
		{ HOLDFAST_A_EVENT_LOAD_ID, holdfast_load_id },
		{ HOLDFAST_A_EVENT_TIME_BOOT, body->time_boot },
		{ HOLDFAST_A_EVENT_TIME_REAL, body->time_real },
		{ HOLDFAST_A_EVENT_TIME_BOOT_LAST, body->time_boot_last },
		{ HOLDFAST_A_EVENT_COUNT, count },
		{ HOLDFAST_A_EVENT_CGROUP_ID, body->cgroup_id },
		{ HOLDFAST_A_EVENT_START_TIME, body->start_time },
		{ HOLDFAST_A_EVENT_DEV, body->dev },
		{ HOLDFAST_A_EVENT_INO, body->ino },
	};
	const struct number narrow[] = {
		{ HOLDFAST_A_EVENT_KIND, body->kind },
		{ HOLDFAST_A_EVENT_VERDICT, body->verdict },
		{ HOLDFAST_A_EVENT_ORIGIN, body->origin },
		{ HOLDFAST_A_EVENT_GENERATION, body->generation },
		{ HOLDFAST_A_EVENT_PROFILE_ID, body->profile_id },
		{ HOLDFAST_A_EVENT_RULE_TAG, body->rule_tag },
		{ HOLDFAST_A_EVENT_CONTAINER_FLAGS, body->container_flags },
		{ HOLDFAST_A_EVENT_PID, body->pid },
		{ HOLDFAST_A_EVENT_TGID, body->tgid },
		{ HOLDFAST_A_EVENT_UID, body->uid },
		{ HOLDFAST_A_EVENT_EUID, body->euid },
		{ HOLDFAST_A_EVENT_TARGET_PID, body->target_pid },
		{ HOLDFAST_A_EVENT_FLAGS, body->flags },
		{ HOLDFAST_A_EVENT_CHECK, body->check },
	};
	unsigned int i;
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_string(skb, HOLDFAST_A_EVENT_COMM, body->comm) ||
	      nla_put_string(skb, HOLDFAST_A_EVENT_CONTAINER_NAME,
			     body->container_name) ||
	      (path && nla_put_string(skb, HOLDFAST_A_EVENT_PATH, path));
	for (i = 0; i < ARRAY_SIZE(wide) && !err; i++)
		err = put_u64(skb, wide[i].attr, wide[i].value,
			      HOLDFAST_A_EVENT_PAD);
	for (i = 0; i < ARRAY_SIZE(narrow) && !err; i++)
		err = nla_put_u32(skb, narrow[i].attr, narrow[i].value);
	for (i = 0; i < body->nr_ancestors && !err; i++)
		err = put_ancestor(skb, &body->ancestors[i]);
	return end_nest(skb, nest, err);
}
