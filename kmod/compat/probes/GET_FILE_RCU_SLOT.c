// SPDX-License-Identifier: GPL-2.0-only
/* 6.7: get_file_rcu() takes the place that the file is found in. */
#include <linux/fs.h>

struct file *probe(struct file __rcu **slot);
struct file *probe(struct file __rcu **slot)
{
	return get_file_rcu(slot);
}
