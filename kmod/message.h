/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_MESSAGE_H
#define HOLDFAST_MESSAGE_H

#include <linux/skbuff.h>

struct holdfast_binding;
struct holdfast_container;
struct holdfast_hook;
struct holdfast_member;
struct holdfast_pattern;
struct holdfast_probe;
struct holdfast_profile;

/* One nest each, or -EMSGSIZE. Those of events and queries: event.h, query.h. */
int holdfast_put_status(struct sk_buff *skb, bool disabled);
int holdfast_put_hook(struct sk_buff *skb, const char *symbol, u32 flags,
		      u64 hits);
int holdfast_put_container(struct sk_buff *skb,
			   struct holdfast_container *container);
int holdfast_put_member(struct sk_buff *skb, struct holdfast_member *member);
int holdfast_put_profile(struct sk_buff *skb,
			 const struct holdfast_profile *profile);
/* The directories of a rule, @from one on; as many as fit, and where to go on. */
int holdfast_put_directories(struct sk_buff *skb,
			     const struct holdfast_profile *profile, u32 rule,
			     unsigned long *from);
int holdfast_put_binding(struct sk_buff *skb,
			 const struct holdfast_binding *binding);
int holdfast_put_pattern(struct sk_buff *skb,
			 const struct holdfast_pattern *pattern);

/* In main.c. */
extern u64 holdfast_load_id;
extern char holdfast_boot_id[];

#endif
