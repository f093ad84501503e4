// SPDX-License-Identifier: GPL-2.0-only
/* Counters. */
#include <linux/cpumask.h>

#include "stats.h"

DEFINE_PER_CPU(u64[HOLDFAST_STATS], holdfast_stats);

u64 holdfast_stat(enum holdfast_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(holdfast_stats, cpu)[stat];
	return sum;
}
