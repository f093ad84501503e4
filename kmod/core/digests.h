/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CORE_DIGESTS_H
#define HOLDFAST_CORE_DIGESTS_H

#include "port.h"

#define HOLDFAST_DIGEST_SIZE	32 /* bytes of a SHA-256 */

/**
 * struct holdfast_digests - a set of digests, found in constant time
 * @nr: how many, at most three quarters of @size
 * @size: of @slots, a power of two or 0
 * @slots: each digest at the place that its first bytes say or, if that is
 *	taken, the next one that is free. A free one is all zeros, which no file
 *	is known to have for a digest. Owned by the set.
 *
 * Filled by one, then only read; readers need no lock.
 */
struct holdfast_digests {
	u32 nr;
	u32 size;
	u8 (*slots)[HOLDFAST_DIGEST_SIZE];
};

/* 0, also if it is there already; -ENOMEM, or -EINVAL for all zeros. Sleeps. */
int holdfast_digests_add(struct holdfast_digests *set, const u8 *digest);
bool holdfast_digests_have(const struct holdfast_digests *set,
			   const u8 *digest);
/* Is each digest of @a one of @b? */
bool holdfast_digests_subset(const struct holdfast_digests *a,
			     const struct holdfast_digests *b);
void holdfast_digests_free(struct holdfast_digests *set);

#endif
