/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CORE_PATH_PREFIX_H
#define HOLDFAST_CORE_PATH_PREFIX_H

#include "port.h"

/**
 * struct holdfast_prefixes - a set of directories
 * @nr: how many
 * @sorted: their absolute names in the order of strcmp(), without a slash at
 *	the end; the root directory is the empty string. Owned by the set.
 *
 * Filled once, then only read; readers need no lock.
 */
struct holdfast_prefixes {
	u32 nr;
	char **sorted;
};

/* Is @path an absolute path without "", "." or ".." for components? */
bool holdfast_prefix_valid(const char *path);

/*
 * Takes over @names, an array of @nr valid paths that were allocated one by
 * one, and sorts it.
 */
void holdfast_prefixes_init(struct holdfast_prefixes *set, char **names, u32 nr);

/* Is @path, absolute, one of the directories or below one? */
bool holdfast_prefixes_match(const struct holdfast_prefixes *set,
			     const char *path);

/* Has the path of one of them @name, of @len characters, for a component? */
bool holdfast_prefixes_lead_by(const struct holdfast_prefixes *set,
			       const char *name, size_t len);

/* Is each directory of @a one of @b or below one? */
bool holdfast_prefixes_subset(const struct holdfast_prefixes *a,
			      const struct holdfast_prefixes *b);

#endif
