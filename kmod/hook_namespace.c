// SPDX-License-Identifier: GPL-2.0-only
/* Namespaces and roots that are not the container's. */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/ipc_namespace.h>
#include <linux/mnt_namespace.h>
#include <linux/nsproxy.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/proc_ns.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/time_namespace.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

#include "attach.h"
#include "ceiling.h"
#include "check.h"
#include "container.h"
#include "home.h"
#include "left_ns.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(copy_mnt_ns);
HOLDFAST_DEFINE_HOOK(mntns_install);
HOLDFAST_DEFINE_HOOK(netns_install);
HOLDFAST_DEFINE_HOOK(pidns_install);
HOLDFAST_DEFINE_HOOK(utsns_install);
HOLDFAST_DEFINE_HOOK(ipcns_install);
HOLDFAST_DEFINE_HOOK(userns_install);
HOLDFAST_DEFINE_HOOK(cgroupns_install);
HOLDFAST_DEFINE_HOOK(timens_install);
HOLDFAST_DEFINE_HOOK(unshare_nsproxy_namespaces);
HOLDFAST_DEFINE_HOOK(proc_free_inum);
HOLDFAST_DEFINE_HOOK(security_path_chroot);

/* Under task_lock(); NULL if @task is about to be gone. Only compared. */
static const struct ns_common *ns_of(struct task_struct *task, int type)
{
	const struct nsproxy *nsproxy = task->nsproxy;
	const struct pid_namespace *pid_ns;

	switch (type) {
	case CLONE_NEWUSER:
		return &__task_cred(task)->user_ns->ns;
	case CLONE_NEWPID:
		pid_ns = task_active_pid_ns(task);
		return pid_ns ? &pid_ns->ns : NULL;
	}
	if (!nsproxy)
		return NULL;
	switch (type) {
	case CLONE_NEWNS: /* its first member, of a type that is private */
		return (const struct ns_common *)nsproxy->mnt_ns;
	case CLONE_NEWNET:
		return &nsproxy->net_ns->ns;
	case CLONE_NEWUTS:
		return &nsproxy->uts_ns->ns;
	case CLONE_NEWIPC:
		return &nsproxy->ipc_ns->ns;
	case CLONE_NEWCGROUP:
		return &nsproxy->cgroup_ns->ns;
	case CLONE_NEWTIME:
		return &nsproxy->time_ns->ns;
	}
	return NULL;
}

static bool is_in(struct task_struct *task, const struct ns_common *ns)
{
	bool in;

	task_lock(task);
	in = ns_of(task, ns->ops->type) == ns;
	task_unlock(task);
	return in;
}

/* Or are what it starts from now on to be? */
static bool keeps(struct task_struct *task, const struct ns_common *ns)
{
	const struct nsproxy *nsproxy;
	bool does;

	task_lock(task);
	nsproxy = task->nsproxy;
	does = ns_of(task, ns->ops->type) == ns ||
	       (nsproxy && (&nsproxy->pid_ns_for_children->ns == ns ||
			    &nsproxy->time_ns_for_children->ns == ns));
	task_unlock(task);
	return does;
}

/*
 * Somebody in @ns who is not of current's container; a reference. NULL if a
 * member of it, current itself perhaps, is there too, so that nothing is gained,
 * which @own says.
 */
static struct task_struct *find_other(const struct ns_common *ns, bool *own)
{
	struct task_struct *process, *task, *other = NULL;

	/* Most go back to where they are, or have left a thread. */
	*own = keeps(current, ns) || keeps(current->group_leader, ns);
	if (*own)
		return NULL;
	rcu_read_lock();
	for_each_process_thread(process, task) {
		if (!keeps(task, ns))
			continue;
		if (!holdfast_is_own(task)) {
			other = task;
		} else if (holdfast_is_member(task)) {
			/* The runtime's set-up may be there still. */
			*own = true;
			other = NULL;
			goto out;
		}
	}
	if (other)
		get_task_struct(other);
out:
	rcu_read_unlock();
	return other;
}

/*
 * Nobody is in @ns: has a member of current's container been, or will the kernel
 * refuse it itself? What was left before the module was there nobody knows.
 */
