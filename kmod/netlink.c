// SPDX-License-Identifier: GPL-2.0-only
/*
 * The controller's side of the module. No handler waits for a task: handlers
 * run in parallel, what they share has locks of its own.
 */
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "attach.h"
#include "compat/compat.h"
#include "container.h"
#include "event.h"
#include "guard.h"
#include "member.h"
#include "message.h"
#include "netlink.h"
#include "origin.h"
#include "policy.h"
#include "query.h"

#define MESSAGE_SIZE	(16 * 1024)

static const struct nla_policy rule_policy[] = {
	[HOLDFAST_A_RULE_TAG] = { .type = NLA_U32 },
	[HOLDFAST_A_RULE_TYPE] = NLA_POLICY_RANGE(NLA_U32, 1, HOLDFAST_RULE_MAX),
	[HOLDFAST_A_RULE_ACTION] = NLA_POLICY_MAX(NLA_U32, HOLDFAST_VERDICT_MAX),
	[HOLDFAST_A_RULE_DIRECTORY] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_PATH_MAX },
};

static const struct nla_policy profile_policy[] = {
	[HOLDFAST_A_PROFILE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_PROFILE_RULE] = NLA_POLICY_NESTED(rule_policy),
};

static const struct nla_policy binding_policy[] = {
	[HOLDFAST_A_BINDING_CGROUP_ID] = { .type = NLA_U64 },
	[HOLDFAST_A_BINDING_PROFILE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy pattern_policy[] = {
	[HOLDFAST_A_PATTERN_PREFIX] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_PATTERN_MAX },
	[HOLDFAST_A_PATTERN_SUFFIX] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_PATTERN_MAX },
	[HOLDFAST_A_PATTERN_PARENT] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_PATTERN_MAX },
};

static const struct nla_policy container_policy[HOLDFAST_A_CONTAINER_MAX + 1] = {
	[HOLDFAST_A_CONTAINER_CGROUP_ID] = { .type = NLA_U64 },
	[HOLDFAST_A_CONTAINER_NAME] = { .type = NLA_NUL_STRING,
					.len = HOLDFAST_NAME_MAX },
	[HOLDFAST_A_CONTAINER_PROFILE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_CONTAINER_GENERATION] = { .type = NLA_U32 },
	[HOLDFAST_A_CONTAINER_FLAGS] =
		NLA_POLICY_MASK(NLA_U32, __HOLDFAST_CONTAINER_F_SETTABLE),
};

static const struct nla_policy member_policy[HOLDFAST_A_MEMBER_MAX + 1] = {
	[HOLDFAST_A_MEMBER_TGID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_MEMBER_START_TIME] = { .type = NLA_U64 },
	[HOLDFAST_A_MEMBER_CGROUP_ID] = { .type = NLA_U64 },
};

static const struct nla_policy query_policy[HOLDFAST_A_QUERY_MAX + 1] = {
	[HOLDFAST_A_QUERY_ID] = { .type = NLA_U64 },
	[HOLDFAST_A_QUERY_ANSWER] =
		NLA_POLICY_RANGE(NLA_U32, 1, HOLDFAST_ANSWER_MAX),
	[HOLDFAST_A_QUERY_CONTAINER] = NLA_POLICY_NESTED(container_policy),
};

static const struct nla_policy probe_policy[] = {
	[HOLDFAST_A_PROBE_FD] = { .type = NLA_U32 },
	[HOLDFAST_A_PROBE_EXPECT] =
		NLA_POLICY_RANGE(NLA_U32, 1, HOLDFAST_EXPECT_MAX),
};

