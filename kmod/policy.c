// SPDX-License-Identifier: GPL-2.0-only
/* What is enforced: immutable snapshots behind one RCU pointer. */
#include <linux/hash.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "container.h"
#include "guard.h"
#include "policy.h"
#include "rule_ids.h"

static struct holdfast_policy __rcu *policy_in_force;
static struct workqueue_struct *free_queue;
static DEFINE_MUTEX(commit_lock); /* protects policy_in_force's replacement */

static u32 bucket(u64 id)
{
	return hash_64(id, HOLDFAST_POLICY_BITS);
}

const struct holdfast_policy *holdfast_policy_rcu(void)
{
	return rcu_dereference(policy_in_force);
}

const struct holdfast_profile *
holdfast_policy_profile(const struct holdfast_policy *policy, u32 id)
{
	const struct holdfast_profile *profile;

	hlist_for_each_entry(profile, &policy->profiles[bucket(id)], node)
		if (profile->id == id)
			return profile;
	return NULL;
}

static const struct holdfast_binding *
find_binding(const struct holdfast_policy *policy, u64 cgroup_id)
{
	const struct holdfast_binding *binding;

	hlist_for_each_entry(binding, &policy->bindings[bucket(cgroup_id)], node)
		if (binding->cgroup_id == cgroup_id)
			return binding;
	return NULL;
}

/* The id that the controller chose, or 0. */
static u32 bound_profile(const struct holdfast_policy *policy,
			 struct holdfast_container *container)
{
	u64 late = atomic64_read(&container->binding);
	const struct holdfast_binding *binding;

	if (late >> 32 == policy->generation)
		return (u32)late;
	binding = find_binding(policy, container->cgroup_id);
	return binding ? binding->profile_id : 0;
}

const struct holdfast_profile *
holdfast_policy_of(const struct holdfast_policy *policy,
		   struct holdfast_container *container)
{
	u32 id = bound_profile(policy, container);

	return holdfast_policy_profile(policy,
				       id ? id : policy->default_profile);
}

bool holdfast_policy_binds(struct holdfast_container *container)
{
	const struct holdfast_policy *policy;
	bool binds;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	binds = policy && bound_profile(policy, container);
	rcu_read_unlock();
	return binds;
}

static bool fits(const struct holdfast_pattern *pattern, const char *name,
		 const char *parent)
{
	size_t len = strlen(name), prefix = strlen(pattern->prefix),
	       suffix = strlen(pattern->suffix), i;

	if (len < prefix + suffix + 12)
		return false;
	if (*pattern->parent && strcmp(pattern->parent, parent))
		return false;
	if (memcmp(name, pattern->prefix, prefix) ||
	    memcmp(name + len - suffix, pattern->suffix, suffix))
		return false;
	for (i = prefix; i < len - suffix; i++)
		if (!strchr("0123456789abcdef", name[i]))
			return false;
	return true;
}

bool holdfast_policy_names_container(const char *name, const char *parent)
{
	const struct holdfast_policy *policy;
	bool is = false;
	u32 i;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	for (i = 0; policy && i < policy->nr_patterns && !is; i++)
		is = fits(&policy->patterns[i], name, parent);
	rcu_read_unlock();
	return is;
}

int holdfast_policy_add_runtime_program(struct holdfast_policy *policy,
					char *name)
{
	if (policy->nr_runtime_programs == HOLDFAST_RUNTIME_PROGRAMS_MAX)
		return -E2BIG;
	policy->runtime_programs[policy->nr_runtime_programs++] = name;
	return 0;
}

struct holdfast_digest_set *
holdfast_policy_digest_set(struct holdfast_policy *policy, u32 id)
{
	return xa_load(&policy->digest_sets, id);
}

u32 holdfast_policy_generation(void)
{
	const struct holdfast_policy *policy;
	u32 generation;

	rcu_read_lock();
	policy = holdfast_policy_rcu();
	generation = policy ? policy->generation : 0;
	rcu_read_unlock();
	return generation;
}

struct holdfast_policy *holdfast_policy_new(u32 generation)
{
	struct holdfast_policy *policy;