static bool has_left(const struct ns_common *ns)
{
	struct holdfast_member *member;
	bool has = true;

	/* To a namespace of users who made it has a right, whatever he holds. */
	if (ns->ops->type != CLONE_NEWUSER &&
	    !cap_raised(current_cred()->cap_effective, CAP_SYS_ADMIN))
		return true;
	member = holdfast_member_get(current);
	if (!member)
		return true;
	if (!test_bit(ilog2(HOLDFAST_MEMBER_F_ADOPTED), &member->flags) &&
	    holdfast_resume_proc_free_inum &&
	    holdfast_resume_unshare_nsproxy_namespaces)
		has = holdfast_left_ns_has(ns, member->container);
	holdfast_member_put(member);
	return has;
}

static void leave(void)
{
	struct holdfast_member *member = holdfast_member_get(current);

	if (!member)
		return;
	holdfast_left_ns_add(current, member->container);
	holdfast_member_put(member);
}

static int check_install(const struct ns_common *ns)
{
	struct holdfast_reach reach = { .check = -1, .name = ns->ops->name };
	struct task_struct *other;
	bool own;
	int err;

	if (!holdfast_is_member(current))
		return 0;
	other = find_other(ns, &own);
	if (other) {
		reach.check = HOLDFAST_CHECK_NS1;
		reach.target = other;
	} else if (!own && !has_left(ns)) {
		reach.check = HOLDFAST_CHECK_NS2;
	}
	err = holdfast_check(&reach);
	if (other)
		put_task_struct(other);
	if (err)
		return err;
	if (reach.check >= 0)
		holdfast_left_ns_refuse(ns);
	leave();
	/* With a mount namespace comes its root. */
	if (is_in(&init_task, ns))
		holdfast_ceiling_raise(current, ns->ops->type |
				       (ns->ops->type == CLONE_NEWNS ? CLONE_FS : 0));
	return 0;
}

/* setns(2) of each kind comes here: by a file, and by a pidfd. */
#define DEFINE_INSTALL(name)						\
	asmlinkage int holdfast_policy_##name(struct nsset *nsset,	\
					      struct ns_common *ns);	\
	int holdfast_policy_##name(struct nsset *nsset,			\
				   struct ns_common *ns)		\
	{								\
		holdfast_hit(name);					\
		return check_install(ns);				\
	}

DEFINE_INSTALL(mntns_install)
DEFINE_INSTALL(netns_install)
DEFINE_INSTALL(pidns_install)
DEFINE_INSTALL(utsns_install)
DEFINE_INSTALL(ipcns_install)
DEFINE_INSTALL(userns_install)
DEFINE_INSTALL(cgroupns_install)
DEFINE_INSTALL(timens_install)

asmlinkage int
holdfast_policy_unshare_nsproxy_namespaces(unsigned long flags,
					   struct nsproxy **new_nsproxy,
					   struct cred *new_cred,
					   struct fs_struct *new_fs);
HOLDFAST_ASSERT_SAME_ARGUMENTS(unshare_nsproxy_namespaces,
			       holdfast_policy_unshare_nsproxy_namespaces);

/* By setns(2) and by its end, too, a member leaves what it is in. */
int holdfast_policy_unshare_nsproxy_namespaces(unsigned long flags,
					       struct nsproxy **new_nsproxy,
					       struct cred *new_cred,
					       struct fs_struct *new_fs)
{
	holdfast_hit(unshare_nsproxy_namespaces);
	if (holdfast_is_member(current))
		leave();
	return 0;
}

asmlinkage int holdfast_policy_proc_free_inum(unsigned int inum);

/* As each namespace ends. Of a function that returns nothing; atomic. */
int holdfast_policy_proc_free_inum(unsigned int inum)
{
	holdfast_hit(proc_free_inum);
	holdfast_left_ns_forget(inum);
	return 0;
}

bool holdfast_notices_spread(void)
{
	return holdfast_resume_copy_mnt_ns;
}

asmlinkage int holdfast_policy_copy_mnt_ns(unsigned long flags,
					   struct mnt_namespace *ns,
					   struct user_namespace *user_ns,
					   struct fs_struct *new_fs);

