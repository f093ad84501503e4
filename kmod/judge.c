// SPDX-License-Identifier: GPL-2.0-only
/* The verdict on a file that is about to be executed or mapped executable. */
#include <linux/dcache.h>
#include <linux/slab.h>

#include "container.h"
#include "event.h"
#include "home.h"
#include "judge.h"
#include "member.h"
#include "origin.h"
#include "policy.h"
#include "root.h"
#include "stats.h"

/*
 * Directories are names in the container as it was armed. A member that has
 * changed its root or its mount namespace since could make any file appear
 * there; so could the name of a file that is unlinked, or that came from
 * elsewhere by its descriptor.
 */
static bool names_count(const struct holdfast_case *c)
{
	return c->home && !d_unlinked(c->path->dentry) &&
	       holdfast_home_has(c->home, c->path);
}

static bool exempt(const struct holdfast_rule *rule, const char *path)
{
	return path && holdfast_prefixes_match(&rule->directories, path);
}

/* The strictest action of the rules that are hit; each is judged by itself. */
static void apply_rules(struct holdfast_event *event, const char *name,
			struct holdfast_container *container)
{
	const struct holdfast_profile *profile;
	const struct holdfast_policy *policy;
	u32 i;

	event->body.verdict = HOLDFAST_VERDICT_ALLOW;
	rcu_read_lock();
	policy = holdfast_policy_rcu();
	if (!policy)
		goto out;
	profile = holdfast_policy_of(policy, container);
	event->body.generation = policy->generation;
	event->body.profile_id = profile->id;
	for (i = 0; i < profile->nr; i++) {
		const struct holdfast_rule *rule = &profile->rules[i];

		if (rule->type == HOLDFAST_RULE_NON_IMAGE_PROGRAM &&
		    rule->action > event->body.verdict && !exempt(rule, name)) {
			event->body.verdict = rule->action;
			event->body.rule_tag = rule->tag;
		}
	}
out:
	rcu_read_unlock();
}

int holdfast_judge(const struct holdfast_case *c)
{
	struct holdfast_event *event;
	enum holdfast_origin origin;
	u32 verdict;
	char *name;
	int err = 0;

	might_sleep();
	holdfast_count(c->kind == HOLDFAST_EVENT_EXEC ? HOLDFAST_STAT_EXECS :
						       HOLDFAST_STAT_MAPS);
	origin = holdfast_origin_of(c->path, c->root, c->may_read);
	if (origin == HOLDFAST_ORIGIN_IMAGE || origin == HOLDFAST_ORIGIN_UNTOLD)
		return 0;

	event = holdfast_event_new(current, c->kind, GFP_KERNEL);
	if (!event)
		return -ENOMEM;
	name = d_path(c->path, event->path, sizeof(event->path));
	apply_rules(event, !IS_ERR(name) && names_count(c) ? name : NULL,
		    c->container);
	verdict = event->body.verdict;
	if (verdict != HOLDFAST_VERDICT_ALLOW) {
		if (origin == HOLDFAST_ORIGIN_UNKNOWN)
			event->body.kind = HOLDFAST_EVENT_UNVERIFIED;
		event->body.origin = origin;
		event->name = IS_ERR(name) ? NULL : name;
		holdfast_event_object(event, d_inode(c->path->dentry));
		holdfast_event_send(event, c->container);
	}
	if (verdict == HOLDFAST_VERDICT_DENY) {
		holdfast_count(HOLDFAST_STAT_DENIED);
		err = -EPERM;
	} else if (verdict == HOLDFAST_VERDICT_ALERT) {
		holdfast_count(HOLDFAST_STAT_ALERTED);
	}
	holdfast_event_free(event);
	return err;
}

int holdfast_judge_member(const struct holdfast_member *member, u32 kind,
			  const struct path *path, bool may_read)
{
	const struct holdfast_case c = {
		.kind = kind,
		.path = path,
		.container = member->container,
		.root = member->home->root,
		.home = member->home,
		.may_read = may_read,
	};

	return holdfast_judge(&c);
}

int holdfast_judge_open_exec(const struct path *path)
{
	struct holdfast_member *member = holdfast_member_get(current);
	const struct inode *inode = d_inode(path->dentry);
	int err = 0;

	if (!member)
		return 0;
	/*
	 * The program itself is opened before the first line has judged it; a
	 * program interpreter and a script's one after.
	 */
	if (current->in_execve && member->judged && member->judged != inode) {
		err = holdfast_judge_member(member, HOLDFAST_EVENT_INTERPRETER,
					    path, true);
		/* So that it is not reported twice, as it is mapped. */
		if (!err)
			member->interpreter = inode;
	}
	holdfast_member_put(member);
	return err;
}
