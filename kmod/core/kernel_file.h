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

/**
 * enum holdfast_opening - how a file is opened, as a set of bits
 * @HOLDFAST_OPENING_TO_WRITE: also for writing
 * @HOLDFAST_OPENING_WITH_ADDRESSES: who opens it may see addresses of the kernel
 * @HOLDFAST_OPENING_IN_HOST_IPC: who opens it is in the host's IPC namespace
 * @HOLDFAST_OPENING_IN_HOST_NET: likewise
 * @HOLDFAST_OPENING_IN_HOST_PID: likewise
 * @HOLDFAST_OPENING_IN_HOST_USER: likewise
 * @HOLDFAST_OPENING_IN_HOST_UTS: likewise
 */
enum holdfast_opening {
	HOLDFAST_OPENING_TO_WRITE = 1,
	HOLDFAST_OPENING_WITH_ADDRESSES = 2,
	HOLDFAST_OPENING_IN_HOST_IPC = 4,
	HOLDFAST_OPENING_IN_HOST_NET = 8,
	HOLDFAST_OPENING_IN_HOST_PID = 16,
	HOLDFAST_OPENING_IN_HOST_USER = 32,
	HOLDFAST_OPENING_IN_HOST_UTS = 64,
};

/*
 * The enum holdfast_check that opening a file is, by its name from the root of
 * its file system, which the kernel gave it; -1 for none. @opening: of enum
 * holdfast_opening.
 */
int holdfast_kernel_file_check(enum holdfast_kernel_fs fs, const char *name,
			       unsigned int opening);

#endif
