// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fork, exit, ptrace and signals: membership is inherited, and not to be taken
 * over; others are left alone.
 */
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/security.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <trace/events/sched.h>

#include "attach.h"
#include "check.h"
#include "compat/compat.h"
#include "container.h"
#include "event.h"
#include "guard.h"
#include "integrity.h"
#include "member.h"
#include "stats.h"

HOLDFAST_DEFINE_HOOK(security_task_alloc);
HOLDFAST_DEFINE_HOOK(security_ptrace_access_check);
HOLDFAST_DEFINE_HOOK(security_task_kill);
HOLDFAST_DEFINE_HOOK(security_task_setrlimit);
HOLDFAST_DEFINE_COUNTER(sched_process_fork);
HOLDFAST_DEFINE_COUNTER(sched_process_exit);

asmlinkage int holdfast_policy_security_task_alloc(struct task_struct *task,
						   unsigned long clone_flags);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_task_alloc,
			       holdfast_policy_security_task_alloc);

/* The child's record is made here, where the fork may still fail. */
int holdfast_policy_security_task_alloc(struct task_struct *task,
					unsigned long clone_flags)
{
	struct holdfast_member *member;
	int index, err;

	holdfast_hit(security_task_alloc);
	if ((clone_flags & CLONE_THREAD) || !holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	err = 0;
	member = holdfast_member_get(current);
	if (member) {
		err = holdfast_integrity_verify(member);
		if (!err)
			err = holdfast_member_reserve(member, clone_flags);
		holdfast_member_put(member);
	}
	holdfast_leave(index);
	return err;
}

static void report_ptrace(struct task_struct *child)
{
	struct holdfast_member *member = holdfast_member_get(current);
	struct holdfast_event *event;

	if (!member)
		return;
	event = holdfast_event_new(current, HOLDFAST_EVENT_PTRACE, GFP_ATOMIC);
	if (event) {
		event->body.verdict = HOLDFAST_VERDICT_DENY;
		event->body.target_pid = child->pid;
		holdfast_event_send(event, member->container);
		holdfast_event_free(event);
	} else {
		holdfast_event_lost(member->container);
	}
	holdfast_count(HOLDFAST_STAT_DENIED);
	holdfast_member_put(member);
}

asmlinkage int
holdfast_policy_security_ptrace_access_check(struct task_struct *child,
					     unsigned int mode);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_ptrace_access_check,
			       holdfast_policy_security_ptrace_access_check);

/* Under task_lock(): atomic. */
int holdfast_policy_security_ptrace_access_check(struct task_struct *child,
						 unsigned int mode)
{
	struct holdfast_reach reach = {
		.check = HOLDFAST_CHECK_PT1,
		.target = child,
		.atomic = true,
	};

	holdfast_hit(security_ptrace_access_check);
	if (!(mode & PTRACE_MODE_ATTACH))
		return 0;
	if (!holdfast_guard_may_attach(child)) {
		report_ptrace(child);
		return -EPERM;
	}
	if (!holdfast_is_other(child))
		return 0;
	/* The number is the same in all of x86's system call tables. */
	if (syscall_get_nr(current, current_pt_regs()) == __NR_pidfd_getfd)
		reach.check = HOLDFAST_CHECK_PT3;
	return holdfast_check(&reach);
}

/* A signal, or what brings one. Any context. */
static int check_end(struct task_struct *task)
{
	return holdfast_is_other(task) ?
		       holdfast_check(&(struct holdfast_reach){
			       .check = HOLDFAST_CHECK_PT5,
			       .target = task,
			       .atomic = true,
		       }) : 0;
}

asmlinkage int holdfast_policy_security_task_kill(struct task_struct *task,
						  struct kernel_siginfo *info,
						  int sig,
						  const struct cred *cred);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_task_kill,
			       holdfast_policy_security_task_kill);

/* Under RCU or tasklist_lock: atomic. With @cred it is another who sends. */
int holdfast_policy_security_task_kill(struct task_struct *task,
				       struct kernel_siginfo *info, int sig,
				       const struct cred *cred)
{
	holdfast_hit(security_task_kill);
	return sig && !cred ? check_end(task) : 0;
}

struct rlimit;
asmlinkage int
holdfast_policy_security_task_setrlimit(struct task_struct *task,
					unsigned int resource,
					struct rlimit *limit);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_task_setrlimit,
			       holdfast_policy_security_task_setrlimit);

/* Whose time of processor is cut off is killed for it. Under task_lock(): atomic. */
int holdfast_policy_security_task_setrlimit(struct task_struct *task,
					    unsigned int resource,
					    struct rlimit *limit)
{
	holdfast_hit(security_task_setrlimit);
	return check_end(task);
}

static void on_fork(void *data, struct task_struct *parent,
		    struct task_struct *child)
{
	holdfast_hit(sched_process_fork);
	holdfast_member_link(parent, child);
}

static void on_exit(HOLDFAST_EXIT_ARGUMENTS)
{
	holdfast_hit(sched_process_exit);
	holdfast_member_exit_task(task);
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_HOOK(security_task_alloc, true),
	HOLDFAST_HOOK(security_ptrace_access_check, true,
		      HOLDFAST_CHECK_PT1, HOLDFAST_CHECK_PT3),
	HOLDFAST_CHECK_HOOK(security_task_kill, HOLDFAST_CHECK_PT5),
	HOLDFAST_CHECK_HOOK(security_task_setrlimit, HOLDFAST_CHECK_PT5),
};

static struct holdfast_probe probes[] = {
	HOLDFAST_PROBE(sched_process_fork, on_fork),
	HOLDFAST_PROBE(sched_process_exit, on_exit),
};

/* Never called: the compiler checks the probes' arguments. */
static void __maybe_unused check_probes(void)
{
	check_trace_callback_type_sched_process_fork(on_fork);
	check_trace_callback_type_sched_process_exit(on_exit);
}

const struct holdfast_table holdfast_process_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
	.probes = probes,
	.nr_probes = ARRAY_SIZE(probes),
};
