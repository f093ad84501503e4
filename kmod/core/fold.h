/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CORE_FOLD_H
#define HOLDFAST_CORE_FOLD_H

#include "port.h"

/*
 * The book-keeping of events: a fixed number of slots, in the order of their
 * event numbers. A slot is queued (repeats fold into it), then sent (it does
 * not change any more, the reader may have it), then acknowledged and free.
 * The caller keeps the events' contents, by slot, and serialises all calls.
 */

#define HOLDFAST_FOLD_NONE	(~0u)

/**
 * struct holdfast_fold_key - what makes two events the same
 * @container: cgroup id
 * @dev: the object's device
 * @ino: the object's inode number
 * @check: event kind, verdict, origin and rule, mixed by the caller
 */
struct holdfast_fold_key {
	u64 container;
	u64 dev;
	u64 ino;
	u64 check;
};

/**
 * struct holdfast_fold_slot - one event
 * @key: what it is about
 * @number: from 1 without gaps
 * @count: how many it stands for
 * @next: slot after this in the list that it is on
 * @chain: next slot in its hash bucket, while queued
 * @closed: was sent once: a reader may have stored it under its number and
 *	count, so nothing folds into it any more
 */
struct holdfast_fold_slot {
	struct holdfast_fold_key key;
	u64 number;
	u64 count;
	u32 next;
	u32 chain;
	bool closed;
};

/**
 * struct holdfast_fold_totals - seen = delivered + folded + queued + overflow
 * @seen: calls of holdfast_fold_add()
 * @delivered: events acknowledged
 * @folded: counted into an event that was queued
 * @queued: events queued or sent
 * @overflow: counted here only, as no slot was free
 */
struct holdfast_fold_totals {
	u64 seen;
	u64 delivered;
	u64 folded;
	u64 queued;
	u64 overflow;
};

/**
 * struct holdfast_fold - the book
 * @slots: owned by the caller, @nr of them
 * @buckets: heads of hash chains, owned by the caller, @nr of them
 * @nr: a power of two
 * @free: list of free slots
 * @head: oldest slot that is not acknowledged
 * @tail: newest
 * @unsent: oldest slot that is queued, %HOLDFAST_FOLD_NONE if all are sent
 * @sent: how many are sent and not acknowledged
 * @last_number: number of the newest event
 * @totals: never wrong between calls
 */
struct holdfast_fold {
	struct holdfast_fold_slot *slots;
	u32 *buckets;
	u32 nr;
	u32 free;
	u32 head;
	u32 tail;
	u32 unsent;
	u32 sent;
	u64 last_number;
	struct holdfast_fold_totals totals;
};

void holdfast_fold_init(struct holdfast_fold *fold,
			struct holdfast_fold_slot *slots, u32 *buckets, u32 nr);

/*
 * Counts one occurrence. Returns its slot; *@fresh says whether the caller has
 * to fill in the contents. HOLDFAST_FOLD_NONE: overflow, counted.
 */
u32 holdfast_fold_add(struct holdfast_fold *fold,
		      const struct holdfast_fold_key *key, bool *fresh);

/* Counts one occurrence of which nothing can be kept. */
void holdfast_fold_overflow(struct holdfast_fold *fold);

/* The oldest queued slot, which becomes sent; HOLDFAST_FOLD_NONE if none. */
u32 holdfast_fold_send(struct holdfast_fold *fold);

/* The slot that was sent last could not be sent after all: it is as before. */
void holdfast_fold_unsend(struct holdfast_fold *fold, u32 slot);

/* A new reader: all that is not acknowledged is to be sent again. */
void holdfast_fold_resend(struct holdfast_fold *fold);

/*
 * Acknowledges the oldest sent slot if its number is not above @number, and
 * frees it. Returns it, so that the caller can drop the contents, else
 * HOLDFAST_FOLD_NONE. To be called until then.
 */
u32 holdfast_fold_ack(struct holdfast_fold *fold, u64 number);

#endif
