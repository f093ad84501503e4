// SPDX-License-Identifier: GPL-2.0-only
/*
 * What members ran already as a rule came into force: reported once, and ended
 * if the rule says so.
 *
 * Each member knows the rules that what it runs was judged by, and inherits that
 * at fork. A survey goes over all members, and judges what those run whose
 * profile has rules beyond these, again and again until there are none. So it
 * can be given up at any time, and is right whatever made the difference: a new
 * policy, another profile of a container, an adoption.
 */
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "inspect.h"
#include "member.h"
#include "overlay.h"
#include "policy.h"
#include "rule_ids.h"
#include "survey.h"

#define MEMBERS		32	/* taken out of the table at once */
#define RETRY_MS	10	/* at first, after a process could not be looked at */
#define RETRY_MS_MAX	1000

/**
 * struct candidate - a member that there are new rules for
 * @member: a reference
 * @rules: all that are to have judged what it runs; a reference
 */
struct candidate {
	struct holdfast_member *member;
	struct holdfast_rule_ids *rules;
};

/**
 * struct survey - one pass over all members; of the one work that makes it
 * @candidates: taken, not yet looked at
 * @nr_candidates: how many
 * @done: members were looked at: there may be children of theirs
 * @busy: members are left, which cannot be looked at now
 * @files: room for those of a member
 */
struct survey {
	struct candidate candidates[MEMBERS];
	unsigned int nr_candidates;
	bool done;
	bool busy;
	struct holdfast_files files;
};

static struct workqueue_struct *queue;
static bool open;
static unsigned int retry_ms;	/* of the work */

static void survey_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(surveying, survey_work);

/* A reference to what @member was judged by. */
static struct holdfast_rule_ids *known_to(struct holdfast_member *member)
{
	struct holdfast_rule_ids *known;
	unsigned long flags;

	raw_spin_lock_irqsave(&member->lock, flags);
	known = holdfast_rule_ids_hold(member->surveyed);
	raw_spin_unlock_irqrestore(&member->lock, flags);
	return known;
}

/* Takes over the reference to @rules. */
static void note_passed(struct holdfast_member *member,
			struct holdfast_rule_ids *rules)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&member->lock, flags);
	swap(member->surveyed, rules);
	raw_spin_unlock_irqrestore(&member->lock, flags);
	holdfast_rule_ids_put(rules);
}

/* Under RCU: the rules in force for @member that are about what runs. */
static struct holdfast_rule_ids *rules_for(struct holdfast_member *member)
{
	const struct holdfast_policy *policy = holdfast_policy_rcu();

	return policy ? holdfast_policy_of(policy, member->container)->running :
			NULL;
}

void holdfast_survey_passed(struct holdfast_member *member)
{
	rcu_read_lock();
	note_passed(member, holdfast_rule_ids_hold(rules_for(member)));
	rcu_read_unlock();
}

/* Takes members out of the table, as long as there is room. */
static int take_candidate(struct holdfast_member *member, void *data)
{
	struct holdfast_rule_ids *rules = rules_for(member), *known;
	struct survey *survey = data;
	struct candidate *candidate;

	if (READ_ONCE(member->surveyed) == rules)
		return 0;
	known = known_to(member);
	if (holdfast_rule_ids_have_all(known, rules)) {
		note_passed(member, holdfast_rule_ids_hold(rules));
	} else if (holdfast_member_test(member, HOLDFAST_MEMBER_F_PROVISIONAL)) {
		/* What it runs is still the runtime's. */
		survey->busy = true;
	} else if (survey->nr_candidates == MEMBERS) {
		holdfast_rule_ids_put(known);
		return 1;
	} else if (refcount_inc_not_zero(&member->refs)) {
		candidate = &survey->candidates[survey->nr_candidates++];
		candidate->member = member;
		candidate->rules = holdfast_rule_ids_hold(rules);
	}
	holdfast_rule_ids_put(known);
	return 0;
}

static void take_look(struct survey *survey, const struct candidate *candidate)
{
	struct holdfast_rule_ids *known = known_to(candidate->member), *fresh;

	fresh = holdfast_rule_ids_without(candidate->rules, known);
	if (fresh && holdfast_inspect(&survey->files, candidate->member, fresh)) {
		/* After the signal: a child that is made meanwhile knows less. */
		note_passed(candidate->member,
			    holdfast_rule_ids_hold(candidate->rules));
		survey->done = true;
	} else {
		survey->busy = true;
	}
	holdfast_rule_ids_put(fresh);
	holdfast_rule_ids_put(known);
}

static void survey_work(struct work_struct *work)
{
	struct survey *survey;
	unsigned long at[2] = {};
	unsigned int i;
	bool more;

	/* Until the origin of files can be told; then it is started again. */
	if (!holdfast_overlay_verified())
		return;
	survey = kvzalloc(sizeof(*survey), GFP_KERNEL);
	if (!survey) {
		queue_delayed_work(queue, &surveying,
				   msecs_to_jiffies(RETRY_MS_MAX));
		return;
	}
	do {
		more = holdfast_member_walk(at, take_candidate, survey);
		for (i = 0; i < survey->nr_candidates; i++) {
			struct candidate *candidate = &survey->candidates[i];

			if (READ_ONCE(open))
				take_look(survey, candidate);
			holdfast_rule_ids_put(candidate->rules);
			holdfast_member_put(candidate->member);
			cond_resched();
		}
		survey->nr_candidates = 0;
	} while (more && READ_ONCE(open));

	retry_ms = survey->done ? RETRY_MS : min(2 * retry_ms, RETRY_MS_MAX);
	if (READ_ONCE(open) && (survey->done || survey->busy))
		queue_delayed_work(queue, &surveying,
				   survey->done ? 0 :
						  msecs_to_jiffies(retry_ms));
	kvfree(survey);
}

bool holdfast_survey_wanted(void)
{
	return READ_ONCE(open);
}

void holdfast_survey_start(void)
{
	/* holdfast_survey_exit() waits for who has found it open. */
	rcu_read_lock();
	if (READ_ONCE(open))
		mod_delayed_work(queue, &surveying, 0);
	rcu_read_unlock();
}

int holdfast_survey_init(void)
{
	queue = alloc_workqueue("holdfast_survey", WQ_UNBOUND, 1);
	if (!queue)
		return -ENOMEM;
	retry_ms = RETRY_MS;
	WRITE_ONCE(open, true);
	return 0;
}

void holdfast_survey_exit(void)
{
	WRITE_ONCE(open, false);
	synchronize_rcu();
	cancel_delayed_work_sync(&surveying);
	destroy_workqueue(queue);
}
