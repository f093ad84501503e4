/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_POLICY_H
#define HOLDFAST_POLICY_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <uapi/linux/holdfast.h>

#include "core/digests.h"
#include "core/path_prefix.h"

struct holdfast_container;
struct holdfast_rule_ids;

/**
 * struct holdfast_digest_set - files that rules exempt, wherever they are
 * @refs: policies
 * @id: not 0
 * @serial: no other set has had it
 * @sealed: a policy with it was in force: immutable, but for what follows
 * @digests: of their bytes
 * @compared: serial of the set that it was compared with last, by the lock
 *	(see guard.c); protected by that of commits, as is @within
 * @within: it is within that set
 */
struct holdfast_digest_set {
	refcount_t refs;
	u32 id;
	u64 serial;
	bool sealed;
	struct holdfast_digests digests;
	u64 compared;
	bool within;
};

/**
 * struct holdfast_rule - one rule as far as the kernel needs it
 * @tag: the controller's name of it
 * @type: enum holdfast_rule_type
 * @action: enum holdfast_verdict
 * @on_running: likewise, on what runs as it comes into force
 * @id: the same as long as it says the same, 0 if @on_running is ALLOW
 * @directories: what lies in one of them is exempt
 * @programs: so is what has one of these digests; of the policy, NULL for none
 * @checks: of CONTAINER_ESCAPE, the items that it is about
 */
struct holdfast_rule {
	u32 tag;
	u32 type;
	u32 action;
	u32 on_running;
	u64 id;
	struct holdfast_prefixes directories;
	struct holdfast_digest_set *programs;
	u8 checks[HOLDFAST_CHECK_SET_BYTES];
};

/**
 * struct holdfast_profile - what is enforced for a container
 * @node: in the policy's table by id
 * @id: not 0
 * @nr: how many rules
 * @bytes: of the nest that tells it
 * @split: the directories of its rules are told in nests of their own
 * @rules: each is judged by itself
 * @running: of those that are about what runs as they come into force; a
 *	reference, NULL for none
 */
struct holdfast_profile {
	struct hlist_node node;
	u32 id;
	u32 nr;
	u32 bytes;
	bool split;
	struct holdfast_rule *rules;
	struct holdfast_rule_ids *running;
};

struct holdfast_binding {
	struct hlist_node node;
	u64 cgroup_id;
	u32 profile_id;
};

struct holdfast_pattern {
	char prefix[HOLDFAST_PATTERN_MAX + 1];
	char suffix[HOLDFAST_PATTERN_MAX + 1];
	char parent[HOLDFAST_PATTERN_MAX + 1];
};

#define HOLDFAST_POLICY_BITS	8

/**
 * struct holdfast_policy - a snapshot: one generation of everything in force
 * @generation: not 0
 * @default_profile: for containers that nobody has bound
 * @query_timeout_ms: how long a task waits
 * @nr_profiles: how many
 * @nr_bindings: how many
 * @nr_patterns: how many
 * @nr_digests: how many, in all sets
 * @nr_runtime_programs: how many
 * @profile_bytes: of the longest nest about a profile
 * @profiles: table by id
 * @bindings: table by cgroup id
 * @digest_sets: by id, references
 * @patterns: as many as @nr_patterns
 * @runtime_programs: absolute names on the host, as many as
 *	@nr_runtime_programs
 * @free: work that frees it after the last reader under RCU
 *
 * Built by one transaction, then immutable, behind one RCU pointer.
 */
struct holdfast_policy {
	u32 generation;
	u32 default_profile;
	u32 query_timeout_ms;
	u32 nr_profiles;
	u32 nr_bindings;
	u32 nr_patterns;
	u32 nr_digests;
	u32 nr_runtime_programs;
	u32 profile_bytes;
	struct hlist_head profiles[1 << HOLDFAST_POLICY_BITS];
	struct hlist_head bindings[1 << HOLDFAST_POLICY_BITS];
	struct xarray digest_sets;
	struct holdfast_pattern patterns[HOLDFAST_PATTERNS_MAX];
	char *runtime_programs[HOLDFAST_RUNTIME_PROGRAMS_MAX];
	struct rcu_work free;
};

/* Under RCU; NULL before the first commit. */
const struct holdfast_policy *holdfast_policy_rcu(void);
const struct holdfast_profile *
holdfast_policy_profile(const struct holdfast_policy *policy, u32 id);

/* The profile in force for a container; never NULL. */
const struct holdfast_profile *
holdfast_policy_of(const struct holdfast_policy *policy,
		   struct holdfast_container *container);

/* Was the container's profile chosen from the policy in force? */
bool holdfast_policy_binds(struct holdfast_container *container);

/* Does a cgroup of this name, with a parent of that, hold a container? */
bool holdfast_policy_names_container(const char *name, const char *parent);

u32 holdfast_policy_generation(void);

/*
 * Building, by the one transaction that is open. Pieces are owned by the
 * policy once they were added without error.
 */
struct holdfast_policy *holdfast_policy_new(u32 generation);
int holdfast_policy_add_profile(struct holdfast_policy *policy,
				struct holdfast_profile *profile);
int holdfast_policy_add_binding(struct holdfast_policy *policy, u64 cgroup_id,
				u32 profile_id);
int holdfast_policy_add_pattern(struct holdfast_policy *policy,
				const struct holdfast_pattern *pattern);
/* Takes over @name if it succeeds. */
int holdfast_policy_add_runtime_program(struct holdfast_policy *policy,
					char *name);
/* @nr digests, one after the other, to the set @id. Sleeps. */
int holdfast_policy_add_digests(struct holdfast_policy *policy, u32 id,
				const u8 *digests, u32 nr);
/* The set @id of the policy in force is to be one of @policy; or -ENOENT. */
int holdfast_policy_keep_digests(struct holdfast_policy *policy, u32 id);
/* NULL if there is none. */
struct holdfast_digest_set *
holdfast_policy_digest_set(struct holdfast_policy *policy, u32 id);
void holdfast_profile_free(struct holdfast_profile *profile);
/* One that was never in force. */
void holdfast_policy_free(struct holdfast_policy *policy);

/* NULL, or what is wrong with the policy as a whole. */
const char *holdfast_policy_check(const struct holdfast_policy *policy);

/*
 * Puts @policy in force; -ESTALE if its generation is not above the one in
 * force. Binding a container to a profile is serialised with it.
 */
int holdfast_policy_commit(struct holdfast_policy *policy);
/* 0, -ESTALE, -ENOENT or -EPERM; with NULL only whether there is the profile. */
int holdfast_policy_bind(struct holdfast_container *container, u32 generation,
			 u32 profile_id);

int holdfast_policy_init(void);
/* When nothing reads policy any more. */
void holdfast_policy_exit(void);

#endif
