// SPDX-License-Identifier: GPL-2.0-only
/*
 * Questions that a task waits for: only in bprm_check, where cred_guard_mutex
 * is held, killable, bounded in time and number. A default is always at hand.
 */
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "netlink.h"
#include "policy.h"
#include "query.h"
#include "stats.h"

#define PER_CONTAINER	4	/* pending queries about one cgroup */
#define PER_OWNER	8	/* likewise about one user's processes */
#define BY_PROCESS	64	/* and about those of all users */
#define SILENT_AFTER	3	/* time-outs in a row */
#define TIMEOUT_MS	2000	/* before a policy says otherwise */

static unsigned int max_queries = 256;
module_param(max_queries, uint, 0400);
MODULE_PARM_DESC(max_queries, "how many queries may be pending (default 256)");

/**
 * struct query - one question, for which several tasks may wait
 * @list: on the list of pending ones, until answered or given up
 * @id: never used twice
 * @cgroup_id: what it is about
 * @dev: the program's
 * @ino: the program's
 * @by_process: HOLDFAST_QUERY_F_PROCESS, which anybody may cause
 * @owner: then, see HOLDFAST_A_QUERY_OWNER
 * @waiters: tasks that wait; the last one frees it. Under lock.
 * @result: 0, -ETIMEDOUT, -ENOTCONN; set under lock before @done
 * @answer: likewise
 * @done: completed for all waiters at once
 */
struct query {
	struct list_head list;
	u64 id;
	u64 cgroup_id;
	u64 dev;
	u64 ino;
	bool by_process;
	u32 owner;
	unsigned int waiters;
	int result;
	enum holdfast_answer answer;
	struct completion done;
};

static DEFINE_SPINLOCK(lock); /* protects all below and the queries' fields */
static LIST_HEAD(queries);
static unsigned int nr;
static unsigned int timeouts; /* in a row */
static bool open;
static u64 last_id;

static void end_locked(struct query *query, int result,
		       enum holdfast_answer answer)
{
	lockdep_assert_held(&lock);
	list_del_init(&query->list);
	nr--;
	query->result = result;
	query->answer = answer;
	complete_all(&query->done);
}

static struct query *find_locked(u64 id)
{
	struct query *query;

	lockdep_assert_held(&lock);
	list_for_each_entry(query, &queries, list)
		if (query->id == id)
			return query;
	return NULL;
}

/* A pending query about the same, to join, or NULL; *@of_cgroup: how many. */
static struct query *find_same_locked(const struct holdfast_question *question,
				      unsigned int *of_cgroup)
{
	struct query *query;

	lockdep_assert_held(&lock);
	*of_cgroup = 0;
	list_for_each_entry(query, &queries, list) {
		if (query->cgroup_id != question->cgroup_id)
			continue;
		if (query->dev == question->dev && query->ino == question->ino)
			return query;
		++*of_cgroup;
	}
	return NULL;
}

/* Has one user, or have all without privilege, enough of them pending? */
static bool too_many_locked(const struct query *fresh)
{
	unsigned int of_owner = 0, by_process = 0;
	struct query *query;

	lockdep_assert_held(&lock);
	if (!fresh->by_process)
		return false;
	list_for_each_entry(query, &queries, list) {
		by_process += query->by_process;
		of_owner += query->by_process && query->owner == fresh->owner;
	}
	return of_owner >= PER_OWNER || by_process >= BY_PROCESS;
}

/* Joins a pending query or enters @fresh; its error, or NULL to do without. */
static struct query *enter(struct query *fresh,
			   const struct holdfast_question *question, int *err)
{
	struct query *query = NULL;
	unsigned int of_cgroup;

	spin_lock(&lock);
	if (!open || timeouts >= SILENT_AFTER) {
		*err = -ENOTCONN;
		goto out;
	}
	query = find_same_locked(question, &of_cgroup);
	if (!query) {
		if (nr >= max_queries || of_cgroup >= PER_CONTAINER ||
		    too_many_locked(fresh)) {
			*err = -EBUSY;
			goto out;
		}
		query = fresh;
		query->id = ++last_id;
		list_add_tail(&query->list, &queries);
		nr++;
	}
	query->waiters++;
out:
	spin_unlock(&lock);
	return query;
}