	policy = kvzalloc(sizeof(*policy), GFP_KERNEL_ACCOUNT);
	if (!policy)
		return NULL;
	policy->generation = generation;
	xa_init_flags(&policy->digest_sets, XA_FLAGS_ACCOUNT);
	return policy;
}

int holdfast_policy_add_profile(struct holdfast_policy *policy,
				struct holdfast_profile *profile)
{
	if (holdfast_policy_profile(policy, profile->id))
		return -EEXIST;
	if (policy->nr_profiles == HOLDFAST_PROFILES_MAX)
		return -E2BIG;
	hlist_add_head(&profile->node, &policy->profiles[bucket(profile->id)]);
	policy->nr_profiles++;
	policy->profile_bytes = max(policy->profile_bytes, profile->bytes);
	return 0;
}

int holdfast_policy_add_binding(struct holdfast_policy *policy, u64 cgroup_id,
				u32 profile_id)
{
	struct holdfast_binding *binding;

	if (find_binding(policy, cgroup_id))
		return -EEXIST;
	if (policy->nr_bindings == HOLDFAST_BINDINGS_MAX)
		return -E2BIG;
	binding = kmalloc(sizeof(*binding), GFP_KERNEL_ACCOUNT);
	if (!binding)
		return -ENOMEM;
	binding->cgroup_id = cgroup_id;
	binding->profile_id = profile_id;
	hlist_add_head(&binding->node, &policy->bindings[bucket(cgroup_id)]);
	policy->nr_bindings++;
	return 0;
}

int holdfast_policy_add_pattern(struct holdfast_policy *policy,
				const struct holdfast_pattern *pattern)
{
	if (policy->nr_patterns == HOLDFAST_PATTERNS_MAX)
		return -E2BIG;
	policy->patterns[policy->nr_patterns++] = *pattern;
	return 0;
}

static void put_digest_set(struct holdfast_digest_set *set)
{
	if (!refcount_dec_and_test(&set->refs))
		return;
	holdfast_digests_free(&set->digests);
	kfree(set);
}

/* Takes over the reference. */
static int add_digest_set(struct holdfast_policy *policy,
			  struct holdfast_digest_set *set)
{
	int err = xa_insert(&policy->digest_sets, set->id, set,
			    GFP_KERNEL_ACCOUNT);

	if (err)
		put_digest_set(set);
	else
		policy->nr_digests += set->digests.nr;
	return err;
}

static int make_digest_set(struct holdfast_policy *policy, u32 id)
{
	static atomic64_t last_serial;
	struct holdfast_digest_set *set;

	set = kzalloc(sizeof(*set), GFP_KERNEL_ACCOUNT);
	if (!set)
		return -ENOMEM;
	refcount_set(&set->refs, 1);
	set->id = id;
	set->serial = atomic64_inc_return(&last_serial);
	return add_digest_set(policy, set);
}

int holdfast_policy_add_digests(struct holdfast_policy *policy, u32 id,
				const u8 *digests, u32 nr)
{
	struct holdfast_digest_set *set;
	u32 before, i;
	int err = 0;

	if (!holdfast_policy_digest_set(policy, id))
		err = make_digest_set(policy, id);
	if (err)
		return err;
	set = holdfast_policy_digest_set(policy, id);
	if (READ_ONCE(set->sealed))
		return -EEXIST;
	for (i = 0; i < nr && !err; i++) {
		if (policy->nr_digests >= HOLDFAST_DIGESTS_MAX)
			return -E2BIG;
		before = set->digests.nr;
		err = holdfast_digests_add(&set->digests,
					   digests + i * HOLDFAST_DIGEST_SIZE);
		policy->nr_digests += set->digests.nr - before;
	}
	return err;
}

int holdfast_policy_keep_digests(struct holdfast_policy *policy, u32 id)
{
	struct holdfast_digest_set *set;
	struct holdfast_policy *now;

	rcu_read_lock();
	now = rcu_dereference(policy_in_force);
	set = now ? xa_load(&now->digest_sets, id) : NULL;
	if (set)
		refcount_inc(&set->refs);
	rcu_read_unlock();
	return set ? add_digest_set(policy, set) : -ENOENT;
}

