/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_STATS_H
#define HOLDFAST_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

/* What is only counted, per CPU, without order against anything else. */
enum holdfast_stat {
	HOLDFAST_STAT_EXECS,
	HOLDFAST_STAT_MAPS,
	HOLDFAST_STAT_DENIED,
	HOLDFAST_STAT_ALERTED,
	HOLDFAST_STAT_UNCLASSIFIED,
	HOLDFAST_STAT_DEFAULTED,
	HOLDFAST_STAT_ADOPTED,
	HOLDFAST_STAT_QUERIES,
	HOLDFAST_STAT_QUERIES_ANSWERED,
	HOLDFAST_STAT_QUERIES_TIMED_OUT,
	HOLDFAST_STAT_QUERIES_REFUSED,
	HOLDFAST_STATS
};

DECLARE_PER_CPU(u64[HOLDFAST_STATS], holdfast_stats);

#define holdfast_count(stat)	this_cpu_inc(holdfast_stats[stat])

u64 holdfast_stat(enum holdfast_stat stat);

#endif
