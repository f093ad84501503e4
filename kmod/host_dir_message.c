// SPDX-License-Identifier: GPL-2.0-only
/* What the controller says of the host's directories, and is told of them. */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "host_dir.h"
#include "host_dir_message.h"
#include "netlink.h"

static const struct nla_policy entry_policy[HOLDFAST_A_HOST_ENTRY_MAX + 1] = {
	[HOLDFAST_A_HOST_ENTRY_NAME] = { .type = NLA_NUL_STRING,
					 .len = HOLDFAST_HOST_NAME_MAX },
	[HOLDFAST_A_HOST_ENTRY_FLAGS] =
		NLA_POLICY_MASK(NLA_U32, HOLDFAST_HOST_ENTRY_F_TREE),
	[HOLDFAST_A_HOST_ENTRY_WRITE] =
		NLA_POLICY_MAX(NLA_U32, HOLDFAST_CHECKS_NR - 1),
	[HOLDFAST_A_HOST_ENTRY_READ] =
		NLA_POLICY_MAX(NLA_U32, HOLDFAST_CHECKS_NR - 1),
	[HOLDFAST_A_HOST_ENTRY_LINK] =
		NLA_POLICY_MAX(NLA_U32, HOLDFAST_CHECKS_NR - 1),
	[HOLDFAST_A_HOST_ENTRY_OWNER] = { .type = NLA_U64 },
};

const struct nla_policy
holdfast_host_directory_policy[HOLDFAST_A_HOST_DIRECTORY_MAX + 1] = {
	[HOLDFAST_A_HOST_DIRECTORY_FD] = { .type = NLA_U32 },
	[HOLDFAST_A_HOST_DIRECTORY_ROUND] = { .type = NLA_U32 },
	[HOLDFAST_A_HOST_DIRECTORY_ENTRY] = NLA_POLICY_NESTED(entry_policy),
};

static const u8 check_attrs[HOLDFAST_HOST_ACCESSES] = {
	[HOLDFAST_HOST_WRITE] = HOLDFAST_A_HOST_ENTRY_WRITE,
	[HOLDFAST_HOST_READ] = HOLDFAST_A_HOST_ENTRY_READ,
	[HOLDFAST_HOST_LINK] = HOLDFAST_A_HOST_ENTRY_LINK,
};

static int parse_entry(struct holdfast_host_entry *entry,
		       const struct nlattr *nest, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_HOST_ENTRY_MAX + 1], *name;
	unsigned int i, nr = 0;
	int err;

	err = nla_parse_nested(attrs, HOLDFAST_A_HOST_ENTRY_MAX, nest,
			       entry_policy, info->extack);
	if (err)
		return err;
	for (i = 0; i < HOLDFAST_HOST_ACCESSES; i++) {
		struct nlattr *attr = attrs[check_attrs[i]];

		entry->check[i] = attr ? nla_get_u32(attr) : -1;
		nr += !!attr;
	}
	if (!nr)
		return holdfast_fault(info, nest, -EINVAL,
				      "entry is about no item");
	entry->tree = attrs[HOLDFAST_A_HOST_ENTRY_FLAGS] &&
		      nla_get_u32(attrs[HOLDFAST_A_HOST_ENTRY_FLAGS]);
	if (attrs[HOLDFAST_A_HOST_ENTRY_OWNER])
		entry->owner = nla_get_u64(attrs[HOLDFAST_A_HOST_ENTRY_OWNER]);
	name = attrs[HOLDFAST_A_HOST_ENTRY_NAME];
	if (!name)
		return 0;
	strscpy(entry->name, nla_data(name), sizeof(entry->name));
	if (!*entry->name || strchr(entry->name, '/') || entry->tree)
		return holdfast_fault(info, name, -EINVAL,
				      "entry's name is none of a file, or has a tree");
	return 0;
}

static unsigned int count_entries(const struct nlattr *nest)
{
	const struct nlattr *attr;
	unsigned int nr = 0;
	int rem;

	nla_for_each_nested(attr, nest, rem)
		nr += nla_type(attr) == HOLDFAST_A_HOST_DIRECTORY_ENTRY;
	return nr;
}

/* Those with names go first. */
static struct holdfast_host_entries *parse_entries(const struct nlattr *nest,
						   struct genl_info *info)
{
	unsigned int named = 0, nr = count_entries(nest);
	struct holdfast_host_entries *entries;
	struct holdfast_host_entry *end, entry;
	const struct nlattr *attr;
	int rem, err;

	if (!nr || nr > HOLDFAST_HOST_ENTRIES_MAX)
		return ERR_PTR(holdfast_fault(info, nest, -EINVAL,
					      "directory has no entries, or too many"));
	entries = kzalloc(struct_size(entries, entries, nr),
			  GFP_KERNEL_ACCOUNT);
	if (!entries)
		return ERR_PTR(-ENOMEM);
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != HOLDFAST_A_HOST_DIRECTORY_ENTRY)
			continue;
		memset(&entry, 0, sizeof(entry));
		err = parse_entry(&entry, attr, info);
		if (err) {
			kfree(entries);
			return ERR_PTR(err);
		}
		end = &entries->entries[entries->nr++];
		if (*entry.name) {
			*end = entries->entries[named];
			end = &entries->entries[named++];
		}
		*end = entry;
	}
	return entries;
}

