/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files in core/ need of their surroundings, in the kernel or not. */
#ifndef HOLDFAST_CORE_PORT_H
#define HOLDFAST_CORE_PORT_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define sort(base, num, size, cmp, swap) qsort(base, num, size, cmp)
#define kvcalloc(num, size, flags) calloc(num, size)
#define kvfree(memory) free(memory)
#define cond_resched() do { } while (0)
#endif

#endif
