// SPDX-License-Identifier: GPL-2.0-only
/* Since 6.18 the count of a namespace has another name. */
#include <linux/ns_common.h>

refcount_t *probe(struct ns_common *ns);
refcount_t *probe(struct ns_common *ns)
{
	return &ns->__ns_ref;
}