static const struct nla_policy policy[HOLDFAST_A_MAX + 1] = {
	[HOLDFAST_A_ABI_VERSION] = { .type = NLA_U32 },
	[HOLDFAST_A_POLICY_GENERATION] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_POLICY_DEFAULT_PROFILE] = NLA_POLICY_MIN(NLA_U32, 1),
	[HOLDFAST_A_POLICY_QUERY_TIMEOUT_MS] =
		NLA_POLICY_RANGE(NLA_U32, 1, HOLDFAST_QUERY_TIMEOUT_MS_MAX),
	[HOLDFAST_A_PROFILE] = NLA_POLICY_NESTED(profile_policy),
	[HOLDFAST_A_BINDING] = NLA_POLICY_NESTED(binding_policy),
	[HOLDFAST_A_PATTERN] = NLA_POLICY_NESTED(pattern_policy),
	[HOLDFAST_A_CONTAINER] = NLA_POLICY_NESTED(container_policy),
	[HOLDFAST_A_MEMBER] = NLA_POLICY_NESTED(member_policy),
	[HOLDFAST_A_QUERY] = NLA_POLICY_NESTED(query_policy),
	[HOLDFAST_A_ACK_NUMBER] = { .type = NLA_U64 },
	[HOLDFAST_A_PROBE] = NLA_POLICY_NESTED(probe_policy),
};

static bool is_disabled;

static DEFINE_MUTEX(controller_lock); /* serialises who is the controller */
static u32 controller_port;	/* 0 for none; read without the lock */
static u32 controller_tgid;	/* likewise */

/* The one transaction that may be open, and whose it is. */
static DEFINE_MUTEX(transaction_lock);
static struct holdfast_policy *transaction;
static u32 transaction_port;

u32 holdfast_netlink_controller(void)
{
	return READ_ONCE(controller_tgid);
}

u32 holdfast_netlink_port(void)
{
	return READ_ONCE(controller_port);
}

struct sk_buff *holdfast_netlink_new(u8 cmd, void **header)
{
	struct sk_buff *skb = nlmsg_new(MESSAGE_SIZE, GFP_KERNEL);

	if (skb)
		*header = genlmsg_put(skb, 0, 0, &holdfast_family, 0, cmd);
	return skb;
}

void holdfast_netlink_drop(struct sk_buff *skb)
{
	nlmsg_free(skb);
}

int holdfast_netlink_send(struct sk_buff *skb, void *header, u32 port)
{
	if (!port) {
		nlmsg_free(skb);
		return -ENOTCONN;
	}
	genlmsg_end(skb, header);
	return genlmsg_unicast(&init_net, skb, port);
}

/* Names the fault in the extended ack; @text is a constant. */
static int fault(struct genl_info *info, const struct nlattr *attr, int err,
		 const char *text)
{
	if (info->extack) {
		info->extack->_msg = text;
		info->extack->bad_attr = attr;
	}
	return err;
}

/* Complains about the attribute that is missing, if one is. */
static int need(struct genl_info *info, const struct nlattr *nest,
		struct nlattr **attrs, const char *what, ...)
{
	va_list list;
	int attr, err = 0;

	va_start(list, what);
	while (!err && (attr = va_arg(list, int)))
		if (!attrs[attr])
			err = -EINVAL;
	va_end(list);
	return err ? fault(info, nest, err, what) : 0;
}

static int put_hello(struct sk_buff *skb)
{
	return nla_put_u32(skb, HOLDFAST_A_ABI_VERSION, HOLDFAST_ABI_VERSION) ||
	       nla_put_string(skb, HOLDFAST_A_BOOT_ID, holdfast_boot_id) ||
	       nla_put_u64_64bit(skb, HOLDFAST_A_LOAD_ID, holdfast_load_id,
				 HOLDFAST_A_PAD);
}

