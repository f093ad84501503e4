// SPDX-License-Identifier: GPL-2.0-only
/*
 * A change of the policy: begin, parts, commit. All or nothing, of one socket,
 * one at a time.
 */
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "adopt.h"
#include "check.h"
#include "netlink.h"
#include "policy.h"
#include "rule_ids.h"
#include "survey.h"
#include "transaction.h"

static const struct nla_policy rule_policy[] = {
	[HOLDFAST_A_RULE_TAG] = { .type = NLA_U32 },
	[HOLDFAST_A_RULE_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, HOLDFAST_RULE_MAX),
	[HOLDFAST_A_RULE_ACTION] = NLA_POLICY_MAX(NLA_U32, HOLDFAST_VERDICT_MAX),
	[HOLDFAST_A_RULE_DIRECTORY] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_PATH_MAX },
	[HOLDFAST_A_RULE_ID] = { .type = NLA_U64 },
	[HOLDFAST_A_RULE_ON_RUNNING] =
		NLA_POLICY_MAX(NLA_U32, HOLDFAST_VERDICT_MAX),
	[HOLDFAST_A_RULE_DIGEST_SET] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_RULE_CHECKS] =
		NLA_POLICY_EXACT_LEN(HOLDFAST_CHECK_SET_BYTES),
};

const struct nla_policy holdfast_profile_policy[HOLDFAST_A_PROFILE_MAX + 1] = {
	[HOLDFAST_A_PROFILE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_PROFILE_RULE] = NLA_POLICY_NESTED(rule_policy),
	[HOLDFAST_A_PROFILE_MORE] = { .type = NLA_U32 },
	[HOLDFAST_A_PROFILE_DIRECTORY] = { .type = NLA_NUL_STRING,
					   .len = HOLDFAST_PATH_MAX },
};

const struct nla_policy holdfast_binding_policy[HOLDFAST_A_BINDING_MAX + 1] = {
	[HOLDFAST_A_BINDING_CGROUP_ID] = { .type = NLA_U64 },
	[HOLDFAST_A_BINDING_PROFILE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy holdfast_pattern_policy[HOLDFAST_A_PATTERN_MAX + 1] = {
	[HOLDFAST_A_PATTERN_PREFIX] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_PATTERN_MAX },
	[HOLDFAST_A_PATTERN_SUFFIX] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_PATTERN_MAX },
	[HOLDFAST_A_PATTERN_PARENT] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_PATTERN_MAX },
};

const struct nla_policy holdfast_digests_policy[HOLDFAST_A_DIGESTS_MAX + 1] = {
	[HOLDFAST_A_DIGESTS_SET] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_DIGESTS_SHA256] =
		NLA_POLICY_MIN_LEN(HOLDFAST_DIGEST_SIZE),
};

/* The one that may be open, and whose it is. */
static DEFINE_MUTEX(transaction_lock);
static struct holdfast_policy *transaction;
static u32 transaction_port;

int holdfast_transaction_begin(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct holdfast_policy *fresh;
	int err;

	err = holdfast_need(info, NULL, attrs, "generation or default profile is missing",
			    HOLDFAST_A_POLICY_GENERATION,
			    HOLDFAST_A_POLICY_DEFAULT_PROFILE, 0);
	if (err)
		return err;
	fresh = holdfast_policy_new(nla_get_u32(attrs[HOLDFAST_A_POLICY_GENERATION]));
	if (!fresh)
		return -ENOMEM;
	fresh->default_profile =
		nla_get_u32(attrs[HOLDFAST_A_POLICY_DEFAULT_PROFILE]);
	if (attrs[HOLDFAST_A_POLICY_QUERY_TIMEOUT_MS])
		fresh->query_timeout_ms =
			nla_get_u32(attrs[HOLDFAST_A_POLICY_QUERY_TIMEOUT_MS]);

	mutex_lock(&transaction_lock);
	if (transaction && transaction_port != info->snd_portid) {
		err = holdfast_fault(info, NULL, -EBUSY,
				     "another socket has a transaction open");
	} else {
		/* A second BEGIN of the same socket starts over. */
		swap(transaction, fresh);
		transaction_port = info->snd_portid;
	}
	mutex_unlock(&transaction_lock);
	holdfast_policy_free(fresh);
	return err;
}

