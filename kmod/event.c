// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: bounded, folded, numbered, kept until acknowledged. A decision never
 * depends on whether its event could be kept.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stringhash.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "container.h"
#include "event.h"
#include "netlink.h"
#include "policy.h"

#define SLOTS	4096	/* events kept; a power of two */
#define WINDOW	128	/* sent and not acknowledged at most */
#define RETRY_MS 50	/* after the reader's buffer was full */

/*
 * Protects the book, the slots' contents and containers' overflow counts. Raw:
 * events also come from under task_lock().
 */
static DEFINE_RAW_SPINLOCK(book_lock);
static struct holdfast_fold book;
static struct holdfast_event_body *bodies;	/* by slot */
static char **paths;				/* by slot, owned */

static DEFINE_MUTEX(send_lock); /* serialises sending, resending, acks */
static u32 reader;		/* port, 0 for none; under send_lock */

static void send_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(sending, send_work);

/* Of a task that was waited for, the leader and the parent may be freed. */
static void note_relatives(struct holdfast_event_body *body,
			   struct task_struct *task)
{
	rcu_read_lock();
	if (!pid_alive(task)) {
		body->start_time = task->start_boottime;
		goto out;
	}
	body->start_time = task->group_leader->start_boottime;
	task = rcu_dereference(task->real_parent);
	while (task->pid && body->nr_ancestors < HOLDFAST_ANCESTORS_MAX) {
		struct holdfast_ancestor *ancestor;

		ancestor = &body->ancestors[body->nr_ancestors++];
		ancestor->tgid = task->tgid;
		/* May be torn by a rename, never unterminated. */
		memcpy(ancestor->comm, task->group_leader->comm,
		       sizeof(ancestor->comm));
		ancestor->comm[TASK_COMM_LEN - 1] = '\0';
		task = rcu_dereference(task->real_parent);
	}
out:
	rcu_read_unlock();
}

struct holdfast_event *holdfast_event_new(struct task_struct *task, u32 kind,
					  gfp_t gfp)
{
	bool path = gfpflags_allow_blocking(gfp);
	struct holdfast_event_body *body;
	struct holdfast_event *event;

	event = kmalloc(path ? sizeof(*event) : offsetof(struct holdfast_event,
							 path), gfp);
	if (!event)
		return NULL;
	event->gfp = gfp;
	event->name = NULL;
	body = &event->body;
	memset(body, 0, sizeof(*body));
	body->kind = kind;
	body->time_boot = ktime_get_boottime_ns();
	body->time_real = ktime_get_real_ns();
	body->time_boot_last = body->time_boot;
	body->pid = task->pid;
	body->tgid = task->tgid;
	body->uid = from_kuid(&init_user_ns, task_uid(task));
	body->euid = from_kuid(&init_user_ns, task_euid(task));
	memcpy(body->comm, task->comm, sizeof(body->comm));
	body->comm[TASK_COMM_LEN - 1] = '\0';
	note_relatives(body, task);
	return event;
}

void holdfast_event_free(struct holdfast_event *event)
{
	kfree(event);
}

void holdfast_event_object(struct holdfast_event *event,
			   const struct inode *inode)
{
	event->body.dev = new_encode_dev(inode->i_sb->s_dev);
	event->body.ino = inode->i_ino;
}

void holdfast_event_send(struct holdfast_event *event,
			 struct holdfast_container *container)
{
	struct holdfast_event_body *body = &event->body;
	struct holdfast_fold_key key = {
		.container = container->cgroup_id,
		.dev = body->dev,
		.ino = body->ino,
		.check = (u64)body->rule_tag << 32 | body->kind << 16 |
			 /* only programs have an origin, only escapes a check */
			 (body->origin | body->check) << 8 | body->flags << 4 |
			 body->verdict,
	};
	unsigned long flags;
	char *path = NULL;
	bool fresh;
	u32 slot;

	if (!body->dev) {
		key.dev = body->target_pid;
		key.ino = event->name ? full_name_hash(NULL, event->name,
						       strlen(event->name)) : 0;
	}
	body->cgroup_id = container->cgroup_id;
	body->container_flags = READ_ONCE(container->flags);
	holdfast_container_name(container, body->container_name);
	if (event->name)
		path = kstrdup(event->name, event->gfp | __GFP_NOWARN);

	raw_spin_lock_irqsave(&book_lock, flags);
	slot = holdfast_fold_add(&book, &key, &fresh);
	if (slot == HOLDFAST_FOLD_NONE) {
		container->overflow++;
	} else if (fresh) {
		bodies[slot] = *body;
		swap(paths[slot], path);
	} else {
		bodies[slot].time_boot_last = body->time_boot;
	}
	raw_spin_unlock_irqrestore(&book_lock, flags);
	kfree(path);
	if (fresh)
		queue_delayed_work(system_unbound_wq, &sending, 0);
}

void holdfast_event_note(struct task_struct *task, u32 kind,
			 struct holdfast_container *container,
			 struct file *file)
{
	struct holdfast_event *event = holdfast_event_new(task, kind, GFP_KERNEL);

	if (!event) {
		holdfast_event_lost(container);
		return;
	}
	event->body.verdict = HOLDFAST_VERDICT_ALERT;
	event->body.generation = holdfast_policy_generation();
	if (file) {
		event->name = d_path(&file->f_path, event->path,
				     sizeof(event->path));
		if (IS_ERR(event->name))
			event->name = NULL;
		holdfast_event_object(event, file_inode(file));
	}
	holdfast_event_send(event, container);
	holdfast_event_free(event);
}

