/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_NETLINK_H
#define HOLDFAST_NETLINK_H

#include <linux/skbuff.h>
#include <net/genetlink.h>

extern struct genl_family holdfast_family;

/* @disabled: only the state can be asked for. */
int holdfast_netlink_init(bool disabled);
/* No handler runs after it, and nobody waits for an answer. */
void holdfast_netlink_exit(void);

/* Process id and port of the controller, 0 for none. Any context. */
u32 holdfast_netlink_controller(void);
u32 holdfast_netlink_port(void);

/* A message to the controller; *@header is for holdfast_netlink_send(). */
struct sk_buff *holdfast_netlink_new(u8 cmd, void **header);
void holdfast_netlink_drop(struct sk_buff *skb);
/* Consumes @skb. -ENOTCONN without a port; never waits. */
int holdfast_netlink_send(struct sk_buff *skb, void *header, u32 port);

/* Names the fault in the extended ack; @text is a constant. Returns @err. */
int holdfast_fault(struct genl_info *info, const struct nlattr *attr, int err,
		   const char *text);

/*
 * Complains by @what, a constant, if one of the attributes that are named then,
 * up to a 0, is missing. 0 or -EINVAL.
 */
int holdfast_need(struct genl_info *info, const struct nlattr *nest,
		  struct nlattr **attrs, const char *what, ...);

#endif
