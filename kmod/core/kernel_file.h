/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOLDFAST_CORE_KERNEL_FILE_H
#define HOLDFAST_CORE_KERNEL_FILE_H

#include "port.h"

/* The file systems by which the kernel is told what to do. */
enum holdfast_kernel_fs {
	HOLDFAST_KERNEL_FS_PROC,
	HOLDFAST_KERNEL_FS_SYSFS,
	HOLDFAST_KERNEL_FS_CGROUP1,
};

/*
 * The enum holdfast_check that opening a file is, by its name from the root of
 * its file system, which the kernel gave it; -1 for none. @privileged: who opens
 * it may see addresses of the kernel.
 */
int holdfast_kernel_file_check(enum holdfast_kernel_fs fs, const char *name,
			       bool write, bool privileged);

#endif
