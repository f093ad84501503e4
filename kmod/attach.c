// SPDX-License-Identifier: GPL-2.0-only
/*
 * The redirect engine.
 *
 * ftrace replaces the return address of its trampoline by that of a stub, as
 * live patching does. The stub calls the policy function and then leaves for
 * the original behind its patched entry, so that no frame of this module is on
 * the stack while the original runs: it may block for ever or never return,
 * and unloading waits for the policy only.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_trace.h>

#include "attach.h"
#include "compat/compat.h"

DEFINE_STATIC_SRCU(holdfast_srcu);

const struct holdfast_table *const holdfast_tables[] = {
	&holdfast_process_table,
	&holdfast_exec_table,
	NULL
};

static bool attached;

int holdfast_enter(void)
{
	return srcu_read_lock(&holdfast_srcu);
}

void holdfast_leave(int index)
{
	srcu_read_unlock(&holdfast_srcu, index);
}

bool holdfast_attached(void)
{
	return READ_ONCE(attached);
}

u64 holdfast_hits(const u64 __percpu *hits)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += *per_cpu_ptr(hits, cpu);
	return sum;
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	struct holdfast_hook *hook;

	hook = container_of(ops, struct holdfast_hook, ops);
	WRITE_ONCE(*hook->resume, ip + MCOUNT_INSN_SIZE);
	ftrace_regs_set_instruction_pointer(regs, (unsigned long)hook->stub);
}

static int attach_hook(struct holdfast_hook *hook)
{
	int tries = 10;
	int err;

	hook->ops.func = redirect;
	hook->ops.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT;
	err = ftrace_set_filter(&hook->ops, (unsigned char *)hook->symbol,
				strlen(hook->symbol), 1);
	if (err)
		return err;
	/* A BPF trampoline on the function may have to make room first. */
	while ((err = register_ftrace_function(&hook->ops)) == -EAGAIN &&
	       tries--)
		msleep(20);
	if (err)
		ftrace_set_filter(&hook->ops, NULL, 0, 1);
	hook->attached = !err;
	return err;
}

static void detach_hook(struct holdfast_hook *hook)
{
	if (!hook->attached)
		return;
	unregister_ftrace_function(&hook->ops);
	ftrace_set_filter(&hook->ops, NULL, 0, 1);
	hook->attached = false;
}

static void find_tracepoint(struct tracepoint *point, void *data)
{
	struct holdfast_probe *probe = data;

	if (!strcmp(point->name, probe->symbol))
		probe->point = point;
}

static int attach_probe(struct holdfast_probe *probe)
{
	int err;

	for_each_kernel_tracepoint(find_tracepoint, probe);
	if (!probe->point)
		return -ENOENT;
	err = tracepoint_probe_register(probe->point, probe->function, NULL);
	if (err)
		probe->point = NULL;
	return err;
}

static void detach_probe(struct holdfast_probe *probe)
{
	if (!probe->point)
		return;
	tracepoint_probe_unregister(probe->point, probe->function, NULL);
	probe->point = NULL;
}

static int attach_hooks(const struct holdfast_table *table)
{
	unsigned int i;
	int err;

	for (i = 0; i < table->nr_hooks; i++) {
		struct holdfast_hook *hook = &table->hooks[i];

		err = attach_hook(hook);
		if (!err)
			continue;
		pr_err("%s cannot be redirected: %d%s\n", hook->symbol, err,
		       err == -EBUSY ?
		       " (a live patch, or ftrace is switched off?)" : "");
		if (hook->mandatory)
			return err;
	}
	return 0;
}

int holdfast_attach(void)
{
	const struct holdfast_table *const *table;
	unsigned int i;
	int err = 0;

	for (table = holdfast_tables; *table && !err; table++) {
		for (i = 0; i < (*table)->nr_probes && !err; i++) {
			err = attach_probe(&(*table)->probes[i]);
			if (err)
				pr_err("tracepoint %s cannot be used: %d\n",
				       (*table)->probes[i].symbol, err);
		}
	}
	for (table = holdfast_tables; *table && !err; table++)
		err = attach_hooks(*table);
	if (err)
		holdfast_detach();
	else
		WRITE_ONCE(attached, true);
	return err;
}

void holdfast_detach(void)
{
	const struct holdfast_table *const *table;
	unsigned int i;

	WRITE_ONCE(attached, false);
	for (table = holdfast_tables; *table; table++)
		for (i = 0; i < (*table)->nr_hooks; i++)
			detach_hook(&(*table)->hooks[i]);

	/* Tasks between ftrace's trampoline and holdfast_enter(), ... */
	synchronize_rcu_tasks();
	/* ... those in a policy function that sleeps, ... */
	synchronize_srcu(&holdfast_srcu);
	/* ... and those between holdfast_leave() and the stub's last jump. */
	synchronize_rcu_tasks();

	for (table = holdfast_tables; *table; table++)
		for (i = 0; i < (*table)->nr_probes; i++)
			detach_probe(&(*table)->probes[i]);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
}