/* Those of the attributes of @type in @nest, beside what @rule has already. */
static int parse_directories(struct holdfast_rule *rule, int type,
			     const struct nlattr *nest, struct genl_info *info)
{
	struct holdfast_prefixes *set = &rule->directories;
	unsigned int nr = set->nr, more = 0;
	struct nlattr *attr;
	char **names;
	int rem, err = 0;

	nla_for_each_nested(attr, nest, rem)
		more += nla_type(attr) == type;
	if (!more)
		return 0;
	if (nr + more > HOLDFAST_DIRECTORIES_MAX)
		return holdfast_fault(info, nest, -E2BIG, "too many directories");
	names = kvcalloc(nr + more, sizeof(*names), GFP_KERNEL_ACCOUNT);
	if (!names)
		return -ENOMEM;
	if (nr)
		memcpy(names, set->sorted, nr * sizeof(*names));
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != type)
			continue;
		if (!holdfast_prefix_valid(nla_data(attr))) {
			err = holdfast_fault(info, attr, -EINVAL,
					     "directory is not absolute and normal");
			break;
		}
		names[nr] = nla_strdup(attr, GFP_KERNEL_ACCOUNT);
		if (!names[nr]) {
			err = -ENOMEM;
			break;
		}
		nr++;
	}
	/* Also after an error, so that the profile owns what there is. */
	kvfree(set->sorted);
	holdfast_prefixes_init(set, names, nr);
	return err;
}

/* @id: of a profile that this transaction has already */
static int parse_more(u32 id, u32 index, const struct nlattr *nest,
		      struct genl_info *info)
{
	struct holdfast_profile *profile;

	/* Nobody else reads it as yet. */
	profile = (struct holdfast_profile *)
		holdfast_policy_profile(transaction, id);
	if (!profile || index >= profile->nr)
		return holdfast_fault(info, nest, -ENOENT,
				      "there is no such rule to have more directories");
	if (profile->rules[index].type == HOLDFAST_RULE_CONTAINER_ESCAPE)
		return holdfast_fault(info, nest, -EINVAL,
				      "a rule about escapes is not about files");
	profile->split = true;
	transaction->profile_bytes = max_t(u32, transaction->profile_bytes,
					   nla_total_size(nla_len(nest)));
	return parse_directories(&profile->rules[index],
				 HOLDFAST_A_PROFILE_DIRECTORY, nest, info);
}

static int parse_digest_set(struct holdfast_rule *rule,
			    const struct nlattr *attr, struct genl_info *info)
{
	if (!attr)
		return 0;
	rule->programs = holdfast_policy_digest_set(transaction,
						    nla_get_u32(attr));
	return rule->programs ? 0 : holdfast_fault(info, attr, -ENOENT,
						   "there is no such set of digests");
}

static int parse_checks(struct holdfast_rule *rule, struct nlattr **attrs,
			const struct nlattr *nest, struct genl_info *info)
{
	bool escape = rule->type == HOLDFAST_RULE_CONTAINER_ESCAPE;
	const struct nlattr *checks = attrs[HOLDFAST_A_RULE_CHECKS];
	u32 i;

	if (escape != !!checks)
		return holdfast_fault(info, nest, -EINVAL,
				      "rules about escapes, and only they, have checks");
	if (!escape)
		return 0;
	if (rule->on_running)
		return holdfast_fault(info, nest, -EINVAL,
				      "a rule about escapes is not about what runs");
	memcpy(rule->checks, nla_data(checks), sizeof(rule->checks));
	for (i = HOLDFAST_CHECKS_NR; i < HOLDFAST_CHECK_SET_BYTES * 8; i++)
		if (holdfast_check_set_has(rule->checks, i))
			return holdfast_fault(info, checks, -EINVAL,
					      "there is no such check");
	if (attrs[HOLDFAST_A_RULE_DIGEST_SET] || attrs[HOLDFAST_A_RULE_DIRECTORY])
		return holdfast_fault(info, nest, -EINVAL,
				      "a rule about escapes is not about files");
	return 0;
}

