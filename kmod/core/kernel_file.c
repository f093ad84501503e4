// SPDX-License-Identifier: GPL-2.0-only
/* Files of the kernel that concern the whole host. */
#include <uapi/linux/holdfast_checks.h>

#include "kernel_file.h"

#define NONE -1

#define AT_ALL		0
#define TO_WRITE	HOLDFAST_OPENING_TO_WRITE
#define WITH_ADDRESSES	HOLDFAST_OPENING_WITH_ADDRESSES
#define OF_IPC		(TO_WRITE | HOLDFAST_OPENING_IN_HOST_IPC)
#define OF_NET		(TO_WRITE | HOLDFAST_OPENING_IN_HOST_NET)
#define OF_PID		(TO_WRITE | HOLDFAST_OPENING_IN_HOST_PID)
#define OF_USER		(TO_WRITE | HOLDFAST_OPENING_IN_HOST_USER)
#define OF_UTS		(TO_WRITE | HOLDFAST_OPENING_IN_HOST_UTS)

/**
 * struct row - files of one kind
 * @fs: where
 * @opening: only an opening with all of these is the item
 * @check: the item
 * @name: from the root of the file system; with a slash at the end all below;
 *	without one at the beginning what the last component is
 *
 * The first row with a name that fits decides.
 */
struct row {
	enum holdfast_kernel_fs fs;
	unsigned int opening;
	int check;
	const char *name;
};

#define PROC(opening, check, name)	{ HOLDFAST_KERNEL_FS_PROC, opening, check, name }
#define SYSFS(opening, check, name)	{ HOLDFAST_KERNEL_FS_SYSFS, opening, check, name }
#define CGROUP1(opening, check, name)	{ HOLDFAST_KERNEL_FS_CGROUP1, opening, check, name }

static const struct row rows[] = {
	PROC(TO_WRITE, HOLDFAST_CHECK_UH1, "/sys/kernel/core_pattern"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH1, "/sys/kernel/core_pipe_limit"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH2, "/sys/kernel/modprobe"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH2, "/sys/kernel/hotplug"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH2, "/sys/kernel/poweroff_cmd"),
	PROC(TO_WRITE, HOLDFAST_CHECK_UH2, "/sys/kernel/usermodehelper/"),
	PROC(TO_WRITE, HOLDFAST_CHECK_PS1, "/sysrq-trigger"),
	PROC(TO_WRITE, HOLDFAST_CHECK_PS1, "/sys/kernel/sysrq"),
	/* What namespaces have of their own. */
	PROC(OF_NET, HOLDFAST_CHECK_PS3, "/sys/net/"),
	PROC(OF_USER, HOLDFAST_CHECK_PS3, "/sys/user/"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/fs/mqueue/"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/auto_msgmni"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/msg_next_id"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/msgmax"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/msgmnb"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/msgmni"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/sem"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/sem_next_id"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/shm_next_id"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/shm_rmid_forced"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/shmall"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/shmmax"),
	PROC(OF_IPC, HOLDFAST_CHECK_PS3, "/sys/kernel/shmmni"),
	PROC(OF_UTS, HOLDFAST_CHECK_PS3, "/sys/kernel/domainname"),
	PROC(OF_UTS, HOLDFAST_CHECK_PS3, "/sys/kernel/hostname"),
	PROC(OF_PID, HOLDFAST_CHECK_PS3, "/sys/kernel/ns_last_pid"),
	PROC(TO_WRITE, HOLDFAST_CHECK_PS3, "/sys/"),
	PROC(AT_ALL, HOLDFAST_CHECK_PS2, "/kcore"),
	PROC(AT_ALL, HOLDFAST_CHECK_PS2, "/kpagecgroup"),
	PROC(AT_ALL, HOLDFAST_CHECK_PS2, "/kpagecount"),
	PROC(AT_ALL, HOLDFAST_CHECK_PS2, "/kpageflags"),
	PROC(WITH_ADDRESSES, HOLDFAST_CHECK_PS2, "/kallsyms"),
	/* What the kernel's own NFS server gives away. */
	PROC(TO_WRITE, HOLDFAST_CHECK_PS4, "channel"),
	SYSFS(TO_WRITE, HOLDFAST_CHECK_UH2, "/kernel/uevent_helper"),
	SYSFS(TO_WRITE, HOLDFAST_CHECK_PS4, "/module/"),
	SYSFS(TO_WRITE, HOLDFAST_CHECK_KL4, "/power/state"),
	/* From which device the kernel of a sleeping machine is read. */
	SYSFS(TO_WRITE, HOLDFAST_CHECK_KL3, "/power/resume"),
	SYSFS(TO_WRITE, HOLDFAST_CHECK_KL3, "/power/resume_offset"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG1, "release_agent"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG1, "notify_on_release"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG3, "devices.allow"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG3, "devices.deny"),
	/* Of the root only: whose others are is not known. */
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG4, "/tasks"),
	CGROUP1(TO_WRITE, HOLDFAST_CHECK_CG4, "/cgroup.procs"),
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
			       unsigned int opening)
{
	const struct row *row;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++)
		if (row->fs == fs && fits(row, name))
			return (opening & row->opening) == row->opening ?
				       row->check : NONE;
	return NONE;
}
