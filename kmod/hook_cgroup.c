// SPDX-License-Identifier: GPL-2.0-only
/* Cgroups that are not the container's, and what guards the container's own. */
#include <linux/bpf.h>
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/security.h>

#include "attach.h"
#include "ceiling.h"
#include "check.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(cgroup_attach_permissions);
HOLDFAST_DEFINE_HOOK(cgroup_attach_task);
HOLDFAST_DEFINE_HOOK(__cgroup_bpf_attach);
HOLDFAST_DEFINE_HOOK(__cgroup_bpf_detach);
HOLDFAST_DEFINE_HOOK(security_sb_remount);

static int check(int item, const char *name)
{
	return holdfast_check(&(struct holdfast_reach){
		.check = item,
		.name = name,
	});
}

struct cgroup_namespace;
asmlinkage int
holdfast_policy_cgroup_attach_permissions(struct cgroup *from, struct cgroup *to,
					  struct super_block *sb, bool all,
					  struct cgroup_namespace *ns);

/*
 * Under cgroup_mutex. clone3() with CLONE_INTO_CGROUP comes here, and a write to
 * the list of processes or threads, whoever has opened it.
 */
int holdfast_policy_cgroup_attach_permissions(struct cgroup *from,
					      struct cgroup *to,
					      struct super_block *sb, bool all,
					      struct cgroup_namespace *ns)
{
	holdfast_hit(cgroup_attach_permissions);
	/* Who is pulled in would be at the container's mercy, and pass for its own. */
	if (!holdfast_is_member(current) ||
	    (holdfast_own_cgroup_level(from) >= 0 &&
	     holdfast_own_cgroup_level(to) >= 0))
		return 0;
	return check(HOLDFAST_CHECK_CG4, "move");
}

asmlinkage int holdfast_policy_cgroup_attach_task(struct cgroup *to,
						  struct task_struct *leader,
						  bool threadgroup);

/* Before it is moved by one who was let do so, as the host is. Under cgroup_mutex. */
int holdfast_policy_cgroup_attach_task(struct cgroup *to,
				       struct task_struct *leader,
				       bool threadgroup)
{
	holdfast_hit(cgroup_attach_task);
	holdfast_ceiling_move(leader, to);
	return 0;
}

/*
 * What the runtime has put on the container's own cgroup, or on one further in
 * that all of it is in, is not its own. Under cgroup_mutex.
 */
static int check_bpf(struct cgroup *cgroup, enum bpf_attach_type type,
		     const char *what)
{
	if (type != BPF_CGROUP_DEVICE || !holdfast_is_member(current) ||
	    (holdfast_own_cgroup_level(cgroup) > 0 &&
	     !cgroup_is_descendant(task_dfl_cgroup(current), cgroup)))
		return 0;
	return check(HOLDFAST_CHECK_CG5, what);
}

struct bpf_cgroup_link;
asmlinkage int
holdfast_policy___cgroup_bpf_attach(struct cgroup *cgroup, struct bpf_prog *prog,
				    struct bpf_prog *replaced,
				    struct bpf_cgroup_link *link,
				    enum bpf_attach_type type, u32 flags);

/* Newer kernels pass two arguments more, on the stack. */
int holdfast_policy___cgroup_bpf_attach(struct cgroup *cgroup,
					struct bpf_prog *prog,
					struct bpf_prog *replaced,
					struct bpf_cgroup_link *link,
					enum bpf_attach_type type, u32 flags)
{
	holdfast_hit(__cgroup_bpf_attach);
	return check_bpf(cgroup, type, replaced ? "replace" : "attach");
}

asmlinkage int
holdfast_policy___cgroup_bpf_detach(struct cgroup *cgroup, struct bpf_prog *prog,
				    struct bpf_cgroup_link *link,
				    enum bpf_attach_type type);

/* A link that is given up must not fail. */
int holdfast_policy___cgroup_bpf_detach(struct cgroup *cgroup,
					struct bpf_prog *prog,
					struct bpf_cgroup_link *link,
					enum bpf_attach_type type)
{
	holdfast_hit(__cgroup_bpf_detach);
	return link ? 0 : check_bpf(cgroup, type, "detach");
}

asmlinkage int holdfast_policy_security_sb_remount(struct super_block *sb,
						   void *options);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_sb_remount,
			       holdfast_policy_security_sb_remount);

/* Version 1 takes the release agent as an option of a mount, too. */
int holdfast_policy_security_sb_remount(struct super_block *sb, void *options)
{
	holdfast_hit(security_sb_remount);
	return check(sb->s_magic == CGROUP_SUPER_MAGIC ? HOLDFAST_CHECK_CG1 : -1,
		     "remount");
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(cgroup_attach_permissions, HOLDFAST_CHECK_CG4),
	HOLDFAST_CHECK_HOOK(cgroup_attach_task, HOLDFAST_CHECK_PI6),
	HOLDFAST_CHECK_HOOK(__cgroup_bpf_attach, HOLDFAST_CHECK_CG5),
	HOLDFAST_CHECK_HOOK(__cgroup_bpf_detach, HOLDFAST_CHECK_CG5),
	HOLDFAST_CHECK_HOOK(security_sb_remount, HOLDFAST_CHECK_CG1),
};

const struct holdfast_table holdfast_cgroup_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
