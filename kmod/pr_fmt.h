/* SPDX-License-Identifier: GPL-2.0-only */
/* Included first in every file of the module: what its messages begin with. */
#ifndef __ASSEMBLY__
#define pr_fmt(fmt) "holdfast: " fmt
#endif
