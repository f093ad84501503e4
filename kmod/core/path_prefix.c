// SPDX-License-Identifier: GPL-2.0-only
/* Sets of directories, asked whether a path lies in one of them. */
#include "path_prefix.h"

bool holdfast_prefix_valid(const char *path)
{
	const char *p = path;

	if (*p != '/')
		return false;
	if (!p[1])
		return true;
	while (*p) {
		size_t len = strcspn(++p, "/");

		if (!len || (len == 1 && p[0] == '.') ||
		    (len == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += len;
	}
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void holdfast_prefixes_init(struct holdfast_prefixes *set, char **names, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (!names[i][1])
			names[i][0] = '\0';
	if (nr)
		sort(names, nr, sizeof(*names), compare_names, NULL);
	set->nr = nr;
	set->sorted = names;
}

/* Like strcmp() of @name with the first @len characters of @path. */
static int compare_head(const char *name, const char *path, size_t len)
{
	int order = strncmp(name, path, len);

	return order ? order : name[len] != '\0';
}

static bool has(const struct holdfast_prefixes *set, const char *path,
		size_t len)
{
	u32 low = 0, high = set->nr;

	while (low < high) {
		u32 mid = low + (high - low) / 2;
		int order = compare_head(set->sorted[mid], path, len);

		if (!order)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

bool holdfast_prefixes_match(const struct holdfast_prefixes *set,
			     const char *path)
{
	const char *end = path;

	if (!set->nr || *path != '/')
		return false;
	for (;;) {
		if (has(set, path, end - path))
			return true;
		if (!*end)
			return false;
		end += 1 + strcspn(end + 1, "/");
	}
}

static bool leads_by(const char *path, const char *name, size_t len)
{
	while (*path++ == '/') {
		size_t own = strcspn(path, "/");

		if (own == len && !memcmp(path, name, len))
			return true;
		path += own;
	}
	return false;
}

bool holdfast_prefixes_lead_by(const struct holdfast_prefixes *set,
			       const char *name, size_t len)
{
	u32 i;

	for (i = 0; i < set->nr; i++)
		if (leads_by(set->sorted[i], name, len))
			return true;
	return false;
}

bool holdfast_prefixes_subset(const struct holdfast_prefixes *a,
			      const struct holdfast_prefixes *b)
{
	u32 i;

	for (i = 0; i < a->nr; i++) {
		const char *name = *a->sorted[i] ? a->sorted[i] : "/";

		if (!holdfast_prefixes_match(b, name))
			return false;
	}
	return true;
}
