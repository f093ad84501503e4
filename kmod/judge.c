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
#include "rule_ids.h"
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
	       holdfast_home_has(c->home, c->task, c->path);
}

/*
 * d_path() goes up to current's root directory or, not finding it on the way,
 * to the top of the mount namespace: for another task, what leads to its own
 * root is taken off. In @buffer, of @size bytes, or an ERR_PTR.
 */
static char *name_of(const struct holdfast_case *c, char *buffer, int size)
{
	char *name = d_path(c->path, buffer, size), *root_name, *page;
	struct path root;
	size_t len;

	if (c->task == current || IS_ERR(name) ||
	    !holdfast_task_root(c->task, &root))
		return name;
	page = __getname();
	root_name = page ? d_path(&root, page, PATH_MAX) : ERR_PTR(-ENOMEM);
	path_put(&root);
	if (IS_ERR(root_name)) {
		name = ERR_CAST(root_name);
	} else {
		len = strlen(root_name);
		if (!strncmp(name, root_name, len) && name[len] == '/')
			name += len;
	}
	if (page)
		__putname(page);
	return name;
}

static bool exempt(const struct holdfast_rule *rule, const char *path)
{
	return path && holdfast_prefixes_match(&rule->directories, path);
}

/* What @rule says, if its allow list exempts nothing. */
static u32 verdict_of(const struct holdfast_rule *rule,
		      const struct holdfast_rule_ids *fresh)
{
	if (rule->type != HOLDFAST_RULE_NON_IMAGE_PROGRAM)
		return HOLDFAST_VERDICT_ALLOW;
	if (!fresh)
		return rule->action;
	return holdfast_rule_ids_have(fresh, rule->id) ? rule->on_running :
							 HOLDFAST_VERDICT_ALLOW;
}

/* The strictest verdict of the rules that are hit; each is judged by itself. */
static void apply_rules(struct holdfast_event *event, const char *name,
			struct holdfast_container *container,
			const struct holdfast_rule_ids *fresh)
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
		u32 verdict = verdict_of(rule, fresh);

		if (verdict > event->body.verdict && !exempt(rule, name)) {
			event->body.verdict = verdict;
			event->body.rule_tag = rule->tag;
		}
	}
out:
	rcu_read_unlock();
}

struct holdfast_event *holdfast_verdict(const struct holdfast_case *c,
					const struct holdfast_rule_ids *fresh)
{
	struct holdfast_event *event;
	enum holdfast_origin origin;
	char *name;

	might_sleep();
	origin = holdfast_origin_of(c->task, c->path, c->root, c->may_read);
	if (origin == HOLDFAST_ORIGIN_IMAGE || origin == HOLDFAST_ORIGIN_UNTOLD)
		return NULL;

	event = holdfast_event_new(c->task, c->kind, GFP_KERNEL);
	if (!event)
		return ERR_PTR(-ENOMEM);
	name = name_of(c, event->path, sizeof(event->path));
	event->name = IS_ERR(name) ? NULL : name;
	apply_rules(event, names_count(c) ? event->name : NULL, c->container,
		    fresh);
	if (event->body.verdict == HOLDFAST_VERDICT_ALLOW) {
		holdfast_event_free(event);
		return NULL;
	}
	event->body.origin = origin;
	holdfast_event_object(event, d_inode(c->path->dentry));
	return event;
}

int holdfast_judge(const struct holdfast_case *c)
{
	struct holdfast_event *event;
	int err = 0;

	holdfast_count(c->kind == HOLDFAST_EVENT_EXEC ? HOLDFAST_STAT_EXECS :
						       HOLDFAST_STAT_MAPS);
	event = holdfast_verdict(c, NULL);
	if (IS_ERR_OR_NULL(event))
		return PTR_ERR_OR_ZERO(event);
	if (event->body.origin == HOLDFAST_ORIGIN_UNKNOWN)
		event->body.kind = HOLDFAST_EVENT_UNVERIFIED;
	holdfast_event_send(event, c->container);
	if (event->body.verdict == HOLDFAST_VERDICT_DENY) {
		holdfast_count(HOLDFAST_STAT_DENIED);
		err = -EPERM;
	} else {
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
		.task = current,
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
