/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* Holdfast: the numbers of what rules of type container-escape check. */
#ifndef _UAPI_LINUX_HOLDFAST_CHECKS_H
#define _UAPI_LINUX_HOLDFAST_CHECKS_H

/**
 * enum holdfast_check_type - %HOLDFAST_CHECK_TYPE_ and a type of
 *	holdfast_check_defs.h
 */
enum holdfast_check_type {
#define HOLDFAST_CHECK_TYPE(type, ...) HOLDFAST_CHECK_TYPE_##type,
#define HOLDFAST_CHECK(...)
#include "holdfast_check_defs.h"
	HOLDFAST_CHECK_TYPES_NR
};

/**
 * enum holdfast_check - %HOLDFAST_CHECK_ and an item of holdfast_check_defs.h
 */
enum holdfast_check {
#define HOLDFAST_CHECK_TYPE(...)
#define HOLDFAST_CHECK(item, ...) HOLDFAST_CHECK_##item,
#include "holdfast_check_defs.h"
	HOLDFAST_CHECKS_NR
};

/* A set of items: item N is bit N % 8 of byte N / 8. */
#define HOLDFAST_CHECK_SET_BYTES	16

#endif /* _UAPI_LINUX_HOLDFAST_CHECKS_H */