void holdfast_profile_free(struct holdfast_profile *profile)
{
	u32 i, j;

	for (i = 0; i < profile->nr; i++) {
		struct holdfast_prefixes *set = &profile->rules[i].directories;

		for (j = 0; j < set->nr; j++)
			kfree(set->sorted[j]);
		kvfree(set->sorted);
	}
	holdfast_rule_ids_put(profile->running);
	kvfree(profile->rules);
	kfree(profile);
}

void holdfast_policy_free(struct holdfast_policy *policy)
{
	struct holdfast_profile *profile;
	struct holdfast_binding *binding;
	struct holdfast_digest_set *set;
	struct hlist_node *next;
	unsigned long id;
	unsigned int i;

	if (!policy)
		return;
	for (i = 0; i < ARRAY_SIZE(policy->profiles); i++) {
		hlist_for_each_entry_safe(profile, next, &policy->profiles[i],
					  node)
			holdfast_profile_free(profile);
		hlist_for_each_entry_safe(binding, next, &policy->bindings[i],
					  node)
			kfree(binding);
		cond_resched();
	}
	for (i = 0; i < policy->nr_runtime_programs; i++)
		kfree(policy->runtime_programs[i]);
	xa_for_each(&policy->digest_sets, id, set)
		put_digest_set(set);
	xa_destroy(&policy->digest_sets);
	kvfree(policy);
}

const char *holdfast_policy_check(const struct holdfast_policy *policy)
{
	const struct holdfast_binding *binding;
	unsigned int i;

	if (!holdfast_policy_profile(policy, policy->default_profile))
		return "the default profile is not in the policy";
	for (i = 0; i < ARRAY_SIZE(policy->bindings); i++)
		hlist_for_each_entry(binding, &policy->bindings[i], node)
			if (!holdfast_policy_profile(policy,
						     binding->profile_id))
				return "a binding names a profile that is not in the policy";
	return NULL;
}

static void free_work(struct work_struct *work)
{
	holdfast_policy_free(container_of(to_rcu_work(work),
					  struct holdfast_policy, free));
}

int holdfast_policy_commit(struct holdfast_policy *policy)
{
	struct holdfast_digest_set *set;
	struct holdfast_policy *old;
	unsigned long id;
	int err = 0;

	xa_for_each(&policy->digest_sets, id, set)
		WRITE_ONCE(set->sealed, true);

	mutex_lock(&commit_lock);
	old = rcu_dereference_protected(policy_in_force,
					lockdep_is_held(&commit_lock));
	if (old && policy->generation <= old->generation)
		err = -ESTALE;
	else if (old && !holdfast_guard_may_replace(old, policy))
		err = -EPERM;
	else
		rcu_assign_pointer(policy_in_force, policy);
	mutex_unlock(&commit_lock);
	if (!err && old) {
		INIT_RCU_WORK(&old->free, free_work);
		queue_rcu_work(free_queue, &old->free);
	}
	return err;
}

int holdfast_policy_bind(struct holdfast_container *container, u32 generation,
			 u32 profile_id)
{
	const struct holdfast_profile *profile = NULL;
	const struct holdfast_policy *policy;
	int err = 0;

	mutex_lock(&commit_lock);
	policy = rcu_dereference_protected(policy_in_force,
					   lockdep_is_held(&commit_lock));
	if (policy)
		profile = holdfast_policy_profile(policy, profile_id);
	if (!policy || policy->generation != generation)
		err = -ESTALE;
	else if (!profile)
		err = -ENOENT;
	else if (container &&
		 !holdfast_guard_may_bind(policy, container, profile))
		err = -EPERM;
	else if (container)
		holdfast_container_bind(container, generation, profile_id);
	mutex_unlock(&commit_lock);
	return err;
}

int holdfast_policy_init(void)
{
	free_queue = alloc_workqueue("holdfast_policy", WQ_UNBOUND, 1);
	return free_queue ? 0 : -ENOMEM;
}

void holdfast_policy_exit(void)
{
	struct holdfast_policy *last;

	last = rcu_replace_pointer(policy_in_force, NULL, true);
	/* Snapshots that were replaced are on their way to the queue. */
	rcu_barrier();
	destroy_workqueue(free_queue);
	holdfast_policy_free(last);
}
