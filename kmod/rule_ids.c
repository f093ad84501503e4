// SPDX-License-Identifier: GPL-2.0-only
/* Sets of rules that are about what runs already. */
#include <linux/slab.h>

#include "policy.h"
#include "rule_ids.h"

static struct holdfast_rule_ids *new_ids(u32 nr)
{
	struct holdfast_rule_ids *ids;

	ids = kzalloc(struct_size(ids, ids, nr), GFP_KERNEL_ACCOUNT);
	if (ids)
		refcount_set(&ids->refs, 1);
	return ids;
}

int holdfast_rule_ids_make(struct holdfast_profile *profile)
{
	struct holdfast_rule_ids *ids;
	u32 i, nr = 0;

	for (i = 0; i < profile->nr; i++)
		nr += !!profile->rules[i].id;
	if (!nr)
		return 0;
	ids = new_ids(nr);
	if (!ids)
		return -ENOMEM;
	for (i = 0; i < profile->nr; i++)
		if (profile->rules[i].id)
			ids->ids[ids->nr++] = profile->rules[i].id;
	profile->running = ids;
	return 0;
}

struct holdfast_rule_ids *holdfast_rule_ids_hold(struct holdfast_rule_ids *ids)
{
	if (ids)
		refcount_inc(&ids->refs);
	return ids;
}

void holdfast_rule_ids_put(struct holdfast_rule_ids *ids)
{
	if (ids && refcount_dec_and_test(&ids->refs))
		kfree(ids);
}

bool holdfast_rule_ids_have(const struct holdfast_rule_ids *ids, u64 id)
{
	u32 i;

	for (i = 0; ids && i < ids->nr; i++)
		if (ids->ids[i] == id)
			return true;
	return false;
}

bool holdfast_rule_ids_have_all(const struct holdfast_rule_ids *ids,
				const struct holdfast_rule_ids *others)
{
	u32 i;

	for (i = 0; others && i < others->nr; i++)
		if (!holdfast_rule_ids_have(ids, others->ids[i]))
			return false;
	return true;
}

struct holdfast_rule_ids *
holdfast_rule_ids_without(const struct holdfast_rule_ids *rules,
			  const struct holdfast_rule_ids *known)
{
	struct holdfast_rule_ids *left = new_ids(rules->nr);
	u32 i;

	for (i = 0; left && i < rules->nr; i++)
		if (!holdfast_rule_ids_have(known, rules->ids[i]))
			left->ids[left->nr++] = rules->ids[i];
	return left;
}