static int reply_status(struct genl_info *info, bool hello)
{
	struct sk_buff *skb;
	void *header;
	int err;

	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	header = genlmsg_put_reply(skb, info, &holdfast_family, 0,
				   info->genlhdr->cmd);
	err = (hello && put_hello(skb)) ||
	      holdfast_put_status(skb, is_disabled);
	if (err) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static int do_hello(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *version = info->attrs[HOLDFAST_A_ABI_VERSION];
	int err;

	if (!version)
		return fault(info, NULL, -EINVAL, "ABI_VERSION is missing");
	if (nla_get_u32(version) != HOLDFAST_ABI_VERSION)
		return fault(info, version, -EPROTONOSUPPORT,
			     "the module speaks another version");
	/* First, so that what follows the reply cannot overtake it. */
	err = reply_status(info, true);
	if (err)
		return err;
	mutex_lock(&controller_lock);
	WRITE_ONCE(controller_port, info->snd_portid);
	WRITE_ONCE(controller_tgid, current->tgid);
	holdfast_event_reader(info->snd_portid);
	holdfast_query_start();
	mutex_unlock(&controller_lock);
	return 0;
}

static int do_status(struct sk_buff *skb, struct genl_info *info)
{
	return reply_status(info, false);
}

static int do_policy_begin(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct holdfast_policy *fresh;
	int err;

	err = need(info, NULL, attrs, "generation or default profile is missing",
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
		err = fault(info, NULL, -EBUSY,
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

static int parse_directories(struct holdfast_rule *rule,
			     const struct nlattr *nest, struct genl_info *info)
{
	struct nlattr *attr;
	unsigned int nr = 0;
	char **names;
	int rem, err = 0;

	nla_for_each_nested(attr, nest, rem)
		nr += nla_type(attr) == HOLDFAST_A_RULE_DIRECTORY;
	if (!nr)
		return 0;
	if (nr > HOLDFAST_DIRECTORIES_MAX)
		return fault(info, nest, -E2BIG, "too many directories");
	names = kvcalloc(nr, sizeof(*names), GFP_KERNEL_ACCOUNT);
	if (!names)
		return -ENOMEM;
	nr = 0;
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != HOLDFAST_A_RULE_DIRECTORY)
			continue;
		if (!holdfast_prefix_valid(nla_data(attr))) {
			err = fault(info, attr, -EINVAL,
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
	holdfast_prefixes_init(&rule->directories, names, nr);
	return err;
}

static int parse_rule(struct holdfast_rule *rule, const struct nlattr *nest,
		      struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_RULE_MAX + 1];
	int err;

	err = nla_parse_nested(attrs, HOLDFAST_A_RULE_MAX, nest, rule_policy,
			       info->extack);
	if (!err)
		err = need(info, nest, attrs,
			   "rule needs a tag, a type and an action",
			   HOLDFAST_A_RULE_TAG, HOLDFAST_A_RULE_TYPE,
			   HOLDFAST_A_RULE_ACTION, 0);
	if (err)
		return err;
	rule->tag = nla_get_u32(attrs[HOLDFAST_A_RULE_TAG]);
	rule->type = nla_get_u32(attrs[HOLDFAST_A_RULE_TYPE]);
	rule->action = nla_get_u32(attrs[HOLDFAST_A_RULE_ACTION]);
	return parse_directories(rule, nest, info);
}

static int parse_profile(const struct nlattr *nest, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_PROFILE_MAX + 1];
	struct holdfast_profile *profile;
	struct nlattr *attr;
	u32 nr = 0;
	int rem, err;

	err = nla_parse_nested(attrs, HOLDFAST_A_PROFILE_MAX, nest,
			       profile_policy, info->extack);
	if (!err)
		err = need(info, nest, attrs, "profile needs an id",
			   HOLDFAST_A_PROFILE_ID, 0);
	if (err)
		return err;
	nla_for_each_nested(attr, nest, rem)
		nr += nla_type(attr) == HOLDFAST_A_PROFILE_RULE;
	if (nr > HOLDFAST_RULES_MAX)
		return fault(info, nest, -E2BIG, "too many rules");

	profile = kzalloc(sizeof(*profile), GFP_KERNEL_ACCOUNT);
	if (!profile)
		return -ENOMEM;
	profile->id = nla_get_u32(attrs[HOLDFAST_A_PROFILE_ID]);
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
			       binding_policy, info->extack);
	if (!err)
		err = need(info, nest, attrs, "binding needs cgroup and profile",
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
			       pattern_policy, info->extack);
	if (err)
		return err;
	copy_text(pattern.prefix, attrs[HOLDFAST_A_PATTERN_PREFIX]);
	copy_text(pattern.suffix, attrs[HOLDFAST_A_PATTERN_SUFFIX]);
	copy_text(pattern.parent, attrs[HOLDFAST_A_PATTERN_PARENT]);
	if (!*pattern.prefix && !*pattern.parent)
		return fault(info, nest, -EINVAL,
			     "pattern needs a prefix or a parent");
	if (holdfast_policy_add_pattern(transaction, &pattern))
		return fault(info, nest, -E2BIG, "too many patterns");
	return 0;
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
		default:
			err = fault(info, attr, -EINVAL,
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
	return fault(info, NULL, -EBADFD,
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

static int do_policy_part(struct sk_buff *skb, struct genl_info *info)
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

static int do_policy_commit(struct sk_buff *skb, struct genl_info *info)
{
	const char *wrong;
	int err;

	mutex_lock(&transaction_lock);
	err = check_owner(info);
	if (err)
		goto out;
	wrong = holdfast_policy_check(transaction);
	err = wrong ? fault(info, NULL, -EINVAL, wrong) :
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
	if (!err)
		holdfast_member_adopt_all();
	return err;
}

static int do_policy_abort(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	mutex_lock(&transaction_lock);
	err = check_owner(info);
	if (!err)
		abort_locked();
	mutex_unlock(&transaction_lock);
	return err;
}

/* Name and profile of a container out of its nest. */
static int set_container(struct holdfast_container *container,
			 struct nlattr **attrs, const struct nlattr *nest,
			 struct genl_info *info)
{
	int err;

	err = need(info, nest, attrs,
		   "container needs a name, a profile and a generation",
		   HOLDFAST_A_CONTAINER_NAME, HOLDFAST_A_CONTAINER_PROFILE_ID,
		   HOLDFAST_A_CONTAINER_GENERATION, 0);
	if (err)
		return err;
	err = holdfast_policy_bind(container,
				   nla_get_u32(attrs[HOLDFAST_A_CONTAINER_GENERATION]),
				   nla_get_u32(attrs[HOLDFAST_A_CONTAINER_PROFILE_ID]));
	if (err)
		return fault(info, nest, err,
			     err == -ESTALE ? "generation is not in force" :
			     err == -EPERM ? "locked until reboot" :
			     "profile is not in the policy in force");
	holdfast_container_set_name(container,
				    nla_data(attrs[HOLDFAST_A_CONTAINER_NAME]));
	holdfast_container_clear(container, HOLDFAST_CONTAINER_F_NONE);
	holdfast_container_clear(container, HOLDFAST_CONTAINER_F_DEFAULTED);
	return 0;
}

static int parse_container(struct genl_info *info, struct nlattr **attrs)
{
	struct nlattr *nest = info->attrs[HOLDFAST_A_CONTAINER];
	int err;

	if (!nest)
		return fault(info, NULL, -EINVAL, "CONTAINER is missing");
	err = nla_parse_nested(attrs, HOLDFAST_A_CONTAINER_MAX, nest,
			       container_policy, info->extack);
	if (err)
		return err;
	return need(info, nest, attrs, "container needs a cgroup",
		    HOLDFAST_A_CONTAINER_CGROUP_ID, 0);
}

static int do_container_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_CONTAINER_MAX + 1];
	struct nlattr *nest = info->attrs[HOLDFAST_A_CONTAINER];
	struct holdfast_container *container;
	int err;

	err = parse_container(info, attrs);
	if (err)
		return err;
	container = holdfast_container_get(nla_get_u64(attrs[HOLDFAST_A_CONTAINER_CGROUP_ID]));
	if (IS_ERR(container))
		return PTR_ERR(container);
	if (attrs[HOLDFAST_A_CONTAINER_FLAGS] &&
	    nla_get_u32(attrs[HOLDFAST_A_CONTAINER_FLAGS])) {
		if (atomic_read(&container->members))
			err = fault(info, nest, -EBUSY,
				    "cgroup has members: it is a container");
		else if (holdfast_guard_locked())
			err = fault(info, nest, -EPERM,
				    "locked until reboot: a container stays one");
		else
			holdfast_container_set(container,
					       HOLDFAST_CONTAINER_F_NONE);
	} else {
		err = set_container(container, attrs, nest, info);
	}
	holdfast_container_put(container);
	return err;
}

static int do_container_del(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_CONTAINER_MAX + 1];
	int err;

	err = parse_container(info, attrs);
	if (err)
		return err;
	err = holdfast_container_del(nla_get_u64(attrs[HOLDFAST_A_CONTAINER_CGROUP_ID]));
	if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack, "container has members");
	return err;
}

static int do_adopt(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_MEMBER_MAX + 1];
	struct nlattr *nest = info->attrs[HOLDFAST_A_MEMBER];
	int err;

	if (!nest)
		return fault(info, NULL, -EINVAL, "MEMBER is missing");
	err = nla_parse_nested(attrs, HOLDFAST_A_MEMBER_MAX, nest,
			       member_policy, info->extack);
	if (!err)
		err = need(info, nest, attrs,
			   "member needs process id, start time and cgroup",
			   HOLDFAST_A_MEMBER_TGID, HOLDFAST_A_MEMBER_START_TIME,
			   HOLDFAST_A_MEMBER_CGROUP_ID, 0);
	if (err)
		return err;
	err = holdfast_member_adopt(nla_get_u32(attrs[HOLDFAST_A_MEMBER_TGID]),
				    nla_get_u64(attrs[HOLDFAST_A_MEMBER_START_TIME]),
				    nla_get_u64(attrs[HOLDFAST_A_MEMBER_CGROUP_ID]));
	if (err == -EXDEV)
		NL_SET_ERR_MSG(info->extack, "its root is the host's");
	else if (err == -EAGAIN)
		NL_SET_ERR_MSG(info->extack,
			       "it still runs the runtime's program: armed at its next exec");
	return err;
}

