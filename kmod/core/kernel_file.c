// SPDX-License-Identifier: GPL-2.0-only
/* Files of the kernel that concern the whole host. */
#include <uapi/linux/holdfast_checks.h>

#include "kernel_file.h"

#define NONE -1

enum access { TO_WRITE, AT_ALL, WITH_ADDRESSES };

/**
 * struct row - files of one kind
 * @fs: where
 * @access: which opens are meant; WITH_ADDRESSES are those of who may see addresses
 * @check: the item, or NONE
 * @name: from the root of the file system; with a slash at the end all below;
 *	without one at the beginning what the last component is
 *
 * The first row that fits decides.
 */
struct row {
	enum holdfast_kernel_fs fs;
	enum access access;
	int check;
	const char *name;
};

#define PROC(access, check, name)	{ HOLDFAST_KERNEL_FS_PROC, access, check, name }
#define SYSFS(access, check, name)	{ HOLDFAST_KERNEL_FS_SYSFS, access, check, name }
#define CGROUP1(access, check, name)	{ HOLDFAST_KERNEL_FS_CGROUP1, access, check, name }

static const struct row rows[] = {
	PROC(TO_WRITE, HOLDFAST_CHECK_UH1, "/sys/kernel/core_pattern"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH1, "/sys/kernel/core_pipe_limit"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH2, "/sys/kernel/modprobe"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH2, "/sys/kernel/hotplug"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH2, "/sys/kernel/poweroff_cmd"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH2, "/sys/kernel/usermodehelper/"),
	PROC(TO_WRITE, HOLDFAST_CHECK_PS1, "/sysrq-trigger"),
	PROC(TO_WRITE, HOLDFAST_CHECK_PS1, "/sys/kernel/sysrq"),
	/* Of namespaces: network, IPC, UTS, process ids, users. */
	PROC(TO_WRITE, NONE, "/sys/net/"),
	PROC(TO_WRITE, NONE, "/sys/user/"),
	PROC(TO_WRITE, NONE, "/sys/fs/mqueue/"),
	PROC(TO_WRITE, NONE, "/sys/kernel/auto_msgmni"),
	PROC(TO_WRITE, NONE, "/sys/kernel/msg_next_id"),
	PROC(TO_WRITE, NONE, "/sys/kernel/msgmax"),
	PROC(TO_WRITE, NONE, "/sys/kernel/msgmnb"),
	PROC(TO_WRITE, NONE, "/sys/kernel/msgmni"),
	PROC(TO_WRITE, NONE, "/sys/kernel/sem"),
	PROC(TO_WRITE, NONE, "/sys/kernel/sem_next_id"),
	PROC(TO_WRITE, NONE, "/sys/kernel/shm_next_id"),
	PROC(TO_WRITE, NONE, "/sys/kernel/shm_rmid_forced"),
	PROC(TO_WRITE, NONE, "/sys/kernel/shmall"),
	PROC(TO_WRITE, NONE, "/sys/kernel/shmmax"),
	PROC(TO_WRITE, NONE, "/sys/kernel/shmmni"),
	PROC(TO_WRITE, NONE, "/sys/kernel/domainname"),
	PROC(TO_WRITE, NONE, "/sys/kernel/hostname"),
	PROC(TO_WRITE, NONE, "/sys/kernel/ns_last_pid"),
	PROC(TO_WRITE, HOLDFAST_CHECK_PS3, "/sys/"),
	PROC(AT_ALL, HOLDFAST_CHECK_PS2, "/kcore"),
	PROC(AT_ALL, HOLDFAST_CHECK_PS2, "/kpagecgroup"),
	PROC(AT_ALL, HOLDFAST_CHECK_PS2, "/kpagecount"),
	PROC(AT_ALL, HOLDFAST_CHECK_PS2, "/kpageflags"),
	PROC(WITH_ADDRESSES, HOLDFAST_CHECK_PS2, "/kallsyms"),
	SYSFS(TO_WRITE, HOLDFAST_CHECK_UH2, "/kernel/uevent_helper"),
	SYSFS(TO_WRITE, HOLDFAST_CHECK_PS4, "/module/"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG1, "release_agent"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG1, "notify_on_release"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG3, "devices.allow"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG3, "devices.deny"),
};

static bool fits(const struct row *row, const char *name)
{
	size_t len = strlen(row->name);
	const char *last;

	if (row->name[0] != '/') {
		last = strrchr(name, '/');
		return !strcmp(last ? last + 1 : name, row->name);
	}
	return row->name[len - 1] == '/' ? !strncmp(name, row->name, len) :
					   !strcmp(name, row->name);
}

int holdfast_kernel_file_check(enum holdfast_kernel_fs fs, const char *name,
			       bool write, bool privileged)
{
	const struct row *row;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		if (row->fs != fs || !fits(row, name))
			continue;
		if (row->access == AT_ALL ||
		    (row->access == TO_WRITE ? write : privileged))
			return row->check;
		return NONE;
	}
	return NONE;
}