void holdfast_event_lost(struct holdfast_container *container)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&book_lock, flags);
	holdfast_fold_overflow(&book);
	container->overflow++;
	raw_spin_unlock_irqrestore(&book_lock, flags);
}

/**
 * struct outgoing - the event that is being put into a message
 * @slot: its slot
 * @number: its number
 * @count: how many it stands for
 * @body: a copy
 * @path: of the slot; stays there while send_lock is held
 */
struct outgoing {
	u32 slot;
	u64 number;
	u64 count;
	struct holdfast_event_body body;
	const char *path;
};

static bool take(struct outgoing *out)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&book_lock, flags);
	out->slot = book.sent < WINDOW ? holdfast_fold_send(&book) :
					 HOLDFAST_FOLD_NONE;
	if (out->slot != HOLDFAST_FOLD_NONE) {
		out->number = book.slots[out->slot].number;
		out->count = book.slots[out->slot].count;
		out->body = bodies[out->slot];
		out->path = paths[out->slot];
	}
	raw_spin_unlock_irqrestore(&book_lock, flags);
	return out->slot != HOLDFAST_FOLD_NONE;
}

static void take_back(const struct outgoing *out)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&book_lock, flags);
	holdfast_fold_unsend(&book, out->slot);
	raw_spin_unlock_irqrestore(&book_lock, flags);
}

static void resend_locked(void)
{
	unsigned long flags;

	lockdep_assert_held(&send_lock);
	raw_spin_lock_irqsave(&book_lock, flags);
	holdfast_fold_resend(&book);
	raw_spin_unlock_irqrestore(&book_lock, flags);
}

/* One message with as many events as fit; false if there is nothing to send. */
static int send_message(struct outgoing *out)
{
	struct sk_buff *skb;
	unsigned int nr = 0;
	void *header;

	skb = holdfast_netlink_new(HOLDFAST_CMD_EVENT, &header);
	if (!skb)
		return -ENOMEM;
	while (take(out)) {
		if (holdfast_put_event(skb, &out->body, out->number, out->count,
				       out->path)) {
			take_back(out);
			break;
		}
		nr++;
	}
	if (!nr) {
		holdfast_netlink_drop(skb);
		return -ENODATA;
	}
	return holdfast_netlink_send(skb, header, reader);
}

static void send_work(struct work_struct *work)
{
	struct outgoing *out;
	int err = 0;

	out = kmalloc(sizeof(*out), GFP_KERNEL);
	mutex_lock(&send_lock);
	while (out && reader && !err)
		err = send_message(out);
	if (!out || (err && err != -ENODATA)) {
		/* Lost on the way, or not sent: all is still here. */
		resend_locked();
		if (reader)
			queue_delayed_work(system_unbound_wq, &sending,
					   msecs_to_jiffies(RETRY_MS));
	}
	mutex_unlock(&send_lock);
	kfree(out);
}

void holdfast_event_reader(u32 portid)
{
	mutex_lock(&send_lock);
	reader = portid;
	resend_locked();
	mutex_unlock(&send_lock);
	if (portid)
		queue_delayed_work(system_unbound_wq, &sending, 0);
}

int holdfast_event_ack(u64 number)
{
	unsigned long flags;
	bool known;
	u32 slot;

	mutex_lock(&send_lock);
	raw_spin_lock_irqsave(&book_lock, flags);
	known = number <= book.last_number;
	raw_spin_unlock_irqrestore(&book_lock, flags);
	while (known) {
		char *path = NULL;

		raw_spin_lock_irqsave(&book_lock, flags);
		slot = holdfast_fold_ack(&book, number);
		if (slot != HOLDFAST_FOLD_NONE)
			swap(paths[slot], path);
		raw_spin_unlock_irqrestore(&book_lock, flags);
		if (slot == HOLDFAST_FOLD_NONE)
			break;
		kfree(path);
	}
	mutex_unlock(&send_lock);
	queue_delayed_work(system_unbound_wq, &sending, 0);
	return known ? 0 : -EINVAL;
}

void holdfast_event_totals(struct holdfast_fold_totals *totals)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&book_lock, flags);
	*totals = book.totals;
	raw_spin_unlock_irqrestore(&book_lock, flags);
}

u64 holdfast_event_overflow(struct holdfast_container *container)
{
	unsigned long flags;
	u64 overflow;

	raw_spin_lock_irqsave(&book_lock, flags);
	overflow = container->overflow;
	raw_spin_unlock_irqrestore(&book_lock, flags);
	return overflow;
}

int holdfast_event_init(void)
{
	struct holdfast_fold_slot *slots;
	u32 *buckets;

	slots = vzalloc(array_size(SLOTS, sizeof(*slots)));
	buckets = vzalloc(array_size(SLOTS, sizeof(*buckets)));
	bodies = vzalloc(array_size(SLOTS, sizeof(*bodies)));
	paths = vzalloc(array_size(SLOTS, sizeof(*paths)));
	if (!slots || !buckets || !bodies || !paths) {
		vfree(slots);
		vfree(buckets);
		vfree(bodies);
		vfree(paths);
		return -ENOMEM;
	}
	holdfast_fold_init(&book, slots, buckets, SLOTS);
	return 0;
}

void holdfast_event_exit(void)
{
	u32 i;

	reader = 0;
	cancel_delayed_work_sync(&sending);
	for (i = 0; i < SLOTS; i++)
		kfree(paths[i]);
	vfree(book.slots);
	vfree(book.buckets);
	vfree(bodies);
	vfree(paths);
}