static int parse(struct nlattr **attrs, struct genl_info *info)
{
	struct nlattr *nest = info->attrs[HOLDFAST_A_HOST_DIRECTORY];
	int err;

	if (!nest)
		return holdfast_fault(info, NULL, -EINVAL,
				      "HOST_DIRECTORY is missing");
	err = nla_parse_nested(attrs, HOLDFAST_A_HOST_DIRECTORY_MAX, nest,
			       holdfast_host_directory_policy, info->extack);
	if (err)
		return err;
	return holdfast_need(info, nest, attrs, "directory needs a round",
			     HOLDFAST_A_HOST_DIRECTORY_ROUND, 0);
}

int holdfast_do_host_directory_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_HOST_DIRECTORY_MAX + 1];
	struct nlattr *nest = info->attrs[HOLDFAST_A_HOST_DIRECTORY];
	struct holdfast_host_entries *entries;
	int err;

	err = parse(attrs, info);
	if (!err)
		err = holdfast_need(info, nest, attrs,
				    "directory needs a descriptor",
				    HOLDFAST_A_HOST_DIRECTORY_FD, 0);
	if (err)
		return err;
	entries = parse_entries(nest, info);
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	err = holdfast_host_dir_set(nla_get_u32(attrs[HOLDFAST_A_HOST_DIRECTORY_FD]),
				    nla_get_u32(attrs[HOLDFAST_A_HOST_DIRECTORY_ROUND]),
				    entries);
	if (err == -ENOTDIR)
		NL_SET_ERR_MSG(info->extack, "descriptor is not of a directory");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "too many directories");
	else if (err == -EPERM)
		NL_SET_ERR_MSG(info->extack,
			       "locked until reboot: what is known of a directory stays");
	return err;
}

int holdfast_do_host_directory_sweep(struct sk_buff *skb,
				     struct genl_info *info)
{
	struct nlattr *attrs[HOLDFAST_A_HOST_DIRECTORY_MAX + 1];
	int err;

	err = parse(attrs, info);
	if (!err)
		err = holdfast_host_dir_sweep(nla_get_u32(attrs[HOLDFAST_A_HOST_DIRECTORY_ROUND]));
	if (err == -EPERM)
		NL_SET_ERR_MSG(info->extack, "locked until reboot");
	return err;
}

static int put_entry(struct sk_buff *skb, const struct holdfast_host_entry *entry)
{
	struct nlattr *nest;
	unsigned int i;
	int err = 0;

	nest = nla_nest_start(skb, HOLDFAST_A_HOST_DIRECTORY_ENTRY);
	if (!nest)
		return -EMSGSIZE;
	if (*entry->name)
		err = nla_put_string(skb, HOLDFAST_A_HOST_ENTRY_NAME,
				     entry->name);
	if (!err && entry->tree)
		err = nla_put_u32(skb, HOLDFAST_A_HOST_ENTRY_FLAGS,
				  HOLDFAST_HOST_ENTRY_F_TREE);
	if (!err && entry->owner)
		err = nla_put_u64_64bit(skb, HOLDFAST_A_HOST_ENTRY_OWNER,
					entry->owner,
					HOLDFAST_A_HOST_ENTRY_PAD);
	for (i = 0; i < HOLDFAST_HOST_ACCESSES && !err; i++)
		if (entry->check[i] >= 0)
			err = nla_put_u32(skb, check_attrs[i],
					  entry->check[i]);
	if (err)
		return err;
	nla_nest_end(skb, nest);
	return 0;
}

/* What is half put is taken back with the message that it is in. */
int holdfast_put_host_directory(struct sk_buff *skb,
				const struct holdfast_host_dir *dir)
{
	const struct holdfast_host_entries *entries;
	struct nlattr *nest;
	unsigned int i;
	int err;

	nest = nla_nest_start(skb, HOLDFAST_A_HOST_DIRECTORY);
	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, HOLDFAST_A_HOST_DIRECTORY_ROUND,
			  READ_ONCE(dir->round)) ||
	      nla_put_u64_64bit(skb, HOLDFAST_A_HOST_DIRECTORY_DEV,
				dir->places[0].dev,
				HOLDFAST_A_HOST_DIRECTORY_PAD) ||
	      nla_put_u64_64bit(skb, HOLDFAST_A_HOST_DIRECTORY_INO,
				dir->places[0].ino,
				HOLDFAST_A_HOST_DIRECTORY_PAD);
	entries = rcu_dereference(dir->entries);
	for (i = 0; i < entries->nr && !err; i++)
		err = put_entry(skb, &entries->entries[i]);
	if (err)
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