static int answer_container(u64 cgroup_id, enum holdfast_answer answer,
			    struct nlattr *nest, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_CONTAINER_MAX + 1];
	struct holdfast_container *container;
	int err = 0;

	if (answer == HOLDFAST_ANSWER_CONTAINER) {
		if (!nest)
			return fault(info, NULL, -EINVAL,
				     "answer needs a container");
		err = nla_parse_nested(attrs, HOLDFAST_A_CONTAINER_MAX, nest,
				       container_policy, info->extack);
		if (err)
			return err;
	}
	container = holdfast_container_get(cgroup_id);
	if (IS_ERR(container))
		return PTR_ERR(container);
	if (answer == HOLDFAST_ANSWER_CONTAINER)
		err = set_container(container, attrs, nest, info);
	else if (!atomic_read(&container->members))
		holdfast_container_set(container, HOLDFAST_CONTAINER_F_NONE);
	holdfast_container_put(container);
	return err;
}

static int do_query_answer(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_QUERY_MAX + 1];
	struct nlattr *nest = info->attrs[HOLDFAST_A_QUERY];
	enum holdfast_answer answer;
	u64 id, cgroup_id;
	int err;

	if (!nest)
		return fault(info, NULL, -EINVAL, "QUERY is missing");
	err = nla_parse_nested(attrs, HOLDFAST_A_QUERY_MAX, nest, query_policy,
			       info->extack);
	if (!err)
		err = need(info, nest, attrs, "answer needs id and answer",
			   HOLDFAST_A_QUERY_ID, HOLDFAST_A_QUERY_ANSWER, 0);
	if (err)
		return err;
	id = nla_get_u64(attrs[HOLDFAST_A_QUERY_ID]);
	answer = nla_get_u32(attrs[HOLDFAST_A_QUERY_ANSWER]);
	cgroup_id = holdfast_query_cgroup(id);
	if (!cgroup_id)
		return fault(info, nest, -ENOENT,
			     "no such query: answered, timed out or given up");
	if (answer != HOLDFAST_ANSWER_SETUP)
		err = answer_container(cgroup_id, answer,
				       attrs[HOLDFAST_A_QUERY_CONTAINER], info);
	return err ? err : holdfast_query_answer(id, answer);
}

