// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files that processes were let use for their bytes, held as long as there
 * may be a mapping of one: by all that were forked from one another, until
 * their last exec or exit.
 */
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "content.h"
#include "held.h"
#include "member.h"

/**
 * struct holdfast_held - what is held for the memory of one or more processes
 * @refs: records of members
 * @lock: protects @files
 * @files: each once
 */
struct holdfast_held {
	refcount_t refs;
	spinlock_t lock; /* see above */
	struct list_head files;
};

struct held_file {
	struct list_head list;
	struct holdfast_content *content;
};

static void put(struct holdfast_held *held)
{
	struct held_file *file, *next;

	if (!held || !refcount_dec_and_test(&held->refs))
		return;
	list_for_each_entry_safe(file, next, &held->files, list) {
		holdfast_content_release(file->content);
		kfree(file);
	}
	kfree(held);
}

static struct holdfast_held *swap_with(struct holdfast_member *member,
				       struct holdfast_held **slot,
				       struct holdfast_held *held)
{
	struct holdfast_held *old;
	unsigned long flags;

	raw_spin_lock_irqsave(&member->lock, flags);
	old = *slot;
	*slot = held;
	raw_spin_unlock_irqrestore(&member->lock, flags);
	return old;
}

/* A reference to what is in @slot of @member, NULL if nothing is. */
static struct holdfast_held *get(struct holdfast_member *member,
				 struct holdfast_held **slot)
{
	struct holdfast_held *held;
	unsigned long flags;

	raw_spin_lock_irqsave(&member->lock, flags);
	held = *slot;
	if (held)
		refcount_inc(&held->refs);
	raw_spin_unlock_irqrestore(&member->lock, flags);
	return held;
}

/* As get(), made if there is none. */
static struct holdfast_held *get_or_make(struct holdfast_member *member,
					 struct holdfast_held **slot)
{
	struct holdfast_held *held = get(member, slot), *made;
	unsigned long flags;

	if (held)
		return held;
	made = kmalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return NULL;
	refcount_set(&made->refs, 1);
	spin_lock_init(&made->lock);
	INIT_LIST_HEAD(&made->files);

	raw_spin_lock_irqsave(&member->lock, flags);
	if (!*slot) {
		*slot = made;
		made = NULL;
	}
	held = *slot;
	refcount_inc(&held->refs);
	raw_spin_unlock_irqrestore(&member->lock, flags);
	kfree(made);
	return held;
}

int holdfast_held_add(struct holdfast_member *member, bool exec,
		      struct holdfast_content *content)
{
	struct holdfast_held **slot = exec ? &member->next : &member->held;
	struct held_file *file, *other;
	struct holdfast_held *held;
	bool there = false;

	file = kmalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	held = file ? get_or_make(member, slot) : NULL;
	if (!held) {
		kfree(file);
		return -ENOMEM;
	}
	file->content = content;
	spin_lock(&held->lock);
	list_for_each_entry(other, &held->files, list)
		there |= other->content == content;
	if (!there)
		list_add(&file->list, &held->files);
	spin_unlock(&held->lock);
	if (there) {
		holdfast_content_release(content);
		kfree(file);
	}
	put(held);
	return 0;
}

int holdfast_held_prepare(struct holdfast_member *member)
{
	struct holdfast_held *held = get_or_make(member, &member->held);

	put(held);
	return held ? 0 : -ENOMEM;
}

void holdfast_held_share(struct holdfast_member *parent,
			 struct holdfast_member *child)
{
	child->held = get(parent, &parent->held);
}

void holdfast_held_begin(struct holdfast_member *member)
{
	put(swap_with(member, &member->next, NULL));
}

void holdfast_held_commit(struct holdfast_member *member)
{
	put(swap_with(member, &member->held,
		      swap_with(member, &member->next, NULL)));
}

void holdfast_held_drop(struct holdfast_member *member)
{
	put(swap_with(member, &member->next, NULL));
	put(swap_with(member, &member->held, NULL));
}
