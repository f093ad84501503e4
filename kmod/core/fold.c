// SPDX-License-Identifier: GPL-2.0-only
/* The book-keeping of events: nothing is lost without being counted. */
#include "fold.h"

static u32 *bucket(struct holdfast_fold *fold,
		   const struct holdfast_fold_key *key)
{
	u64 hash = key->container * 0x9e3779b97f4a7c15ull;

	hash = (hash ^ key->dev) * 0x9e3779b97f4a7c15ull;
	hash = (hash ^ key->ino) * 0x9e3779b97f4a7c15ull;
	hash = (hash ^ key->check) * 0x9e3779b97f4a7c15ull;
	return &fold->buckets[(hash >> 32) & (fold->nr - 1)];
}

static bool same(const struct holdfast_fold_key *a,
		 const struct holdfast_fold_key *b)
{
	return a->container == b->container && a->dev == b->dev &&
	       a->ino == b->ino && a->check == b->check;
}

void holdfast_fold_init(struct holdfast_fold *fold,
			struct holdfast_fold_slot *slots, u32 *buckets, u32 nr)
{
	u32 i;

	memset(fold, 0, sizeof(*fold));
	fold->slots = slots;
	fold->buckets = buckets;
	fold->nr = nr;
	for (i = 0; i < nr; i++) {
		slots[i].next = i + 1 < nr ? i + 1 : HOLDFAST_FOLD_NONE;
		buckets[i] = HOLDFAST_FOLD_NONE;
	}
	fold->free = 0;
	fold->head = HOLDFAST_FOLD_NONE;
	fold->tail = HOLDFAST_FOLD_NONE;
	fold->unsent = HOLDFAST_FOLD_NONE;
}

static void chain(struct holdfast_fold *fold, u32 slot)
{
	u32 *head = bucket(fold, &fold->slots[slot].key);

	fold->slots[slot].chain = *head;
	*head = slot;
}

static void unchain(struct holdfast_fold *fold, u32 slot)
{
	u32 *link = bucket(fold, &fold->slots[slot].key);

	while (*link != slot)
		link = &fold->slots[*link].chain;
	*link = fold->slots[slot].chain;
}

u32 holdfast_fold_add(struct holdfast_fold *fold,
		      const struct holdfast_fold_key *key, bool *fresh)
{
	u32 slot = *bucket(fold, key);

	*fresh = false;
	fold->totals.seen++;
	for (; slot != HOLDFAST_FOLD_NONE; slot = fold->slots[slot].chain) {
		if (!fold->slots[slot].closed &&
		    same(&fold->slots[slot].key, key)) {
			fold->slots[slot].count++;
			fold->totals.folded++;
			return slot;
		}
	}

	slot = fold->free;
	if (slot == HOLDFAST_FOLD_NONE) {
		fold->totals.overflow++;
		return slot;
	}
	fold->free = fold->slots[slot].next;

	fold->slots[slot].key = *key;
	fold->slots[slot].count = 1;
	fold->slots[slot].closed = false;
	fold->slots[slot].number = ++fold->last_number;
	fold->slots[slot].next = HOLDFAST_FOLD_NONE;
	if (fold->tail == HOLDFAST_FOLD_NONE)
		fold->head = slot;
	else
		fold->slots[fold->tail].next = slot;
	fold->tail = slot;
	if (fold->unsent == HOLDFAST_FOLD_NONE)
		fold->unsent = slot;
	chain(fold, slot);
	fold->totals.queued++;
	*fresh = true;
	return slot;
}

void holdfast_fold_overflow(struct holdfast_fold *fold)
{
	fold->totals.seen++;
	fold->totals.overflow++;
}

u32 holdfast_fold_send(struct holdfast_fold *fold)
{
	u32 slot = fold->unsent;

	if (slot == HOLDFAST_FOLD_NONE)
		return slot;
	unchain(fold, slot);
	fold->slots[slot].closed = true;
	fold->unsent = fold->slots[slot].next;
	fold->sent++;
	return slot;
}

void holdfast_fold_unsend(struct holdfast_fold *fold, u32 slot)
{
	chain(fold, slot);
	fold->unsent = slot;
	fold->sent--;
}

void holdfast_fold_resend(struct holdfast_fold *fold)
{
	u32 slot = fold->head;

	for (; slot != fold->unsent; slot = fold->slots[slot].next)
		chain(fold, slot);
	fold->unsent = fold->head;
	fold->sent = 0;
}

u32 holdfast_fold_ack(struct holdfast_fold *fold, u64 number)
{
	u32 slot = fold->head;

	if (!fold->sent || fold->slots[slot].number > number)
		return HOLDFAST_FOLD_NONE;
	fold->head = fold->slots[slot].next;
	if (fold->head == HOLDFAST_FOLD_NONE)
		fold->tail = HOLDFAST_FOLD_NONE;
	fold->slots[slot].next = fold->free;
	fold->free = slot;
	fold->sent--;
	fold->totals.queued--;
	fold->totals.delivered++;
	return slot;
}
