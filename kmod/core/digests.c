// SPDX-License-Identifier: GPL-2.0-only
/* Sets of SHA-256 digests, of up to a million. */
#include "digests.h"

static bool is_free(const u8 *slot)
{
	static const u8 zeros[HOLDFAST_DIGEST_SIZE];

	return !memcmp(slot, zeros, sizeof(zeros));
}

/* Where @digest is or, if it is not there, would be put; some slot is free. */
static u8 *slot_of(const struct holdfast_digests *set, const u8 *digest)
{
	u32 at;

	memcpy(&at, digest, sizeof(at));
	for (;; at++) {
		u8 *slot = set->slots[at & (set->size - 1)];

		if (is_free(slot) || !memcmp(slot, digest, HOLDFAST_DIGEST_SIZE))
			return slot;
	}
}

static int grow(struct holdfast_digests *set)
{
	struct holdfast_digests larger = {
		.nr = set->nr,
		.size = set->size ? 2 * set->size : 16,
	};
	u32 i;

	larger.slots = kvcalloc(larger.size, sizeof(*larger.slots),
				GFP_KERNEL_ACCOUNT);
	if (!larger.slots)
		return -ENOMEM;
	for (i = 0; i < set->size; i++) {
		if (!is_free(set->slots[i]))
			memcpy(slot_of(&larger, set->slots[i]), set->slots[i],
			       HOLDFAST_DIGEST_SIZE);
		cond_resched();
	}
	kvfree(set->slots);
	*set = larger;
	return 0;
}

int holdfast_digests_add(struct holdfast_digests *set, const u8 *digest)
{
	u8 *slot;

	if (is_free(digest))
		return -EINVAL;
	if (set->nr >= set->size / 4 * 3) {
		int err = grow(set);

		if (err)
			return err;
	}
	slot = slot_of(set, digest);
	if (is_free(slot)) {
		memcpy(slot, digest, HOLDFAST_DIGEST_SIZE);
		set->nr++;
	}
	return 0;
}

bool holdfast_digests_have(const struct holdfast_digests *set,
			   const u8 *digest)
{
	return set->nr && !is_free(slot_of(set, digest));
}

bool holdfast_digests_subset(const struct holdfast_digests *a,
			     const struct holdfast_digests *b)
{
	u32 i;

	for (i = 0; i < a->size; i++)
		if (!is_free(a->slots[i]) &&
		    !holdfast_digests_have(b, a->slots[i]))
			return false;
	return true;
}

void holdfast_digests_free(struct holdfast_digests *set)
{
	kvfree(set->slots);
	memset(set, 0, sizeof(*set));
}
