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
#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_trace.h>

#include "attach.h"
#include "compat/compat.h"

#define SITE_BITS	8	/* far more slots than hooks */

DEFINE_STATIC_SRCU(holdfast_srcu);

const struct holdfast_table *const holdfast_tables[] = {
	&holdfast_process_table,
	&holdfast_exec_table,
	&holdfast_namespace_table,
	&holdfast_proc_link_table,
	&holdfast_cgroup_table,
	&holdfast_open_table,
	&holdfast_ioctl_table,
	&holdfast_device_table,
	&holdfast_mount_table,
	&holdfast_kernel_code_table,
	&holdfast_surface_table,
	&holdfast_socket_table,
	&holdfast_host_file_table,
	NULL
};

static bool attached;

int holdfast_enter(void)
	__acquires(&holdfast_srcu)
{
	return srcu_read_lock(&holdfast_srcu);
}

void holdfast_leave(int index)
	__releases(&holdfast_srcu)
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

unsigned long holdfast_find_function(const char *name)
{
	struct kprobe probe = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	unsigned long function;

	if (register_kprobe(&probe))
		return 0;
	function = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	return function;
}

/*
 * All redirects by one handle, as each one that is given up costs grace periods
 * of RCU-tasks. Filled before the handle is registered, then only read.
 */
static struct holdfast_hook *by_site[1 << SITE_BITS];

static struct holdfast_hook **slot_of(unsigned long site)
{
	u32 at = hash_long(site, SITE_BITS);

	while (by_site[at] && by_site[at]->site != site)
		at = (at + 1) % ARRAY_SIZE(by_site);
	return &by_site[at];
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *regs)
{
	struct holdfast_hook *hook = *slot_of(ip);

	ftrace_regs_set_instruction_pointer(regs, (unsigned long)hook->stub);
}

static struct ftrace_ops redirects = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

static int register_redirects(struct ftrace_ops *ops)
{
	int tries = 10;
	int err;

	/* A BPF trampoline on a function may have to make room first. */
	while ((err = register_ftrace_function(ops)) == -EAGAIN && tries--)
		msleep(20);
	return err;
}

/*
 * Where ftrace has patched the functions: a kprobe at an entry goes there. Those
 * that are not armed patch nothing, and are given up by one grace period.
 */
static void find_sites(void)
{
	static struct kprobe *found[ARRAY_SIZE(by_site)];
	const struct holdfast_table *const *table;
	unsigned int i, nr = 0;

	for (table = holdfast_tables; *table; table++) {
		for (i = 0; i < (*table)->nr_hooks; i++) {
			struct holdfast_hook *hook = &(*table)->hooks[i];

			hook->probe = (struct kprobe){
				.symbol_name = hook->symbol,
				.flags = KPROBE_FLAG_DISABLED,
			};
			hook->site = 0;
			if (nr == ARRAY_SIZE(found) ||
			    register_kprobe(&hook->probe)) {
				pr_err("%s is not there\n", hook->symbol);
				continue;
			}
			hook->site = (unsigned long)hook->probe.addr;
			found[nr++] = &hook->probe;
		}
	}
	unregister_kprobes(found, nr);
}

static int prepare_hook(struct holdfast_hook *hook)
{
	int err = -ENOENT;

	if (hook->site) {
		err = ftrace_set_filter_ip(&redirects, hook->site, 0, 0);
		if (err)
			pr_err("%s cannot be redirected: %d\n", hook->symbol, err);
	}
	if (err) {
		hook->site = 0;
		*hook->resume = 0;
		return hook->mandatory ? err : 0;
	}
	*slot_of(hook->site) = hook;
	*hook->resume = hook->site + MCOUNT_INSN_SIZE;
	return 0;
}

static int prepare_hooks(void)
{
	const struct holdfast_table *const *table;
	unsigned int i;
	int err = 0;

	memset(by_site, 0, sizeof(by_site));
	ftrace_set_filter(&redirects, NULL, 0, 1);
	for (table = holdfast_tables; *table; table++)
		for (i = 0; i < (*table)->nr_hooks && !err; i++)
			err = prepare_hook(&(*table)->hooks[i]);
	return err;
}

static int try_alone(const struct holdfast_hook *hook)
{
	struct ftrace_ops one = {
		.func = redirect,
		.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
	};
	int err;

	err = ftrace_set_filter_ip(&one, hook->site, 0, 0);
	if (!err)
		err = register_redirects(&one);
	if (!err)
		unregister_ftrace_function(&one);
	ftrace_set_filter(&one, NULL, 0, 1);
	return err;
}

/*
 * Which functions are taken, by a live patch perhaps? False if one of them is
 * needed, or none was found.
 */
static bool drop_culprits(void)
{
	const struct holdfast_table *const *table;
	bool found = false, needed = false;
	unsigned int i;
	int err;

	for (table = holdfast_tables; *table; table++) {
		for (i = 0; i < (*table)->nr_hooks; i++) {
			struct holdfast_hook *hook = &(*table)->hooks[i];

			err = hook->site ? try_alone(hook) : 0;
			if (!err)
				continue;
			pr_err("%s cannot be redirected: %d%s\n", hook->symbol,
			       err, err == -EBUSY ?
			       " (a live patch, or ftrace is switched off?)" :
			       "");
			hook->site = 0;
			found = true;
			needed |= hook->mandatory;
		}
	}
	return found && !needed;
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

static int attach_hooks(void)
{
	int err;

	find_sites();
	err = prepare_hooks();
	if (err)
		return err;
	err = register_redirects(&redirects);
	if (!err || !drop_culprits())
		return err;
	err = prepare_hooks();
	return err ? err : register_redirects(&redirects);
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
	if (!err)
		err = attach_hooks();
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

	if (attached)
		unregister_ftrace_function(&redirects);
	WRITE_ONCE(attached, false);
	ftrace_set_filter(&redirects, NULL, 0, 1);

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