static int parse_rule(struct holdfast_rule *rule, const struct nlattr *nest,
		      struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_RULE_MAX + 1];
	int err;

	err = nla_parse_nested(attrs, HOLDFAST_A_RULE_MAX, nest, rule_policy,
			       info->extack);
	if (!err)
		err = holdfast_need(info, nest, attrs,
				    "rule needs a tag, a type and an action",
				    HOLDFAST_A_RULE_TAG, HOLDFAST_A_RULE_TYPE,
				    HOLDFAST_A_RULE_ACTION, 0);
	if (err)
		return err;
	rule->tag = nla_get_u32(attrs[HOLDFAST_A_RULE_TAG]);
	rule->type = nla_get_u32(attrs[HOLDFAST_A_RULE_TYPE]);
	rule->action = nla_get_u32(attrs[HOLDFAST_A_RULE_ACTION]);
	if (attrs[HOLDFAST_A_RULE_ON_RUNNING])
		rule->on_running = nla_get_u32(attrs[HOLDFAST_A_RULE_ON_RUNNING]);
	if (rule->on_running && attrs[HOLDFAST_A_RULE_ID])
		rule->id = nla_get_u64(attrs[HOLDFAST_A_RULE_ID]);
	if (rule->on_running && !rule->id)
		return holdfast_fault(info, nest, -EINVAL,
				      "rule about what runs needs an id");
	err = parse_checks(rule, attrs, nest, info);
	if (!err)
		err = parse_digest_set(rule, attrs[HOLDFAST_A_RULE_DIGEST_SET],
				       info);
	return err ? err : parse_directories(rule, HOLDFAST_A_RULE_DIRECTORY,
					     nest, info);
}

static int parse_profile(const struct nlattr *nest, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_PROFILE_MAX + 1];
	struct holdfast_profile *profile;
	struct nlattr *attr;
	u32 nr = 0;
	int rem, err;

	err = nla_parse_nested(attrs, HOLDFAST_A_PROFILE_MAX, nest,
			       holdfast_profile_policy, info->extack);
	if (!err)
		err = holdfast_need(info, nest, attrs, "profile needs an id",
				    HOLDFAST_A_PROFILE_ID, 0);
	if (err)
		return err;
	if (attrs[HOLDFAST_A_PROFILE_MORE])
		return parse_more(nla_get_u32(attrs[HOLDFAST_A_PROFILE_ID]),
				  nla_get_u32(attrs[HOLDFAST_A_PROFILE_MORE]),
				  nest, info);
	if (nla_len(nest) > HOLDFAST_PROFILE_BYTES_MAX)
		return holdfast_fault(info, nest, -E2BIG,
				      "profile is larger than what can be told");
	nla_for_each_nested(attr, nest, rem)
		nr += nla_type(attr) == HOLDFAST_A_PROFILE_RULE;
	if (nr > HOLDFAST_RULES_MAX)
		return holdfast_fault(info, nest, -E2BIG, "too many rules");

	profile = kzalloc(sizeof(*profile), GFP_KERNEL_ACCOUNT);
	if (!profile)
		return -ENOMEM;
	profile->id = nla_get_u32(attrs[HOLDFAST_A_PROFILE_ID]);
	profile->bytes = nla_total_size(nla_len(nest));
	profile->rules = kvcalloc(nr, sizeof(*profile->rules),
				  GFP_KERNEL_ACCOUNT);
	if (!profile->rules && nr)
		err = -ENOMEM;
	if (!err) {
		nla_for_each_nested(attr, nest, rem) {
			if (nla_type(attr) != HOLDFAST_A_PROFILE_RULE)
				continue;
			err = parse_rule(&profile->rules[profile->nr++], attr,
					 info);
			if (err)
				break;
		}
	}
	if (!err)
		err = holdfast_rule_ids_make(profile);
	if (!err) {
		err = holdfast_policy_add_profile(transaction, profile);
		if (err)
			NL_SET_ERR_MSG_ATTR(info->extack, nest,
					    "profile is there already, or one too many");
	}
	if (err)
		holdfast_profile_free(profile);
	return err;
}

