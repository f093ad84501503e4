// SPDX-License-Identifier: GPL-2.0-only
/* 6.10: the priorities of groups became an enumeration with new names. */
#include <linux/fsnotify_backend.h>

int probe(void);
int probe(void)
{
	return FSNOTIFY_PRIO_CONTENT;
}