static int do_event_ack(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[HOLDFAST_A_ACK_NUMBER];

	if (!attr)
		return fault(info, NULL, -EINVAL, "ACK_NUMBER is missing");
	if (holdfast_event_ack(nla_get_u64(attr)))
		return fault(info, attr, -EINVAL, "no such event yet");
	return 0;
}

static int do_calibrate(struct sk_buff *skb, struct genl_info *info)
{
	struct holdfast_calibration probes[32];
	struct nlattr *attrs[HOLDFAST_A_PROBE_MAX + 1], *attr;
	unsigned int nr = 0;
	int rem, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != HOLDFAST_A_PROBE || nr == ARRAY_SIZE(probes))
			return fault(info, attr, -EINVAL,
				     "no probe, or one too many");
		err = nla_parse_nested(attrs, HOLDFAST_A_PROBE_MAX, attr,
				       probe_policy, info->extack);
		if (!err)
			err = need(info, attr, attrs,
				   "probe needs descriptor and expectation",
				   HOLDFAST_A_PROBE_FD, HOLDFAST_A_PROBE_EXPECT,
				   0);
		if (err)
			return err;
		probes[nr].fd = nla_get_u32(attrs[HOLDFAST_A_PROBE_FD]);
		probes[nr++].expect = nla_get_u32(attrs[HOLDFAST_A_PROBE_EXPECT]);
	}
	return holdfast_origin_calibrate(probes, nr, info->extack);
}