/* Before it is made, so before anybody can enter it. By clone(), for the child. */
int holdfast_policy_copy_mnt_ns(unsigned long flags, struct mnt_namespace *ns,
				struct user_namespace *user_ns,
				struct fs_struct *new_fs)
{
	struct holdfast_member *member;

	holdfast_hit(copy_mnt_ns);
	if (!(flags & CLONE_NEWNS))
		return 0;
	rcu_read_lock();
	member = holdfast_member_find(current->signal);
	if (member)
		WRITE_ONCE(member->container->spread, true);
	rcu_read_unlock();
	return 0;
}

/* Package managers leave a chroot of theirs by a descriptor of their root. */
static bool is_home(const struct path *path)
{
	struct holdfast_member *member = holdfast_member_get(current);
	bool home;

	if (!member)
		return false;
	home = holdfast_home_owns(member->home, path->dentry);
	holdfast_member_put(member);
	return home;
}

asmlinkage int holdfast_policy_security_path_chroot(const struct path *path);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_path_chroot,
			       holdfast_policy_security_path_chroot);

int holdfast_policy_security_path_chroot(const struct path *path)
{
	struct holdfast_reach reach = { .check = -1, .path = path };
	bool outside;
	int index, err;

	holdfast_hit(security_path_chroot);
	if (!holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	outside = !holdfast_is_below_root(current, path);
	if (outside && !is_home(path))
		reach.check = HOLDFAST_CHECK_NS3;
	err = holdfast_check(&reach);
	if (!err && outside)
		holdfast_ceiling_raise(current, CLONE_FS);
	holdfast_leave(index);
	return err;
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_HOOK(copy_mnt_ns, false),
	HOLDFAST_CHECK_HOOK(unshare_nsproxy_namespaces, HOLDFAST_CHECK_NS2),
	HOLDFAST_CHECK_HOOK(proc_free_inum, HOLDFAST_CHECK_NS2),
	HOLDFAST_CHECK_HOOK(mntns_install, HOLDFAST_CHECK_NS1,
			    HOLDFAST_CHECK_NS2, HOLDFAST_CHECK_PI3,
			    HOLDFAST_CHECK_PI5, HOLDFAST_CHECK_PI9),
	HOLDFAST_CHECK_HOOK(netns_install, HOLDFAST_CHECK_NS1,
			    HOLDFAST_CHECK_NS2, HOLDFAST_CHECK_PI3,
			    HOLDFAST_CHECK_PI9),
	HOLDFAST_CHECK_HOOK(pidns_install, HOLDFAST_CHECK_NS1,
			    HOLDFAST_CHECK_NS2, HOLDFAST_CHECK_PI3,
			    HOLDFAST_CHECK_PI9),
	HOLDFAST_CHECK_HOOK(utsns_install, HOLDFAST_CHECK_NS1,
			    HOLDFAST_CHECK_NS2, HOLDFAST_CHECK_PI3,
			    HOLDFAST_CHECK_PI9),
	HOLDFAST_CHECK_HOOK(ipcns_install, HOLDFAST_CHECK_NS1,
			    HOLDFAST_CHECK_NS2, HOLDFAST_CHECK_PI3,
			    HOLDFAST_CHECK_PI9),
	HOLDFAST_CHECK_HOOK(userns_install, HOLDFAST_CHECK_NS1,
			    HOLDFAST_CHECK_NS2),
	HOLDFAST_CHECK_HOOK(cgroupns_install, HOLDFAST_CHECK_NS1,
			    HOLDFAST_CHECK_NS2, HOLDFAST_CHECK_PI3,
			    HOLDFAST_CHECK_PI9),
	HOLDFAST_CHECK_HOOK(timens_install, HOLDFAST_CHECK_NS1,
			    HOLDFAST_CHECK_NS2),
	HOLDFAST_CHECK_HOOK(security_path_chroot, HOLDFAST_CHECK_NS3,
			    HOLDFAST_CHECK_PI5),
};

const struct holdfast_table holdfast_namespace_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
