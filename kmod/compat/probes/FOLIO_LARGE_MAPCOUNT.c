// SPDX-License-Identifier: GPL-2.0-only
/* 6.10: how often a large folio is mapped is counted in it. */
#include <linux/mm.h>

int probe(const struct folio *folio);
int probe(const struct folio *folio)
{
	return folio_large_mapcount(folio);
}
