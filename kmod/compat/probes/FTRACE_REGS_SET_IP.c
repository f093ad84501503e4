// SPDX-License-Identifier: GPL-2.0-only
/* 6.12: ftrace_instruction_pointer_set() got this name. */
#include <linux/ftrace.h>

#if !defined(ftrace_regs_set_instruction_pointer)
#error "the older name"
#endif
