/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_INSPECT_H
#define HOLDFAST_INSPECT_H

#include <linux/types.h>

struct file;
struct holdfast_member;
struct holdfast_rule_ids;

#define HOLDFAST_FILES	512	/* taken out of a process at once; a power of two */

/**
 * struct holdfast_files - room for the executable files of a process
 * @at: each once, open; by the hash of the inode, NULL for none
 * @nr: how many, 0 between inspections
 */
struct holdfast_files {
	struct file *at[2 * HOLDFAST_FILES];
	unsigned int nr;
};

/*
 * Judges all that @member runs by the rules @fresh; reports it, and ends it, as
 * they say. False if it is to be tried again. Sleeps; one at a time.
 */
bool holdfast_inspect(struct holdfast_files *files,
		      struct holdfast_member *member,
		      const struct holdfast_rule_ids *fresh);

#endif