static int do_lock(struct sk_buff *skb, struct genl_info *info)
{
	holdfast_guard_lock();
	return 0;
}

static int (*const handlers[])(struct sk_buff *skb, struct genl_info *info) = {
	[HOLDFAST_CMD_HELLO] = do_hello,
	[HOLDFAST_CMD_STATUS_GET] = do_status,
	[HOLDFAST_CMD_POLICY_BEGIN] = do_policy_begin,
	[HOLDFAST_CMD_POLICY_PART] = do_policy_part,
	[HOLDFAST_CMD_POLICY_COMMIT] = do_policy_commit,
	[HOLDFAST_CMD_POLICY_ABORT] = do_policy_abort,
	[HOLDFAST_CMD_CONTAINER_SET] = do_container_set,
	[HOLDFAST_CMD_CONTAINER_DEL] = do_container_del,
	[HOLDFAST_CMD_ADOPT] = do_adopt,
	[HOLDFAST_CMD_QUERY_ANSWER] = do_query_answer,
	[HOLDFAST_CMD_EVENT_ACK] = do_event_ack,
	[HOLDFAST_CMD_CALIBRATE] = do_calibrate,
	[HOLDFAST_CMD_LOCK] = do_lock,
};

static int handle(struct sk_buff *skb, struct genl_info *info)
{
	if (!holdfast_guard_may_speak(skb))
		return fault(info, NULL, -EPERM,
			     "needs CAP_MAC_ADMIN on the host, outside any container");
	if (is_disabled && info->genlhdr->cmd != HOLDFAST_CMD_STATUS_GET)
		return fault(info, NULL, -EOPNOTSUPP,
			     "switched off by holdfast.disable");
	return handlers[info->genlhdr->cmd](skb, info);
}

