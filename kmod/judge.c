// SPDX-License-Identifier: GPL-2.0-only
/* The verdict on a file that is about to be executed or mapped executable. */
#include <linux/dcache.h>
#include <linux/fs_struct.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/slab.h>

#include "accept.h"
#include "container.h"
#include "content.h"
#include "event.h"
#include "home.h"
#include "judge.h"
#include "member.h"
#include "origin.h"
#include "overlay.h"
#include "policy.h"
#include "root.h"
#include "rule_ids.h"
#include "runtime_program.h"
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

/*
 * The name of the file, for people; and if it counts, for rules, else NULL. Both are
 * by the root directory, which another thread may have changed in between and back.
 */
static const char *find_name(const struct holdfast_case *c,
			     struct holdfast_event *event)
{
	const struct fs_struct *fs = current->fs;
	unsigned int seq, tries;
	bool counts = false;
	char *name;

	for (tries = 0; tries < 4; tries++) {
		seq = read_seqcount_begin(&fs->seq);
		name = name_of(c, event->path, sizeof(event->path));
		event->name = IS_ERR(name) ? NULL : name;
		counts = names_count(c);
		if (!read_seqcount_retry(&fs->seq, seq))
			return counts ? event->name : NULL;
	}
	return NULL;
}

static bool exempt(const struct holdfast_rule *rule, const char *path,
		   const u8 *digest)
{
	return (path && holdfast_prefixes_match(&rule->directories, path)) ||
	       (digest && rule->programs &&
		holdfast_digests_have(&rule->programs->digests, digest));
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

/*
 * The strictest verdict of the rules that are hit; each is judged by itself.
 * Might that be another if the digest were known, which is NULL?
 */
static bool apply_rules(struct holdfast_event *event,
			const struct holdfast_case *c, const char *name,
			const u8 *digest)
{
	const struct holdfast_profile *profile;
	const struct holdfast_policy *policy;
	bool lists_programs = false;
	u32 i;

	event->body.verdict = HOLDFAST_VERDICT_ALLOW;
	rcu_read_lock();
	policy = holdfast_policy_rcu();
	if (!policy)
		goto out;
	profile = holdfast_policy_of(policy, c->container);
	event->body.generation = policy->generation;
	event->body.profile_id = profile->id;
	for (i = 0; i < profile->nr; i++) {
		const struct holdfast_rule *rule = &profile->rules[i];
		u32 verdict = verdict_of(rule, c->fresh);

		if (verdict > event->body.verdict &&
		    !exempt(rule, name, digest)) {
			event->body.verdict = verdict;
			event->body.rule_tag = rule->tag;
			lists_programs = rule->programs;
		}
	}
out:
	rcu_read_unlock();
	return lists_programs;
}

/* The rules again, as the digest is known. Did it matter? 1 or 0, or an error. */
static int apply_digest(struct holdfast_event *event,
			const struct holdfast_case *c, const char *name,
			struct holdfast_content *content)
{
	u32 before = event->body.verdict;
	u8 digest[HOLDFAST_DIGEST_SIZE];
	int result = holdfast_accept_digest(c, content, digest);

	if (result <= 0)
		return result;
	apply_rules(event, c, name, digest);
	return event->body.verdict < before;
}

/* What is accepted for its bytes after all. 0 or an error. */
static int apply_content(struct holdfast_event *event,
			 const struct holdfast_case *c, const char *name,
			 enum holdfast_origin origin, bool lists_programs)
{
	bool own = holdfast_origin_own_layer(origin);
	struct holdfast_content *content;
	int result;

	if (!own && !lists_programs)
		return 0;
	content = holdfast_accept_claim(c, origin);
	if (IS_ERR_OR_NULL(content))
		return PTR_ERR_OR_ZERO(content);
	result = own ? holdfast_accept_unchanged(c, content) : -ENOENT;
	if (!result) /* Of a file with several names no note has told. */
		event->body.origin = HOLDFAST_ORIGIN_CHANGED;
	if (result > 0)
		event->body.verdict = HOLDFAST_VERDICT_ALLOW;
	else if (!result || result == -ENOENT)
		result = lists_programs ?
				 apply_digest(event, c, name, content) : 0;
	if (result > 0)
		return holdfast_accept_keep(c, content);
	holdfast_content_release(content);
	return result;
}

/*
 * Names of one file that were copied up each for itself are files of their own,
 * of which the overlay's inodes keep the number that they had in common.
 */
static void name_object(struct holdfast_event *event, struct dentry *dentry,
			enum holdfast_origin origin)
{
	holdfast_event_object(event, d_inode(dentry));
	if (origin == HOLDFAST_ORIGIN_ADDED)
		event->body.ino =
			d_inode(holdfast_overlay_upper(d_inode(dentry)))->i_ino;
}

struct holdfast_event *holdfast_verdict(const struct holdfast_case *c)
{
	struct holdfast_event *event;
	enum holdfast_origin origin;
	bool lists_programs;
	const char *name;
	int err = 0;

	might_sleep();
	origin = holdfast_origin_of(c->task, c->path, c->root, c->may_read);
	if (origin == HOLDFAST_ORIGIN_IMAGE && c->written)
		origin = HOLDFAST_ORIGIN_CHANGED;
	if (origin == HOLDFAST_ORIGIN_IMAGE || origin == HOLDFAST_ORIGIN_UNTOLD)
		return NULL;

	event = holdfast_event_new(c->task, c->kind, GFP_KERNEL);
	if (!event)
		return ERR_PTR(-ENOMEM);
	event->body.origin = origin;
	name = find_name(c, event);
	lists_programs = apply_rules(event, c, name, NULL);
	if (event->body.verdict != HOLDFAST_VERDICT_ALLOW &&
	    origin == HOLDFAST_ORIGIN_VOLUME && c->may_read &&
	    holdfast_is_runtime_program(c->path))
		event->body.verdict = HOLDFAST_VERDICT_ALLOW;
	if (event->body.verdict != HOLDFAST_VERDICT_ALLOW) {
		if (!c->brief)
			err = apply_content(event, c, name, origin,
					    lists_programs);
		else if (lists_programs || holdfast_accept_possible(c, origin))
			event->body.verdict = HOLDFAST_VERDICT_ALLOW;
	}
	if (err || event->body.verdict == HOLDFAST_VERDICT_ALLOW) {
		holdfast_event_free(event);
		return ERR_PTR(err);
	}
	name_object(event, c->path->dentry, origin);
	return event;
}

/* Sends and frees @event. */
static int conclude(const struct holdfast_case *c, struct holdfast_event *event)
{
	int err = 0;

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

static void count(const struct holdfast_case *c)
{
	holdfast_count(c->kind == HOLDFAST_EVENT_EXEC ? HOLDFAST_STAT_EXECS :
							HOLDFAST_STAT_MAPS);
}

int holdfast_judge(const struct holdfast_case *c)
{
	struct holdfast_event *event;

	count(c);
	event = holdfast_verdict(c);
	return IS_ERR_OR_NULL(event) ? PTR_ERR_OR_ZERO(event) :
				       conclude(c, event);
}

static struct holdfast_case exec_case(struct holdfast_member *member, u32 kind,
				      const struct path *path)
{
	return (struct holdfast_case){
		.kind = kind,
		.task = current,
		.path = path,
		.container = member->container,
		.member = member,
		.root = member->home->root,
		.home = member->home,
		.may_read = true,
	};
}

int holdfast_judge_exec(struct holdfast_member *member, u32 kind,
			const struct path *path)
{
	const struct holdfast_case c = exec_case(member, kind, path);

	return holdfast_judge(&c);
}

/*
 * A program, at its open: the first line is about to judge it. What certainly is
 * to be refused is refused now; all else is left to it.
 */
static int refuse_program(struct holdfast_member *member,
			  const struct path *path)
{
	struct holdfast_case c = exec_case(member, HOLDFAST_EVENT_EXEC, path);
	struct holdfast_event *event;

	/* The exec that made it one has failed: it is none as it begins another. */
	if (holdfast_member_test(member, HOLDFAST_MEMBER_F_PROVISIONAL))
		return 0;
	/* overlayfs opens what its files are made of by a mount of its own. */
	if (!holdfast_is_below_root(current, path))
		return 0;
	c.brief = true;
	event = holdfast_verdict(&c);
	if (IS_ERR_OR_NULL(event))
		return PTR_ERR_OR_ZERO(event);
	if (event->body.verdict == HOLDFAST_VERDICT_DENY) {
		count(&c);
		return conclude(&c, event);
	}
	holdfast_event_free(event);
	return 0;
}

int holdfast_judge_open_exec(const struct path *path)
{
	struct holdfast_member *member = holdfast_member_get(current);
	const struct inode *inode = d_inode(path->dentry);
	int err;

	if (!member)
		return 0;
	/*
	 * The program itself is opened before the first line has judged it; a
	 * program interpreter and a script's one after.
	 */
	if (current->in_execve && member->judged && member->judged != inode) {
		err = holdfast_judge_exec(member, HOLDFAST_EVENT_INTERPRETER,
					  path);
		/* So that it is not reported twice, as it is mapped. */
		if (!err)
			member->interpreter = inode;
	} else {
		err = refuse_program(member, path);
	}
	holdfast_member_put(member);
	return err;
}
