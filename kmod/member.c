// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is a member of a container: by descent from the exec that armed it, and
 * nothing that the process does later ends it before its exit.
 */
#include <linux/cgroup.h>
#include <linux/fs_struct.h>
#include <linux/hash.h>
#include <linux/pid_namespace.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "adopt.h"
#include "container.h"
#include "event.h"
#include "held.h"
#include "home.h"
#include "left_ns.h"
#include "member.h"
#include "root.h"
#include "rule_ids.h"
#include "survey.h"

#define BITS	14
#define STRIPES	64

static struct hlist_head *table; /* 1 << BITS heads */
static raw_spinlock_t stripes[STRIPES]; /* each protects every 64th head */
static atomic64_t nr;
static struct kmem_cache *cache;

/**
 * struct reservation - a child's record, made before it is too late to fail
 * @list: on the parent's list
 * @task: the thread that forks
 * @member: the record, not in the table; its references are the child's
 */
struct reservation {
	struct list_head list;
	struct task_struct *task;
	struct holdfast_member *member;
};

static u32 hash(const struct signal_struct *signal)
{
	return hash_ptr((void *)signal, BITS);
}

static raw_spinlock_t *stripe(u32 bucket)
{
	return &stripes[bucket % STRIPES];
}

struct holdfast_member *holdfast_member_find(struct signal_struct *signal)
{
	struct holdfast_member *member;

	hlist_for_each_entry_rcu(member, &table[hash(signal)], node)
		if (member->signal == signal)
			return member;
	return NULL;
}

struct holdfast_member *holdfast_member_find_made(struct task_struct *task,
						  bool *begun)
{
	struct holdfast_member *member;

	/* Who has begun was linked before. */
	*begun = smp_load_acquire(&task->__state) != TASK_NEW;
	member = holdfast_member_find(task->signal);
	if (!member && !*begun)
		member = holdfast_member_find(rcu_dereference(task->real_parent)->signal);
	return member;
}

struct holdfast_member *holdfast_member_get(struct task_struct *task)
{
	struct holdfast_member *member;

	rcu_read_lock();
	member = holdfast_member_find(task->signal);
	if (member && !refcount_inc_not_zero(&member->refs))
		member = NULL;
	rcu_read_unlock();
	return member;
}

static void free_rcu_member(struct rcu_head *rcu)
{
	kmem_cache_free(cache, container_of(rcu, struct holdfast_member, rcu));
}

/* Of forks that failed, by threads that ended without another try. */
static void drop_reservations(struct holdfast_member *member)
{
	struct reservation *reservation, *next;
	unsigned long flags;
	LIST_HEAD(left);

	raw_spin_lock_irqsave(&member->lock, flags);
	list_splice_init(&member->reserved, &left);
	raw_spin_unlock_irqrestore(&member->lock, flags);
	list_for_each_entry_safe(reservation, next, &left, list) {
		holdfast_member_put(reservation->member);
		kfree(reservation);
	}
}

void holdfast_member_put(struct holdfast_member *member)
{
	if (!refcount_dec_and_test(&member->refs))
		return;
	drop_reservations(member);
	holdfast_held_drop(member);
	holdfast_rule_ids_put(member->surveyed);
	holdfast_ceiling_drop(&member->ceiling);
	holdfast_home_put(member->home);
	holdfast_container_put(member->container);
	call_rcu(&member->rcu, free_rcu_member);
}

bool holdfast_is_host_root(const struct dentry *root)
{
	const struct dentry *host = NULL;
	struct task_struct *init;

	rcu_read_lock();
	init = READ_ONCE(init_pid_ns.child_reaper);
	task_lock(init);
	if (init->fs)
		host = READ_ONCE(init->fs->root.dentry);
	task_unlock(init);
	rcu_read_unlock();
	return root == host;
}

static struct holdfast_member *make(struct signal_struct *signal,
				    struct holdfast_container *container,
				    struct holdfast_home *home)
{
	struct holdfast_member *member;

	member = kmem_cache_zalloc(cache, GFP_KERNEL_ACCOUNT);
	if (!member)
		return NULL;
	refcount_set(&member->refs, 1);
	raw_spin_lock_init(&member->lock);
	INIT_LIST_HEAD(&member->reserved);
	member->signal = signal;
	holdfast_container_hold(container);
	member->container = container;
	holdfast_home_hold(home);
	member->home = home;
	return member;
}

/* Under the stripe's lock: the record is not in the table any more. */
static void take_out(struct holdfast_member *member)
{
	hlist_del_init_rcu(&member->node);
	atomic64_dec(&nr);
	atomic_dec(&member->container->members);
}

/*
 * Takes over a reference. If the process has a record, this fails, or with
 * @replace that record goes.
 */
