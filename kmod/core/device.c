// SPDX-License-Identifier: GPL-2.0-only
/*
 * Character devices, by number: Documentation/admin-guide/devices.txt. Those of
 * numbers that are given out while the kernel runs are not known.
 */
#include <uapi/linux/holdfast_checks.h>

#include "device.h"

#define NONE -1

/**
 * struct row - devices in a row
 * @major: their major number
 * @first: lowest minor number
 * @last: highest
 * @check: the item, or NONE for one that is harmless
 */
struct row {
	u32 major;
	u32 first;
	u32 last;
	int check;
};

static const struct row rows[] = {
	{ 1, 1, 2, HOLDFAST_CHECK_RD3 },		/* mem, kmem */
	{ 1, 3, 3, NONE },				/* null */
	{ 1, 4, 4, HOLDFAST_CHECK_RD3 },		/* port */
	{ 1, 5, 5, NONE },				/* zero */
	{ 1, 7, 9, NONE },				/* full, random, urandom */
	{ 5, 0, 2, NONE },				/* tty, console, ptmx */
	{ 10, 130, 130, HOLDFAST_CHECK_KL4 },		/* watchdog */
	{ 10, 196, 196, HOLDFAST_CHECK_RD5 },		/* vfio/vfio */
	{ 10, 223, 223, HOLDFAST_CHECK_RD4 },		/* uinput */
	{ 10, 231, 231, HOLDFAST_CHECK_RD3 },		/* snapshot */
	{ 10, 234, 234, HOLDFAST_CHECK_RD4 },		/* btrfs-control */
	{ 10, 236, 237, HOLDFAST_CHECK_RD4 },		/* mapper/, loop-control */
	{ 10, 239, 239, HOLDFAST_CHECK_RD4 },		/* uhid */
	{ 13, 64, 95, HOLDFAST_CHECK_RD4 },		/* input/event */
	{ 13, 256, 1023, HOLDFAST_CHECK_RD4 },		/* input/event */
	{ 21, 0, 0xfffff, HOLDFAST_CHECK_RD4 },		/* sg */
	{ 90, 0, 0xfffff, HOLDFAST_CHECK_RD2 },		/* mtd */
	{ 202, 0, 0xfffff, HOLDFAST_CHECK_RD5 },		/* cpu/.../msr */
};

static const struct row *find(u32 major, u32 minor)
{
	const struct row *row;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++)
		if (row->major == major && row->first <= minor &&
		    minor <= row->last)
			return row;
	return NULL;
}

int holdfast_character_device_check(u32 major, u32 minor)
{
	const struct row *row = find(major, minor);

	return row ? row->check : NONE;
}

bool holdfast_character_device_harmless(u32 major, u32 minor)
{
	const struct row *row = find(major, minor);

	return row && row->check == NONE;
}