static int parse_binding(const struct nlattr *nest, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_BINDING_MAX + 1];
	int err;

	err = nla_parse_nested(attrs, HOLDFAST_A_BINDING_MAX, nest,
			       holdfast_binding_policy, info->extack);
	if (!err)
		err = holdfast_need(info, nest, attrs, "binding needs cgroup and profile",
				    HOLDFAST_A_BINDING_CGROUP_ID,
				    HOLDFAST_A_BINDING_PROFILE_ID, 0);
	if (err)
		return err;
	err = holdfast_policy_add_binding(transaction,
					  nla_get_u64(attrs[HOLDFAST_A_BINDING_CGROUP_ID]),
					  nla_get_u32(attrs[HOLDFAST_A_BINDING_PROFILE_ID]));
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, nest,
				    "cgroup is bound already, or one too many");
	return err;
}

static void copy_text(char *to, const struct nlattr *attr)
{
	if (attr)
		nla_strscpy(to, attr, HOLDFAST_PATTERN_MAX + 1);
}

static int parse_pattern(const struct nlattr *nest, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_PATTERN_MAX + 1];
	struct holdfast_pattern pattern = {};
	int err;

	err = nla_parse_nested(attrs, HOLDFAST_A_PATTERN_MAX, nest,
			       holdfast_pattern_policy, info->extack);
	if (err)
		return err;
	copy_text(pattern.prefix, attrs[HOLDFAST_A_PATTERN_PREFIX]);
	copy_text(pattern.suffix, attrs[HOLDFAST_A_PATTERN_SUFFIX]);
	copy_text(pattern.parent, attrs[HOLDFAST_A_PATTERN_PARENT]);
	if (!*pattern.prefix && !*pattern.parent)
		return holdfast_fault(info, nest, -EINVAL,
				      "pattern needs a prefix or a parent");
	if (holdfast_policy_add_pattern(transaction, &pattern))
		return holdfast_fault(info, nest, -E2BIG, "too many patterns");
	return 0;
}

static int parse_digests(const struct nlattr *nest, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_DIGESTS_MAX + 1], *list;
	u32 id;
	int err;

	err = nla_parse_nested(attrs, HOLDFAST_A_DIGESTS_MAX, nest,
			       holdfast_digests_policy, info->extack);
	if (!err)
		err = holdfast_need(info, nest, attrs, "digests need a set",
				    HOLDFAST_A_DIGESTS_SET, 0);
	if (err)
		return err;
	id = nla_get_u32(attrs[HOLDFAST_A_DIGESTS_SET]);
	list = attrs[HOLDFAST_A_DIGESTS_SHA256];
	if (!list) {
		err = holdfast_policy_keep_digests(transaction, id);
		return err ? holdfast_fault(info, nest, err,
					    "no such set is in force, or it is there already") :
			     0;
	}
	if (nla_len(list) % HOLDFAST_DIGEST_SIZE)
		return holdfast_fault(info, list, -EINVAL,
				      "digests are of 32 bytes each");
	err = holdfast_policy_add_digests(transaction, id, nla_data(list),
					  nla_len(list) / HOLDFAST_DIGEST_SIZE);
	if (err == -E2BIG)
		NL_SET_ERR_MSG_ATTR(info->extack, list, "too many digests");
	else if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack, nest,
				    "the set is in force as it is");
	else if (err == -EINVAL)
		NL_SET_ERR_MSG_ATTR(info->extack, list,
				    "all zeros are no digest");
	return err;
}