static bool link(struct holdfast_member *member, bool replace)
{
	u32 bucket = hash(member->signal);
	raw_spinlock_t *lock = stripe(bucket);
	struct holdfast_member *other;
	unsigned long flags;
	bool linked;

	raw_spin_lock_irqsave(lock, flags);
	other = holdfast_member_find(member->signal);
	linked = !other || replace;
	if (linked) {
		hlist_add_head_rcu(&member->node, &table[bucket]);
		atomic64_inc(&nr);
		atomic_inc(&member->container->members);
		if (other)
			take_out(other);
	}
	raw_spin_unlock_irqrestore(lock, flags);
	if (linked && other) {
		holdfast_container_leave(other->container);
		holdfast_member_put(other);
	}
	return linked;
}

static void unlink(struct holdfast_member *member)
{
	raw_spinlock_t *lock = stripe(hash(member->signal));
	unsigned long flags;
	bool linked;

	raw_spin_lock_irqsave(lock, flags);
	linked = !hlist_unhashed(&member->node);
	if (linked)
		take_out(member);
	raw_spin_unlock_irqrestore(lock, flags);
	if (!linked)
		return;
	/* Others may refer to the record still: its memory is gone. */
	holdfast_held_drop(member);
	holdfast_container_leave(member->container);
	holdfast_member_put(member);
}

/* A reference to what the container has, or to what is made its home now. */
static struct holdfast_home *find_home(struct task_struct *task,
				       struct holdfast_container *container,
				       const struct path *root_path)
{
	struct holdfast_home *home, *found;

	home = holdfast_container_home(container, NULL);
	if (home)
		return home;
	found = holdfast_home_new(task, root_path, container);
	if (IS_ERR(found))
		return found;
	home = holdfast_container_home(container, found);
	holdfast_home_put(found);
	return home;
}

struct holdfast_member *
holdfast_member_add(struct task_struct *task,
		    struct holdfast_container *container,
		    const struct path *root_path, unsigned long flags)
{
	struct holdfast_home *home = find_home(task, container, root_path);
	struct holdfast_member *member;

	if (IS_ERR(home))
		return ERR_CAST(home);
	member = make(task->signal, container, home);
	holdfast_home_put(home);
	if (!member) {
		holdfast_container_leave(container);
		return ERR_PTR(-ENOMEM);
	}
	member->tgid = task->tgid;
	member->start_time = task->group_leader->start_boottime;
	member->flags = flags;
	/* What it runs from now on is judged; what it ran before is to be. */
	if (flags & HOLDFAST_MEMBER_F_ADOPTED)
		holdfast_ceiling_record(member, task);
	else
		holdfast_survey_passed(member);
	WRITE_ONCE(container->root_dev, home->root->dev);
	WRITE_ONCE(container->root_magic, home->root->magic);

	refcount_inc(&member->refs);
	if (!link(member, false)) {
		refcount_dec(&member->refs);
		holdfast_member_put(member);
		holdfast_container_leave(container);
		return ERR_PTR(-EEXIST);
	}
	/* Again, should the last member have left between: now there is one. */
	holdfast_home_put(holdfast_container_home(container, home));
	/*
	 * The exit hook runs after the count of live threads has dropped: it
	 * either finds the record, or we see the count.
	 */
	smp_mb();
	if (!atomic_read(&task->signal->live)) {
		unlink(member);
		/* Its exit may have come before the home was set again. */
		holdfast_container_leave(container);
		holdfast_member_put(member);
		return ERR_PTR(-ESRCH);
	}
	if (!home->root->overlay &&
	    holdfast_container_set(container, HOLDFAST_CONTAINER_F_STORAGE))
		holdfast_event_note(task, HOLDFAST_EVENT_NOT_COVERED, container,
				    NULL);
	return member;
}

void holdfast_member_confirm(struct holdfast_member *member)
{
	/* What a runtime has prepared for it is complete now. */
	holdfast_ceiling_record(member, current);
	clear_bit(ilog2(HOLDFAST_MEMBER_F_PROVISIONAL), &member->flags);
	holdfast_container_arm(member->container);
}

void holdfast_member_discard(struct holdfast_member *member)
{
	unlink(member);
}

static struct reservation *find_reservation(struct holdfast_member *parent,
					    struct task_struct *task)
{
	struct reservation *reservation;

	lockdep_assert_held(&parent->lock);
	list_for_each_entry(reservation, &parent->reserved, list)
		if (reservation->task == task)
			return reservation;
	return NULL;
}

int holdfast_member_reserve(struct holdfast_member *parent,
			    unsigned long clone_flags)
{
	struct holdfast_rule_ids *surveyed = NULL;
	struct reservation *reservation;
	unsigned long flags;

	/* What the child maps, its parent goes on using. */
	if ((clone_flags & CLONE_VM) && holdfast_held_prepare(parent))
		return -ENOMEM;
	raw_spin_lock_irqsave(&parent->lock, flags);
	reservation = find_reservation(parent, current);
	if (reservation) {
		surveyed = reservation->member->surveyed;
		reservation->member->surveyed =
			holdfast_rule_ids_hold(parent->surveyed);
	}
	raw_spin_unlock_irqrestore(&parent->lock, flags);
	holdfast_rule_ids_put(surveyed);
	/* Left over from a fork that failed later on. */
	if (reservation)
		return 0;

	reservation = kmalloc(sizeof(*reservation), GFP_KERNEL_ACCOUNT);
	if (!reservation)
		return -ENOMEM;
	reservation->task = current;
	reservation->member = make(NULL, parent->container, parent->home);
	if (!reservation->member) {
		kfree(reservation);
		return -ENOMEM;
	}
	raw_spin_lock_irqsave(&parent->lock, flags);
	/* Not later: who is surveyed meanwhile may have been sent a signal. */
	reservation->member->surveyed = holdfast_rule_ids_hold(parent->surveyed);
	list_add(&reservation->list, &parent->reserved);
	raw_spin_unlock_irqrestore(&parent->lock, flags);
	return 0;
}

