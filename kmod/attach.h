/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_ATTACH_H
#define HOLDFAST_ATTACH_H

#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/srcu.h>
#include <linux/tracepoint.h>

/**
 * struct holdfast_hook - one kernel function that asks Holdfast first
 * @symbol: its name
 * @stub: where it goes instead, in attach_stub.S: calls the policy function
 *	and then either returns its error or goes on in the original
 * @resume: where the stub finds the address to go on at
 * @mandatory: without it the module does not load
 * @nr_checks: how many
 * @checks: enum holdfast_check, the items that are noticed here
 * @probe: by which @site is found
 * @site: the patched place in the function, 0 while it is not redirected
 * @hits: calls, by the policy function with holdfast_hit(); per CPU
 *
 * Written while the module loads and unloads, one after the other.
 */
struct holdfast_hook {
	const char *symbol;
	void *stub;
	unsigned long *resume;
	bool mandatory;
	unsigned int nr_checks;
	const u8 *checks;
	struct kprobe probe;
	unsigned long site;
	u64 __percpu *hits;
};

/**
 * struct holdfast_probe - one tracepoint
 * @symbol: its name
 * @function: what is called, of the tracepoint's own type
 * @point: the tracepoint, once found and registered with
 * @hits: as in struct holdfast_hook
 *
 * All tracepoints are mandatory.
 */
struct holdfast_probe {
	const char *symbol;
	void *function;
	struct tracepoint *point;
	u64 __percpu *hits;
};

/*
 * A row of a table of hooks, and the items noticed there; the stub is made by
 * HOLDFAST_STUB(name).
 */
#define HOLDFAST_HOOK(name, is_mandatory, ...)			\
	{							\
		.symbol = #name,				\
		.stub = holdfast_stub_##name,			\
		.resume = &holdfast_resume_##name,		\
		.mandatory = is_mandatory,			\
		.nr_checks = sizeof((const u8[]){ __VA_ARGS__ }), \
		.checks = (const u8[]){ __VA_ARGS__ },		\
		.hits = &holdfast_hits_##name,			\
	}

/* A row of one on which nothing but the items that follow depends. */
#define HOLDFAST_CHECK_HOOK(name, ...)				\
	HOLDFAST_HOOK(name, false, __VA_ARGS__)

/* What HOLDFAST_HOOK() refers to. */
#define HOLDFAST_DEFINE_HOOK(name)				\
	void holdfast_stub_##name(void);			\
	extern unsigned long holdfast_resume_##name;		\
	HOLDFAST_DEFINE_COUNTER(name)

#define HOLDFAST_DEFINE_COUNTER(name)				\
	static DEFINE_PER_CPU(u64, holdfast_hits_##name)

#define HOLDFAST_PROBE(name, probe)				\
	{							\
		.symbol = #name,				\
		.function = probe,				\
		.hits = &holdfast_hits_##name,			\
	}

#define holdfast_hit(name)	this_cpu_inc(holdfast_hits_##name)

/* A redirect's policy takes the arguments of the function that it guards. */
#define HOLDFAST_ASSERT_SAME_ARGUMENTS(name, type)		\
	static_assert(__same_type(&(name), &(type)))

/*
 * A policy function that may sleep runs between these; unloading waits for it.
 * One that does not sleep needs neither: synchronize_rcu_tasks() covers it.
 */
int holdfast_enter(void);
void holdfast_leave(int index);

/**
 * struct holdfast_table - the hooks and tracepoints of one subject
 * @hooks: rows
 * @nr_hooks: how many
 * @probes: rows
 * @nr_probes: how many
 */
struct holdfast_table {
	struct holdfast_hook *hooks;
	unsigned int nr_hooks;
	struct holdfast_probe *probes;
	unsigned int nr_probes;
};

extern const struct holdfast_table holdfast_exec_table;
extern const struct holdfast_table holdfast_process_table;
extern const struct holdfast_table holdfast_namespace_table;
extern const struct holdfast_table holdfast_proc_link_table;
extern const struct holdfast_table holdfast_cgroup_table;
extern const struct holdfast_table holdfast_open_table;
extern const struct holdfast_table holdfast_ioctl_table;
extern const struct holdfast_table holdfast_device_table;
extern const struct holdfast_table holdfast_mount_table;
extern const struct holdfast_table holdfast_kernel_code_table;
extern const struct holdfast_table holdfast_surface_table;
extern const struct holdfast_table holdfast_socket_table;
extern const struct holdfast_table holdfast_host_file_table;

/* All subjects' tables; ends with NULL. */
extern const struct holdfast_table *const holdfast_tables[];

u64 holdfast_hits(const u64 __percpu *hits);

/* Where the kernel has a function that it does not export; 0 if nowhere. Sleeps. */
unsigned long holdfast_find_function(const char *name);

/* Calls it, with as many of the arguments as it takes. In attach_stub.S. */
unsigned long holdfast_call(unsigned long function, unsigned long first,
			    unsigned long second, unsigned long third,
			    unsigned long fourth);

/* Tracepoints first, so that what the redirects rely on is there. */
int holdfast_attach(void);

/* Returns when no code of a policy function can run any more. */
void holdfast_detach(void);

bool holdfast_attached(void);

#endif
