// SPDX-License-Identifier: GPL-2.0-only
/* 6.12: security_perf_event_open() takes no attributes. */
#include <linux/security.h>

int probe(int type)
{
	return security_perf_event_open(type);
}
