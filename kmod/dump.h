/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_DUMP_H
#define HOLDFAST_DUMP_H

#include <linux/netlink.h>

/*
 * As the dumpit of an operation, for a @cmd that is one: as much as fits from
 * where the last message ended.
 */
int holdfast_dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);

#endif
