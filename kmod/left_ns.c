// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces that members have left, and which may live on without anybody in
 * them: mounted as files, or open. Whose such a one is the kernel does not know.
 */
#include <linux/cred.h>
#include <linux/ipc_namespace.h>
#include <linux/mnt_namespace.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/proc_ns.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/time_namespace.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

#include "container.h"
#include "left_ns.h"
#include "member.h"

/*
 * By number, of whatever type: the cgroup id of the container, or 0 for none. As
 * long as the namespace lives. Its lock is taken wherever one may end.
 */
static DEFINE_XARRAY_FLAGS(left, XA_FLAGS_LOCK_IRQ);

/* Should there be no memory for it, it is as good as the host's. */
static void add(const struct ns_common *ns, u64 cgroup_id)
{
	unsigned long flags;

	if (xa_load(&left, ns->inum))
		return;
	xa_lock_irqsave(&left, flags);
	__xa_cmpxchg(&left, ns->inum, NULL, xa_mk_value(cgroup_id),
		     GFP_ATOMIC | __GFP_NOWARN);
	xa_unlock_irqrestore(&left, flags);
}

/* Will another member leave it later? */
static bool is_shared(const struct task_struct *task, struct task_struct *with)
{
	return task != with && holdfast_is_member(with) &&
	       READ_ONCE(with->nsproxy) == task->nsproxy &&
	       __task_cred(with)->user_ns == __task_cred(task)->user_ns;
}

void holdfast_left_ns_add(struct task_struct *task,
			  const struct holdfast_container *container)
{
	const struct nsproxy *nsproxy = task->nsproxy;
	const u64 id = container->cgroup_id;

	rcu_read_lock();
	if (!nsproxy || is_shared(task, task->group_leader) ||
	    is_shared(task, rcu_dereference(task->real_parent)))
		goto out;
	/* Its first member, of a type that is private. */
	add((const struct ns_common *)nsproxy->mnt_ns, id);
	add(&nsproxy->net_ns->ns, id);
	add(&nsproxy->uts_ns->ns, id);
	add(&nsproxy->ipc_ns->ns, id);
	add(&nsproxy->cgroup_ns->ns, id);
	add(&nsproxy->pid_ns_for_children->ns, id);
	add(&nsproxy->time_ns->ns, id);
	add(&nsproxy->time_ns_for_children->ns, id);
	add(&__task_cred(task)->user_ns->ns, id);
out:
	rcu_read_unlock();
}

void holdfast_left_ns_refuse(const struct ns_common *ns)
{
	unsigned long flags;

	xa_lock_irqsave(&left, flags);
	__xa_store(&left, ns->inum, xa_mk_value(0), GFP_ATOMIC | __GFP_NOWARN);
	xa_unlock_irqrestore(&left, flags);
}

bool holdfast_left_ns_has(const struct ns_common *ns,
			  const struct holdfast_container *container)
{
	return xa_load(&left, ns->inum) == xa_mk_value(container->cgroup_id);
}

void holdfast_left_ns_forget(unsigned int inum)
{
	unsigned long flags;

	if (!xa_load(&left, inum))
		return;
	xa_lock_irqsave(&left, flags);
	__xa_erase(&left, inum);
	xa_unlock_irqrestore(&left, flags);
}

void holdfast_left_ns_exit(void)
{
	xa_destroy(&left);
}
