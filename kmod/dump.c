// SPDX-License-Identifier: GPL-2.0-only
/* What the module holds, item by item. */
#include "attach.h"
#include "container.h"
#include "dump.h"
#include "host_dir.h"
#include "host_dir_message.h"
#include "member.h"
#include "message.h"
#include "netlink.h"
#include "policy.h"

/**
 * struct dump - a dump message that is being filled
 * @skb: the message
 * @cb: the dump; args is where to go on
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

static int dump_host_directory(const struct holdfast_host_dir *dir, void *data)
{
	return dump_item(data, holdfast_put_host_directory, dir);
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

/*
 * The profile, then the directories of each rule, if they are told apart. @at: 0 or
 * 1 + a rule's index, and its directory, to go on from.
 */
static int dump_profile(struct dump *dump, unsigned long *at,
			const struct hlist_node *node)
{
	const struct holdfast_profile *profile =
		hlist_entry(node, struct holdfast_profile, node);
	int err = 0;

	if (!at[0]) {
		err = dump_item(dump, holdfast_put_profile, profile);
		at[0] += !err;
	}
	while (!err && profile->split && at[0] <= profile->nr) {
		if (at[1] < profile->rules[at[0] - 1].directories.nr) {
			err = dump_item(dump, holdfast_put_directories, profile,
					at[0] - 1, &at[1]);
			continue;
		}
		at[0]++;
		at[1] = 0;
	}
	if (!err) {
		at[0] = 0;
		at[1] = 0;
	}
	return err;
}

static int dump_binding(struct dump *dump, unsigned long *at,
			const struct hlist_node *node)
{
	return dump_item(dump, holdfast_put_binding,
			 hlist_entry(node, struct holdfast_binding, node));
}

/* @table: one of a policy's, by the hash of an id; @one dumps one of it, from @at on */
static int dump_table(struct dump *dump, unsigned long *at,
		      const struct hlist_head *table,
		      int (*one)(struct dump *dump, unsigned long *at,
				 const struct hlist_node *node))
{
	const struct hlist_node *node;
	unsigned long nr = 0;
	unsigned int i;
	int err;

	for (i = 0; i < 1 << HOLDFAST_POLICY_BITS; i++) {
		hlist_for_each(node, &table[i]) {
			if (nr++ < *at)
				continue;
			err = one(dump, at + 1, node);
			if (err)
				return err;
			++*at;
		}
	}
	return 0;
}

static int dump_patterns(struct dump *dump, unsigned long *at,
			 const struct holdfast_policy *now)
{
	int err = 0;

	for (; *at < now->nr_patterns && !err; *at += !err)
		err = dump_item(dump, holdfast_put_pattern,
				&now->patterns[*at]);
	return err;
}

/* Of the policy in force, which may have changed since the last message. */
static int dump_policy(struct dump *dump, unsigned long *at)
{
	const struct holdfast_policy *now;
	int err = 0;

	rcu_read_lock();
	now = holdfast_policy_rcu();
	if (now && dump->cmd == HOLDFAST_CMD_PROFILE_GET)
		err = dump_table(dump, at, now->profiles, dump_profile);
	else if (now && dump->cmd == HOLDFAST_CMD_BINDING_GET)
		err = dump_table(dump, at, now->bindings, dump_binding);
	else if (now)
		err = dump_patterns(dump, at, now);
	rcu_read_unlock();
	return err;
}

int holdfast_dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	struct dump dump = { .skb = skb, .cb = cb, .cmd = cmd };
	unsigned long *at = (unsigned long *)cb->args;
	int err = -EOPNOTSUPP;

	cb->seq = holdfast_policy_generation() + 1;
	switch (cmd) {
	case HOLDFAST_CMD_HOOK_GET:
		err = dump_hooks(&dump, at);
		break;
	case HOLDFAST_CMD_PROFILE_GET:
	case HOLDFAST_CMD_PATTERN_GET:
	case HOLDFAST_CMD_BINDING_GET:
		err = dump_policy(&dump, at);
		break;
	case HOLDFAST_CMD_CONTAINER_GET:
		err = holdfast_container_walk(at, dump_container, &dump);
		break;
	case HOLDFAST_CMD_MEMBER_GET:
		err = holdfast_member_walk(at, dump_member, &dump);
		break;
	case HOLDFAST_CMD_HOST_DIRECTORY_GET:
		err = holdfast_host_dir_walk(at, dump_host_directory, &dump);
		break;
	}
	/* Full is no error, unless a single item does not fit. */
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}
