/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_TRANSACTION_H
#define HOLDFAST_TRANSACTION_H

#include <net/genetlink.h>

#include <uapi/linux/holdfast.h>

/* What a part may be made of. */
extern const struct nla_policy
	holdfast_profile_policy[HOLDFAST_A_PROFILE_MAX + 1];
extern const struct nla_policy
	holdfast_binding_policy[HOLDFAST_A_BINDING_MAX + 1];
extern const struct nla_policy
	holdfast_pattern_policy[HOLDFAST_A_PATTERN_MAX + 1],
	holdfast_digests_policy[HOLDFAST_A_DIGESTS_MAX + 1];

/* The commands; a fault ends the transaction. */
int holdfast_transaction_begin(struct sk_buff *skb, struct genl_info *info);
int holdfast_transaction_part(struct sk_buff *skb, struct genl_info *info);
int holdfast_transaction_commit(struct sk_buff *skb, struct genl_info *info);
int holdfast_transaction_abort(struct sk_buff *skb, struct genl_info *info);

/* The socket of @port is gone, and so is its transaction. */
void holdfast_transaction_release(u32 port);
/* After the last command. */
void holdfast_transaction_exit(void);

#endif
