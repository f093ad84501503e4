/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_HOST_DIR_MESSAGE_H
#define HOLDFAST_HOST_DIR_MESSAGE_H

#include <net/netlink.h>

#include <uapi/linux/holdfast.h>

struct genl_info;
struct holdfast_host_dir;

extern const struct nla_policy
holdfast_host_directory_policy[HOLDFAST_A_HOST_DIRECTORY_MAX + 1];

/* As the doit of their commands. */
int holdfast_do_host_directory_set(struct sk_buff *skb, struct genl_info *info);
int holdfast_do_host_directory_sweep(struct sk_buff *skb,
				     struct genl_info *info);

/* One nest, or -EMSGSIZE. Under RCU. */
int holdfast_put_host_directory(struct sk_buff *skb,
				const struct holdfast_host_dir *dir);

#endif
