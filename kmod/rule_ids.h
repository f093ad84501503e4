/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_RULE_IDS_H
#define HOLDFAST_RULE_IDS_H

#include <linux/refcount.h>
#include <linux/types.h>

struct holdfast_profile;

/**
 * struct holdfast_rule_ids - rules that are about what runs as they come into
 *	force; immutable
 * @refs: those of a profile, and of members that were judged by these rules
 * @nr: how many
 * @ids: in no order
 *
 * NULL is an empty one.
 */
struct holdfast_rule_ids {
	refcount_t refs;
	u32 nr;
	u64 ids[];
};

/* Of the rules of @profile, which owns the result. 0 or -ENOMEM. */
int holdfast_rule_ids_make(struct holdfast_profile *profile);
struct holdfast_rule_ids *holdfast_rule_ids_hold(struct holdfast_rule_ids *ids);
/* Any context. */
void holdfast_rule_ids_put(struct holdfast_rule_ids *ids);

bool holdfast_rule_ids_have(const struct holdfast_rule_ids *ids, u64 id);
bool holdfast_rule_ids_have_all(const struct holdfast_rule_ids *ids,
				const struct holdfast_rule_ids *others);
/* A new set of those of @rules that are not in @known; NULL without memory. */
struct holdfast_rule_ids *
holdfast_rule_ids_without(const struct holdfast_rule_ids *rules,
			  const struct holdfast_rule_ids *known);

#endif