static int send(const struct query *query, u32 timeout_ms,
		const struct holdfast_question *question)
{
	struct sk_buff *skb;
	void *header;

	skb = holdfast_netlink_new(HOLDFAST_CMD_QUERY, &header);
	if (!skb)
		return -ENOMEM;
	if (holdfast_put_query(skb, query->id, timeout_ms, question)) {
		holdfast_netlink_drop(skb);
		return -EMSGSIZE;
	}
	holdfast_count(HOLDFAST_STAT_QUERIES);
	return holdfast_netlink_send(skb, header, holdfast_netlink_port());
}

static u32 timeout_in_force(void)
{
	const struct holdfast_policy *policy;
	u32 timeout_ms = TIMEOUT_MS;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	if (policy && policy->query_timeout_ms)
		timeout_ms = policy->query_timeout_ms;
	rcu_read_unlock();
	return timeout_ms;
}

static void give_up(struct query *query, int result)
{
	spin_lock(&lock);
	if (!list_empty(&query->list)) {
		/* A user who keeps the controller busy does not silence it. */
		if (result == -ETIMEDOUT && !query->by_process)
			timeouts++;
		end_locked(query, result, HOLDFAST_ANSWER_UNSPEC);
	}
	spin_unlock(&lock);
}

int holdfast_query_ask(const struct holdfast_question *question,
		       enum holdfast_answer *answer)
{
	u32 timeout_ms = timeout_in_force();
	struct query *fresh, *query;
	bool last;
	long left;
	int err = 0;

	might_sleep();
	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return -ENOMEM;
	init_completion(&fresh->done);
	fresh->cgroup_id = question->cgroup_id;
	fresh->dev = question->dev;
	fresh->ino = question->ino;
	fresh->by_process = question->flags & HOLDFAST_QUERY_F_PROCESS;
	fresh->owner = question->owner;
	query = enter(fresh, question, &err);
	if (query != fresh)
		kfree(fresh);
	if (!query) {
		holdfast_count(HOLDFAST_STAT_QUERIES_REFUSED);
		return err;
	}
	if (query == fresh && send(query, timeout_ms, question))
		give_up(query, -ENOTCONN);

	left = wait_for_completion_killable_timeout(&query->done,
						    msecs_to_jiffies(timeout_ms));
	/* A task that is killed leaves the query to those who still wait. */
	if (!left) {
		holdfast_count(HOLDFAST_STAT_QUERIES_TIMED_OUT);
		give_up(query, -ETIMEDOUT);
	}

	spin_lock(&lock);
	last = !--query->waiters;
	if (last && !list_empty(&query->list))
		end_locked(query, -EINTR, HOLDFAST_ANSWER_UNSPEC);
	err = left < 0 ? -EINTR : query->result;
	*answer = query->answer;
	spin_unlock(&lock);
	if (last)
		kfree(query);
	return err;
}

int holdfast_query_answer(u64 id, enum holdfast_answer answer)
{
	struct query *query;

	spin_lock(&lock);
	query = find_locked(id);
	if (query) {
		timeouts = 0;
		holdfast_count(HOLDFAST_STAT_QUERIES_ANSWERED);
		end_locked(query, 0, answer);
	}
	spin_unlock(&lock);
	return query ? 0 : -ENOENT;
}

u64 holdfast_query_cgroup(u64 id)
{
	struct query *query;
	u64 cgroup_id;

	spin_lock(&lock);
	query = find_locked(id);
	cgroup_id = query ? query->cgroup_id : 0;
	spin_unlock(&lock);
	return cgroup_id;
}

void holdfast_query_start(void)
{
	spin_lock(&lock);
	timeouts = 0;
	open = true;
	spin_unlock(&lock);
}

void holdfast_query_stop(void)
{
	struct query *query, *next;

	spin_lock(&lock);
	open = false;
	list_for_each_entry_safe(query, next, &queries, list)
		end_locked(query, -ENOTCONN, HOLDFAST_ANSWER_UNSPEC);
	spin_unlock(&lock);
}

bool holdfast_query_silent(void)
{
	return READ_ONCE(timeouts) >= SILENT_AFTER;
}

unsigned int holdfast_query_pending(void)
{
	return READ_ONCE(nr);
}