/**
 * struct dump - a dump message that is being filled
 * @skb: the message
 * @cb: the dump; args[0] is where to go on
 * @cmd: of the dump
 */
struct dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	u8 cmd;
};

/* Puts one item, as a message of its own, by @put. */
#define dump_item(where, put, ...)					\
	({								\
		struct dump *d_ = (where);				\
		void *header_ = genlmsg_put(d_->skb,			\
				NETLINK_CB(d_->cb->skb).portid,		\
				d_->cb->nlh->nlmsg_seq,			\
				&holdfast_family, NLM_F_MULTI, d_->cmd);\
		int err_ = -EMSGSIZE;					\
									\
		if (header_) {						\
			genl_dump_check_consistent(d_->cb, header_);	\
			err_ = put(d_->skb, __VA_ARGS__);		\
			if (err_)					\
				genlmsg_cancel(d_->skb, header_);	\
			else						\
				genlmsg_end(d_->skb, header_);		\
		}							\
		err_;							\
	})

static int dump_container(struct holdfast_container *container, void *data)
{
	return dump_item(data, holdfast_put_container, container);
}

static int dump_member(struct holdfast_member *member, void *data)
{
	return dump_item(data, holdfast_put_member, member);
}

static int dump_hooks(struct dump *dump, unsigned long *at)
{
	const struct holdfast_table *const *table;
	unsigned long nr = 0;
	unsigned int i;
	int err = 0;

	for (table = holdfast_tables; *table && !err; table++) {
		for (i = 0; i < (*table)->nr_hooks && !err; i++) {
			const struct holdfast_hook *hook = &(*table)->hooks[i];

			if (nr++ < *at)
				continue;
			err = dump_item(dump, holdfast_put_hook, hook->symbol,
					(hook->mandatory ? HOLDFAST_HOOK_F_MANDATORY : 0) |
					(hook->site ? HOLDFAST_HOOK_F_ATTACHED : 0),
					holdfast_hits(hook->hits));
			*at += !err;
		}
		for (i = 0; i < (*table)->nr_probes && !err; i++) {
			const struct holdfast_probe *probe = &(*table)->probes[i];

			if (nr++ < *at)
				continue;
			err = dump_item(dump, holdfast_put_hook, probe->symbol,
					HOLDFAST_HOOK_F_MANDATORY |
					HOLDFAST_HOOK_F_TRACEPOINT |
					(probe->point ? HOLDFAST_HOOK_F_ATTACHED : 0),
					holdfast_hits(probe->hits));
			*at += !err;
		}
	}
	return err;
}

static int dump_profiles(struct dump *dump, unsigned long *at)
{
	const struct holdfast_profile *profile;
	const struct holdfast_policy *now;
	unsigned long nr = 0;
	unsigned int i;
	int err = 0;

	rcu_read_lock();
	now = holdfast_policy_rcu();
	for (i = 0; now && i < ARRAY_SIZE(now->profiles) && !err; i++) {
		hlist_for_each_entry(profile, &now->profiles[i], node) {
			if (nr++ < *at)
				continue;
			err = dump_item(dump, holdfast_put_profile, profile);
			if (err)
				break;
			++*at;
		}
	}
	rcu_read_unlock();
	return err;
}

static int dump_patterns(struct dump *dump, unsigned long *at)
{
	const struct holdfast_policy *now;
	int err = 0;

	rcu_read_lock();
	now = holdfast_policy_rcu();
	for (; now && *at < now->nr_patterns && !err; *at += !err)
		err = dump_item(dump, holdfast_put_pattern,
				&now->patterns[*at]);
	rcu_read_unlock();
	return err;
}

