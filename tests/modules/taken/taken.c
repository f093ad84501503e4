// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes a function of the kernel as a live patch does, so that nobody else can
 * redirect it, for tests. Never installed.
 */
#include <linux/ftrace.h>
#include <linux/module.h>

static char function[KSYM_NAME_LEN];
module_param_string(function, function, sizeof(function), 0400);
MODULE_PARM_DESC(function, "which");

static void redirect(unsigned long ip, unsigned long parent_ip,
		     struct ftrace_ops *ops, struct ftrace_regs *regs)
{
}

static struct ftrace_ops ops = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY,
};

static int __init taken_start(void)
{
	int err = ftrace_set_filter(&ops, function, strlen(function), 1);

	return err ? err : register_ftrace_function(&ops);
}

static void __exit taken_stop(void)
{
	unregister_ftrace_function(&ops);
	ftrace_free_filter(&ops);
}

module_init(taken_start);
module_exit(taken_stop);
MODULE_DESCRIPTION("Takes a function, for tests");
MODULE_LICENSE("GPL");
