// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far a process can legitimately have come: by the exec that armed it, by
 * its execs since, and by what it was let do.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/fs_struct.h>
#include <linux/nsproxy.h>
#include <linux/path.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seccomp.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "ceiling.h"
#include "container.h"
#include "home.h"
#include "member.h"

bool holdfast_has_root(const struct cred *cred)
{
	return uid_eq(cred->uid, GLOBAL_ROOT_UID) ||
	       uid_eq(cred->euid, GLOBAL_ROOT_UID) ||
	       uid_eq(cred->suid, GLOBAL_ROOT_UID) ||
	       uid_eq(cred->fsuid, GLOBAL_ROOT_UID);
}

bool holdfast_maps_root(struct user_namespace *user_ns)
{
	return kuid_has_mapping(user_ns, GLOBAL_ROOT_UID);
}

/* As @cred may be that of another task: under RCU, or of current. */
static void read_cred(struct holdfast_ceiling *has, const struct cred *cred)
{
	has->user_ns = cred->user_ns;
	has->permitted = cap_combine(cred->cap_permitted, cred->cap_effective);
	has->bounding = cap_combine(cap_combine(cred->cap_bset,
						cred->cap_inheritable),
				    cap_combine(cred->cap_ambient,
						has->permitted));
	has->root = holdfast_has_root(cred) ||
		    (cap_raised(has->permitted, CAP_SETUID) &&
		     holdfast_maps_root(cred->user_ns));
}

/* A mode without the flag by which the kernel looks at it is none. */
static void read_seccomp(struct holdfast_ceiling *has, struct task_struct *task)
{
#ifdef CONFIG_SECCOMP
	has->seccomp = test_task_syscall_work(task, SECCOMP) ?
			       READ_ONCE(task->seccomp.mode) : 0;
	has->filters = atomic_read(&task->seccomp.filter_count);
#endif
	has->no_new_privs = task_no_new_privs(task);
}

static u64 host_namespaces(struct task_struct *task)
{
	const struct nsproxy *its, *host = init_task.nsproxy;
	u64 outside = 0;

	task_lock(task);
	its = task->nsproxy;
	if (its) {
		outside |= its->mnt_ns == host->mnt_ns ? CLONE_NEWNS : 0;
		outside |= its->uts_ns == host->uts_ns ? CLONE_NEWUTS : 0;
		outside |= its->ipc_ns == host->ipc_ns ? CLONE_NEWIPC : 0;
		outside |= its->pid_ns_for_children == host->pid_ns_for_children ?
				   CLONE_NEWPID : 0;
		outside |= its->net_ns == host->net_ns ? CLONE_NEWNET : 0;
		outside |= its->cgroup_ns == host->cgroup_ns ? CLONE_NEWCGROUP : 0;
	}
	task_unlock(task);
	return outside;
}

static bool is_below(struct cgroup *cgroup, u64 id)
{
	while (cgroup && cgroup_id(cgroup) != id)
		cgroup = cgroup_parent(cgroup);
	return cgroup;
}

/* Under RCU. All but where its root is. */
static void read_thread(struct holdfast_ceiling *has, struct task_struct *task,
			const struct holdfast_container *container)
{
	memset(has, 0, sizeof(*has));
	read_cred(has, __task_cred(task));
	read_seccomp(has, task);
	has->outside = host_namespaces(task);
	if (!is_below(task_dfl_cgroup(task), container->cgroup_id))
		has->outside |= CLONE_INTO_CGROUP;
}

/* Its root, unless that is the one which @has has already. */
static void read_root(struct holdfast_ceiling *has, struct task_struct *task)
{
	struct path root;

	if (!holdfast_task_root(task, &root))
		return;
	if (root.mnt != has->mnt || root.dentry != has->dentry) {
		has->mnt = root.mnt;
		has->dentry = root.dentry;
		if (holdfast_is_host_mount(&root)) {
			has->outside |= CLONE_FS;
			has->mnt = NULL;
		}
	}
	path_put(&root);
}

void holdfast_ceiling_read(struct holdfast_ceiling *has,
			   struct holdfast_member *member)
{
	unsigned long flags;