static int handle_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump dump = {
		.skb = skb,
		.cb = cb,
		.cmd = ((struct genlmsghdr *)nlmsg_data(cb->nlh))->cmd,
	};
	unsigned long at = cb->args[0];
	int err = -EOPNOTSUPP;

	if (!holdfast_guard_may_speak(cb->skb))
		return -EPERM;
	if (is_disabled && dump.cmd != HOLDFAST_CMD_HOOK_GET)
		return -EOPNOTSUPP;
	cb->seq = holdfast_policy_generation() + 1;
	switch (dump.cmd) {
	case HOLDFAST_CMD_HOOK_GET:
		err = dump_hooks(&dump, &at);
		break;
	case HOLDFAST_CMD_PROFILE_GET:
		err = dump_profiles(&dump, &at);
		break;
	case HOLDFAST_CMD_PATTERN_GET:
		err = dump_patterns(&dump, &at);
		break;
	case HOLDFAST_CMD_CONTAINER_GET:
		err = holdfast_container_walk(&at, dump_container, &dump);
		break;
	case HOLDFAST_CMD_MEMBER_GET:
		err = holdfast_member_walk(&at, dump_member, &dump);
		break;
	}
	cb->args[0] = at;
	/* Full is no error, unless a single item does not fit. */
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

#define DO(name)	{ .cmd = HOLDFAST_CMD_##name, .doit = handle }
#define DUMP(name)	{ .cmd = HOLDFAST_CMD_##name, .dumpit = handle_dump }

static const struct genl_small_ops ops[] = {
	DO(HELLO), DO(STATUS_GET), DUMP(HOOK_GET),
	DO(POLICY_BEGIN), DO(POLICY_PART), DO(POLICY_COMMIT), DO(POLICY_ABORT),
	DUMP(PROFILE_GET), DUMP(PATTERN_GET),
	DO(CONTAINER_SET), DO(CONTAINER_DEL), DUMP(CONTAINER_GET),
	DUMP(MEMBER_GET), DO(ADOPT),
	DO(QUERY_ANSWER), DO(EVENT_ACK), DO(CALIBRATE), DO(LOCK),
};

struct genl_family holdfast_family = {
	.name = HOLDFAST_GENL_NAME,
	.version = HOLDFAST_ABI_VERSION,
	.maxattr = HOLDFAST_A_MAX,
	.policy = policy,
	.netnsok = false,
	.parallel_ops = true,
	.small_ops = ops,
	.n_small_ops = ARRAY_SIZE(ops),
	.resv_start_op = HOLDFAST_CMD_MAX + 1,
	.module = THIS_MODULE,
};

/* A socket is gone: perhaps the controller's, perhaps in mid-transaction. */
static int on_release(struct notifier_block *block, unsigned long what,
		      void *data)
{
	const struct netlink_notify *notify = data;

	if (what != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC ||
	    notify->net != &init_net || !notify->portid)
		return NOTIFY_DONE;

	mutex_lock(&controller_lock);
	if (notify->portid == controller_port) {
		WRITE_ONCE(controller_port, 0);
		WRITE_ONCE(controller_tgid, 0);
		holdfast_query_stop();
		holdfast_event_reader(0);
	}
	mutex_unlock(&controller_lock);

	mutex_lock(&transaction_lock);
	if (transaction && notify->portid == transaction_port)
		abort_locked();
	mutex_unlock(&transaction_lock);
	return NOTIFY_OK;
}

static struct notifier_block release_block = { .notifier_call = on_release };

int holdfast_netlink_init(bool disabled)
{
	int err;

	is_disabled = disabled;
	err = netlink_register_notifier(&release_block);
	if (err)
		return err;
	err = genl_register_family(&holdfast_family);
	if (err)
		netlink_unregister_notifier(&release_block);
	return err;
}

void holdfast_netlink_exit(void)
{
	genl_unregister_family(&holdfast_family);
	netlink_unregister_notifier(&release_block);
	WRITE_ONCE(controller_port, 0);
	WRITE_ONCE(controller_tgid, 0);
	holdfast_query_stop();
	holdfast_policy_free(transaction);
	transaction = NULL;
}