static int parse_runtime_program(const struct nlattr *attr,
				 struct genl_info *info)
{
	char *name;
	int err;

	if (!holdfast_prefix_valid(nla_data(attr)))
		return holdfast_fault(info, attr, -EINVAL,
				      "program is not absolute and normal");
	name = nla_strdup(attr, GFP_KERNEL_ACCOUNT);
	if (!name)
		return -ENOMEM;
	err = holdfast_policy_add_runtime_program(transaction, name);
	if (!err)
		return 0;
	kfree(name);
	return holdfast_fault(info, attr, err, "too many programs");
}

static int parse_part(struct genl_info *info)
{
	struct nlattr *attr;
	int rem, err = 0;

	lockdep_assert_held(&transaction_lock);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		switch (nla_type(attr)) {
		case HOLDFAST_A_PROFILE:
			err = parse_profile(attr, info);
			break;
		case HOLDFAST_A_BINDING:
			err = parse_binding(attr, info);
			break;
		case HOLDFAST_A_PATTERN:
			err = parse_pattern(attr, info);
			break;
		case HOLDFAST_A_DIGESTS:
			err = parse_digests(attr, info);
			break;
		case HOLDFAST_A_RUNTIME_PROGRAM:
			err = parse_runtime_program(attr, info);
			break;
		default:
			err = holdfast_fault(info, attr, -EINVAL,
					     "attribute is no part of a policy");
		}
		if (err)
			break;
	}
	return err;
}

static int check_owner(struct genl_info *info)
{
	lockdep_assert_held(&transaction_lock);
	if (transaction && transaction_port == info->snd_portid)
		return 0;
	return holdfast_fault(info, NULL, -EBADFD,
			      "this socket has no transaction open");
}

/* What is left of a transaction after a fault is nobody's to commit. */
static void abort_locked(void)
{
	lockdep_assert_held(&transaction_lock);
	holdfast_policy_free(transaction);
	transaction = NULL;
	transaction_port = 0;
}

int holdfast_transaction_part(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	mutex_lock(&transaction_lock);
	err = check_owner(info);
	if (!err) {
		err = parse_part(info);
		if (err)
			abort_locked();
	}
	mutex_unlock(&transaction_lock);
	return err;
}

int holdfast_transaction_commit(struct sk_buff *skb, struct genl_info *info)
{
	const char *wrong;
	int err;

	mutex_lock(&transaction_lock);
	err = check_owner(info);
	if (err)
		goto out;
	wrong = holdfast_policy_check(transaction);
	err = wrong ? holdfast_fault(info, NULL, -EINVAL, wrong) :
		      holdfast_policy_commit(transaction);
	if (err == -ESTALE)
		NL_SET_ERR_MSG(info->extack,
			       "generation is not above the one in force");
	else if (err == -EPERM)
		NL_SET_ERR_MSG(info->extack,
			       "locked until reboot: policy may be tightened only");
	if (err)
		abort_locked();
	transaction = NULL;
	transaction_port = 0;
out:
	mutex_unlock(&transaction_lock);
	if (!err) {
		holdfast_adopt_all();
		holdfast_survey_start();
	}
	return err;
}

int holdfast_transaction_abort(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	mutex_lock(&transaction_lock);
	err = check_owner(info);
	if (!err)
		abort_locked();
	mutex_unlock(&transaction_lock);
	return err;
}

void holdfast_transaction_release(u32 port)
{
	mutex_lock(&transaction_lock);
	if (transaction && port == transaction_port)
		abort_locked();
	mutex_unlock(&transaction_lock);
}

void holdfast_transaction_exit(void)
{
	holdfast_policy_free(transaction);
	transaction = NULL;
}