	rcu_read_lock();
	read_thread(has, current, member->container);
	rcu_read_unlock();
	raw_spin_lock_irqsave(&member->lock, flags);
	has->mnt = member->ceiling.mnt;
	has->dentry = member->ceiling.dentry;
	raw_spin_unlock_irqrestore(&member->lock, flags);
	read_root(has, current);
}

void holdfast_ceiling_record(struct holdfast_member *member,
			     struct task_struct *task)
{
	struct holdfast_ceiling ceiling, other;
	struct task_struct *thread;
	unsigned long flags;

	rcu_read_lock();
	read_thread(&ceiling, task, member->container);
	for_each_thread(task, thread) {
		read_thread(&other, thread, member->container);
		ceiling.bounding = cap_combine(ceiling.bounding, other.bounding);
		ceiling.permitted = cap_combine(ceiling.permitted,
						other.permitted);
		ceiling.root |= other.root;
		ceiling.seccomp = min(ceiling.seccomp, other.seccomp);
		ceiling.filters = min(ceiling.filters, other.filters);
		ceiling.no_new_privs &= other.no_new_privs;
		ceiling.outside |= other.outside;
	}
	get_user_ns(ceiling.user_ns);
	rcu_read_unlock();
	read_root(&ceiling, task);

	raw_spin_lock_irqsave(&member->lock, flags);
	swap(member->ceiling, ceiling);
	raw_spin_unlock_irqrestore(&member->lock, flags);
	holdfast_ceiling_drop(&ceiling);
}

void holdfast_ceiling_follow(struct holdfast_ceiling *ceiling,
			     const struct holdfast_ceiling *has)
{
	/* From a user namespace further in there is no way back. */
	kernel_cap_t permitted = has->user_ns == ceiling->user_ns ?
					 has->permitted : CAP_EMPTY_SET;

	if (has->user_ns == ceiling->user_ns)
		ceiling->bounding = cap_intersect(ceiling->bounding,
						  has->bounding);
	ceiling->permitted = cap_intersect(ceiling->bounding, permitted);
	ceiling->root = has->root;
	ceiling->seccomp = max(ceiling->seccomp, has->seccomp);
	ceiling->filters = max(ceiling->filters, has->filters);
	ceiling->no_new_privs |= has->no_new_privs;
	if (has->mnt) {
		ceiling->mnt = has->mnt;
		ceiling->dentry = has->dentry;
	}
}

void holdfast_ceiling_exec(struct holdfast_member *member)
{
	struct holdfast_ceiling has;
	unsigned long flags;

	holdfast_ceiling_read(&has, member);
	raw_spin_lock_irqsave(&member->lock, flags);
	if (member->ceiling.user_ns)
		holdfast_ceiling_follow(&member->ceiling, &has);
	raw_spin_unlock_irqrestore(&member->lock, flags);
}

void holdfast_ceiling_inherit(struct holdfast_member *child,
			      struct holdfast_member *parent)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&parent->lock, flags);
	child->ceiling = parent->ceiling;
	if (child->ceiling.user_ns)
		get_user_ns(child->ceiling.user_ns);
	raw_spin_unlock_irqrestore(&parent->lock, flags);
}

static void raise(struct holdfast_member *member, u64 outside)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&member->lock, flags);
	member->ceiling.outside |= outside;
	raw_spin_unlock_irqrestore(&member->lock, flags);
}

void holdfast_ceiling_raise(struct task_struct *task, u64 outside)
{
	struct holdfast_member *member;

	rcu_read_lock();
	member = holdfast_member_find(task->signal);
	if (member)
		raise(member, outside);
	rcu_read_unlock();
}

void holdfast_ceiling_move(struct task_struct *task, struct cgroup *to)
{
	struct holdfast_member *member;

	rcu_read_lock();
	member = holdfast_member_find(task->signal);
	if (member && to->root == &cgrp_dfl_root &&
	    !is_below(to, member->container->cgroup_id))
		raise(member, CLONE_INTO_CGROUP);
	rcu_read_unlock();
}

void holdfast_ceiling_drop(struct holdfast_ceiling *ceiling)
{
	put_user_ns(ceiling->user_ns);
}
