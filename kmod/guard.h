/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_GUARD_H
#define HOLDFAST_GUARD_H

#include <linux/types.h>

struct holdfast_container;
struct holdfast_policy;
struct holdfast_profile;
struct sk_buff;
struct task_struct;

/* May the sender of @skb, which is current, use the netlink family? */
bool holdfast_guard_may_speak(struct sk_buff *skb);

/*
 * May current attach to @task, as ptrace does? Not a member to a runtime's
 * set-up task, nor to the controller. Atomic.
 */
bool holdfast_guard_may_attach(struct task_struct *task);

/*
 * May current send @skb to the audit system, as the kernel has copied it? Not a
 * member, if it looks like what Holdfast says there.
 */
bool holdfast_guard_may_audit(const struct sk_buff *skb);

/* Lock-down until reboot: the module stays, policy may only be tightened. */
void holdfast_guard_lock(void);
bool holdfast_guard_locked(void);
bool holdfast_guard_may_replace(const struct holdfast_policy *old,
				const struct holdfast_policy *policy);
bool holdfast_guard_may_bind(const struct holdfast_policy *policy,
			     struct holdfast_container *container,
			     const struct holdfast_profile *profile);

#endif
