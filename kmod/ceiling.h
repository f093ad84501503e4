/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CEILING_H
#define HOLDFAST_CEILING_H

#include <linux/capability.h>
#include <linux/types.h>

struct cgroup;
struct cred;
struct dentry;
struct holdfast_member;
struct task_struct;
struct user_namespace;
struct vfsmount;

/**
 * struct holdfast_ceiling - the most that a process can have, unless the kernel
 *	itself was corrupted; or what a thread has, to be compared with that
 * @user_ns: the user namespace that it was armed in; a reference. NULL while
 *	nothing is known of it.
 * @bounding: capabilities in @user_ns that it, or what it executes, can get
 * @permitted: those that it can have before its next exec
 * @root: can it have the host's user id 0 before its next exec?
 * @seccomp: the weakest mode of its threads
 * @filters: likewise, how many filters
 * @no_new_privs: all of them have promised that
 * @outside: by CLONE_*, where it may be that is not its container's: namespaces
 *	of the host, CLONE_FS: a root among the mounts of the host,
 *	CLONE_INTO_CGROUP: a cgroup that is not below the container's
 * @mnt: with @dentry, a root that is not such; only compared
 * @dentry: see @mnt
 */
struct holdfast_ceiling {
	struct user_namespace *user_ns;
	kernel_cap_t bounding;
	kernel_cap_t permitted;
	bool root;
	bool no_new_privs;
	int seccomp;
	int filters;
	u64 outside;
	const struct vfsmount *mnt;
	const struct dentry *dentry;
};

#define HOLDFAST_NAMESPACES	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | \
				 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)

/* Has it got user id 0 of the host in one of its four places? */
bool holdfast_has_root(const struct cred *cred);

/* Does the namespace have that user id? */
bool holdfast_maps_root(struct user_namespace *user_ns);

/*
 * What current has, without references. @member is its record. May sleep.
 */
void holdfast_ceiling_read(struct holdfast_ceiling *has,
			   struct holdfast_member *member);

/*
 * All that the threads of @task have is what @member, its record, may have from
 * now on. May sleep.
 */
void holdfast_ceiling_record(struct holdfast_member *member,
			     struct task_struct *task);

/* Current, of the record @member, has executed another program. May sleep. */
void holdfast_ceiling_exec(struct holdfast_member *member);

/*
 * What current, the only thread of its process, has given up it cannot get back
 * but by an exec. Under the lock of the record of @ceiling.
 */
void holdfast_ceiling_follow(struct holdfast_ceiling *ceiling,
			     const struct holdfast_ceiling *has);

/* @child, which nobody else sees yet, may have what its parent may. */
void holdfast_ceiling_inherit(struct holdfast_member *child,
			      struct holdfast_member *parent);

/* @task, if it is a member, is let go where @outside says. Any context. */
void holdfast_ceiling_raise(struct task_struct *task, u64 outside);

/* Likewise, to a cgroup of any hierarchy. */
void holdfast_ceiling_move(struct task_struct *task, struct cgroup *to);

/* With the record. Any context. */
void holdfast_ceiling_drop(struct holdfast_ceiling *ceiling);

#endif