static struct holdfast_member *take_reserved(struct holdfast_member *parent,
					     struct task_struct *task)
{
	struct holdfast_member *member = NULL;
	struct reservation *reservation;
	unsigned long flags;

	raw_spin_lock_irqsave(&parent->lock, flags);
	reservation = find_reservation(parent, task);
	if (reservation)
		list_del(&reservation->list);
	raw_spin_unlock_irqrestore(&parent->lock, flags);
	if (reservation) {
		member = reservation->member;
		kfree(reservation);
	}
	return member;
}

void holdfast_member_link(struct task_struct *parent, struct task_struct *child)
{
	struct holdfast_member *of_parent, *member;

	if (child->signal == parent->signal)
		return;
	rcu_read_lock();
	of_parent = holdfast_member_find(parent->signal);
	if (!of_parent)
		goto out;
	member = take_reserved(of_parent, parent);
	if (!member) {
		/* The parent was adopted while it forked. */
		holdfast_adopt_all();
		goto out;
	}
	member->signal = child->signal;
	member->tgid = child->tgid;
	member->start_time = child->start_boottime;
	member->flags = READ_ONCE(of_parent->flags);
	holdfast_held_share(of_parent, member);
	holdfast_ceiling_inherit(member, of_parent);
	/*
	 * It was visible before and may have been adopted: what it inherits is
	 * what counts, as it may have another root by now.
	 */
	link(member, true);
	/* Made there, or moved before it could be found. */
	holdfast_ceiling_move(child, task_dfl_cgroup(child));
	/*
	 * The parent was surveyed meanwhile, and a survey may not have seen the
	 * child. Linked first, then looked: otherwise a survey to come sees it.
	 */
	smp_mb();
	if (READ_ONCE(member->surveyed) != READ_ONCE(of_parent->surveyed))
		holdfast_survey_start();
out:
	rcu_read_unlock();
}

void holdfast_member_exit_task(struct task_struct *task)
{
	struct holdfast_member *member, *reserved;

	rcu_read_lock();
	member = holdfast_member_find(task->signal);
	if (member) {
		reserved = take_reserved(member, task);
		if (reserved)
			holdfast_member_put(reserved);
		holdfast_left_ns_add(task, member->container);
		if (!atomic_read(&task->signal->live))
			unlink(member);
	}
	rcu_read_unlock();
}

u64 holdfast_member_count(void)
{
	return atomic64_read(&nr);
}

static struct holdfast_member *entry_rcu(struct hlist_node __rcu **link)
{
	return hlist_entry_safe(rcu_dereference(*link), struct holdfast_member,
				node);
}

/* What comes after @last, the address of a signal_struct, or the first. */
static struct holdfast_member *resume_rcu(struct hlist_head *head,
					  unsigned long last)
{
	struct holdfast_member *member;

	hlist_for_each_entry_rcu(member, head, node)
		if ((unsigned long)member->signal == last)
			return entry_rcu(&hlist_next_rcu(&member->node));
	return entry_rcu(&hlist_first_rcu(head));
}

int holdfast_member_walk(unsigned long at[2],
			 int (*visit)(struct holdfast_member *member,
				      void *data),
			 void *data)
{
	struct holdfast_member *member;
	int err = 0;

	rcu_read_lock();
	for (; at[0] < 1 << BITS; at[0]++, at[1] = 0) {
		for (member = resume_rcu(&table[at[0]], at[1]); member;
		     member = entry_rcu(&hlist_next_rcu(&member->node))) {
			err = visit(member, data);
			if (err)
				goto out;
			at[1] = (unsigned long)member->signal;
		}
	}
out:
	rcu_read_unlock();
	return err;
}

int holdfast_member_init(void)
{
	unsigned int i;

	for (i = 0; i < STRIPES; i++)
		raw_spin_lock_init(&stripes[i]);
	table = kvcalloc(1 << BITS, sizeof(*table), GFP_KERNEL);
	cache = KMEM_CACHE(holdfast_member, 0);
	if (table && cache)
		return 0;
	kmem_cache_destroy(cache);
	kvfree(table);
	return -ENOMEM;
}

static int drop(struct holdfast_member *member, void *data)
{
	unlink(member);
	return 0;
}

void holdfast_member_exit(void)
{
	unsigned long at[2] = {};

	holdfast_member_walk(at, drop, NULL);
	rcu_barrier();
	kmem_cache_destroy(cache);
	kvfree(table);
}
