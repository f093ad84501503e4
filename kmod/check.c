// SPDX-License-Identifier: GPL-2.0-only
/* What a member reaches for beyond its container, and what its rules say. */
#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "attach.h"
#include "check.h"
#include "container.h"
#include "event.h"
#include "integrity.h"
#include "member.h"
#include "policy.h"
#include "stats.h"

struct verdict {
	u32 action;
	u32 rule_tag;
	u32 generation;
	u32 profile_id;
};

/* The strictest of the rules that are about @check; each is judged by itself. */
static struct verdict apply_rules(struct holdfast_container *container,
				  u32 check)
{
	struct verdict verdict = { .action = HOLDFAST_VERDICT_ALLOW };
	const struct holdfast_profile *profile;
	const struct holdfast_policy *policy;
	u32 i;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	if (!policy)
		goto out;
	profile = holdfast_policy_of(policy, container);
	verdict.generation = policy->generation;
	verdict.profile_id = profile->id;
	for (i = 0; i < profile->nr; i++) {
		const struct holdfast_rule *rule = &profile->rules[i];

		if (rule->type == HOLDFAST_RULE_CONTAINER_ESCAPE &&
		    rule->action > verdict.action &&
		    holdfast_check_set_has(rule->checks, check)) {
			verdict.action = rule->action;
			verdict.rule_tag = rule->tag;
		}
	}
out:
	rcu_read_unlock();
	return verdict;
}

/* What is mounted nowhere has only the name on its file system. */
static char *name_of(const struct path *path, char *buffer, int size)
{
	char *name = d_path(path, buffer, size);

	return IS_ERR(name) || strcmp(name, "/") || IS_ROOT(path->dentry) ?
		       name : dentry_path_raw(path->dentry, buffer, size);
}

static void describe(struct holdfast_event *event,
		     const struct holdfast_reach *reach)
{
	const struct inode *inode = reach->inode;

	event->name = (char *)reach->name;
	if (reach->path && !reach->atomic) {
		inode = d_inode(reach->path->dentry);
		event->name = name_of(reach->path, event->path,
				      sizeof(event->path));
	} else if (reach->dentry) {
		inode = d_inode(reach->dentry);
		event->name = dentry_path_raw(reach->dentry, event->path,
					      sizeof(event->path));
	}
	if (IS_ERR(event->name))
		event->name = NULL;
	if (inode)
		holdfast_event_object(event, inode);
	event->body.target_pid = reach->target ? reach->target->pid :
						 reach->pid;
}

/* By which the kernel is told which program to start on the host. */
static bool prepares_upcall(int check)
{
	return check == HOLDFAST_CHECK_UH1 || check == HOLDFAST_CHECK_UH2 ||
	       check == HOLDFAST_CHECK_UH3 || check == HOLDFAST_CHECK_CG1;
}

int holdfast_check_for(struct holdfast_container *container,
		       const struct holdfast_reach *reach)
{
	const struct verdict verdict = apply_rules(container, reach->check);
	struct holdfast_event *event;

	if (verdict.action != HOLDFAST_VERDICT_DENY &&
	    prepares_upcall(reach->check))
		WRITE_ONCE(container->upcall_by, current->tgid);
	if (verdict.action == HOLDFAST_VERDICT_ALLOW)
		return 0;
	event = holdfast_event_new(current, HOLDFAST_EVENT_ESCAPE,
				   reach->atomic ? GFP_ATOMIC : GFP_KERNEL);
	if (event) {
		event->body.verdict = verdict.action;
		event->body.rule_tag = verdict.rule_tag;
		event->body.generation = verdict.generation;
		event->body.profile_id = verdict.profile_id;
		event->body.check = reach->check;
		describe(event, reach);
		holdfast_event_send(event, container);
		holdfast_event_free(event);
	} else {
		holdfast_event_lost(container);
	}
	if (verdict.action != HOLDFAST_VERDICT_DENY) {
		holdfast_count(HOLDFAST_STAT_ALERTED);
		return 0;
	}
	holdfast_count(HOLDFAST_STAT_DENIED);
	return -EPERM;
}

int holdfast_check(const struct holdfast_reach *reach)
{
	struct holdfast_member *member;
	int index, err = 0;

	if ((reach->check < 0 && reach->atomic) || !holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	member = holdfast_member_get(current);
	if (member) {
		if (!reach->atomic)
			err = holdfast_integrity_verify(member);
		if (!err && reach->check >= 0)
			err = holdfast_check_for(member->container, reach);
		holdfast_member_put(member);
	}
	holdfast_leave(index);
	return err;
}

struct holdfast_container *holdfast_set_up(void)
{
	struct holdfast_container *container;
	struct holdfast_place place;

	holdfast_place_find(current, &place, NULL, 0);
	if (place.container || !place.pattern)
		return place.container;
	container = holdfast_container_get(place.cgroup_id);
	return IS_ERR(container) ? NULL : container;
}

int holdfast_check_setup(const struct holdfast_reach *reach)
{
	struct holdfast_container *container;
	int index, err = 0;

	if (holdfast_is_member(current))
		return holdfast_check(reach);
	if (reach->check < 0)
		return 0;
	index = holdfast_enter();
	container = holdfast_set_up();
	if (container) {
		err = holdfast_check_for(container, reach);
		holdfast_container_put(container);
	}
	holdfast_leave(index);
	return err;
}

bool holdfast_is_own(struct task_struct *task)
{
	struct holdfast_member *member, *its;
	struct holdfast_place place = {};
	bool begun, own = false;

	rcu_read_lock();
	member = holdfast_member_find(current->signal);
	if (!member)
		goto out;
	its = holdfast_member_find_made(task, &begun);
	if (its) {
		own = its->container == member->container;
	} else if (holdfast_in_container(task)) {
		holdfast_place_find(task, &place, NULL, 0);
		own = place.container == member->container;
		if (place.container)
			holdfast_container_put(place.container);
	}
out:
	rcu_read_unlock();
	return own;
}

bool holdfast_is_other(struct task_struct *task)
{
	struct pid_namespace *pid_ns = task_active_pid_ns(current);

	return holdfast_is_member(current) && !holdfast_is_own(task) &&
	       (pid_ns == &init_pid_ns || !task_pid_nr_ns(task, pid_ns));
}

int holdfast_own_cgroup_level(struct cgroup *cgroup)
{
	struct holdfast_member *member;
	int level = 0;

	rcu_read_lock();
	member = holdfast_member_find(current->signal);
	while (member && cgroup &&
	       cgroup_id(cgroup) != member->container->cgroup_id) {
		cgroup = cgroup_parent(cgroup);
		level++;
	}
	if (!member || !cgroup)
		level = -1;
	rcu_read_unlock();
	return level;
}

void holdfast_checks_noticed(u8 *set)
{
	u8 missed[HOLDFAST_CHECK_SET_BYTES] = {};
	const struct holdfast_table *const *table;
	unsigned int i, j;

	memset(set, 0, HOLDFAST_CHECK_SET_BYTES);
	for (table = holdfast_tables; *table; table++) {
		for (i = 0; i < (*table)->nr_hooks; i++) {
			const struct holdfast_hook *hook = &(*table)->hooks[i];
			u8 *which = hook->site ? set : missed;

			for (j = 0; j < hook->nr_checks; j++)
				holdfast_check_set_add(which, hook->checks[j]);
		}
	}
	for (i = 0; i < HOLDFAST_CHECK_SET_BYTES; i++)
		set[i] &= ~missed[i];
}
