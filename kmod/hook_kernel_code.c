// SPDX-License-Identifier: GPL-2.0-only
/* Code for the kernel, its clock and its log, the machine's ports. */
#include <linux/bpf.h>
#include <linux/kernel_read_file.h>
#include <linux/pid_namespace.h>
#include <linux/security.h>
#include <linux/syslog.h>

#include "attach.h"
#include "check.h"
#include "member.h"

HOLDFAST_DEFINE_HOOK(security_kernel_read_file);
HOLDFAST_DEFINE_HOOK(security_kernel_load_data);
HOLDFAST_DEFINE_HOOK(security_locked_down);
HOLDFAST_DEFINE_HOOK(security_bpf);
HOLDFAST_DEFINE_HOOK(security_settime64);
HOLDFAST_DEFINE_HOOK(security_syslog);
HOLDFAST_DEFINE_HOOK(__x64_sys_reboot);
HOLDFAST_DEFINE_HOOK(__ia32_sys_reboot);

/* @check: -1 for none. */
static int check(int check, const struct path *path)
{
	const struct holdfast_reach reach = { .check = check, .path = path };
	int index, err;

	if (check < 0 || !holdfast_is_member(current))
		return 0;
	index = holdfast_enter();
	err = holdfast_check(&reach);
	holdfast_leave(index);
	return err;
}

static int check_if(int capability, int item)
{
	return check(holdfast_holds(capability) ? item : -1, NULL);
}

asmlinkage int
holdfast_policy_security_kernel_read_file(struct file *file,
					  enum kernel_read_file_id id,
					  bool contents);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_kernel_read_file,
			       holdfast_policy_security_kernel_read_file);

int holdfast_policy_security_kernel_read_file(struct file *file,
					      enum kernel_read_file_id id,
					      bool contents)
{
	holdfast_hit(security_kernel_read_file);
	return check(id == READING_MODULE	   ? HOLDFAST_CHECK_KL1 :
		     id == READING_KEXEC_IMAGE	   ? HOLDFAST_CHECK_KL3 :
		     id == READING_KEXEC_INITRAMFS ? HOLDFAST_CHECK_KL3 : -1,
		     file ? &file->f_path : NULL);
}

asmlinkage int
holdfast_policy_security_kernel_load_data(enum kernel_load_data_id id,
					  bool contents);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_kernel_load_data,
			       holdfast_policy_security_kernel_load_data);

int holdfast_policy_security_kernel_load_data(enum kernel_load_data_id id,
					      bool contents)
{
	holdfast_hit(security_kernel_load_data);
	return check(id == LOADING_MODULE	   ? HOLDFAST_CHECK_KL1 :
		     id == LOADING_KEXEC_IMAGE	   ? HOLDFAST_CHECK_KL3 :
		     id == LOADING_KEXEC_INITRAMFS ? HOLDFAST_CHECK_KL3 : -1,
		     NULL);
}

asmlinkage int holdfast_policy_security_locked_down(enum lockdown_reason what);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_locked_down,
			       holdfast_policy_security_locked_down);

/* Asked at all that would break a kernel that is locked down. */
int holdfast_policy_security_locked_down(enum lockdown_reason what)
{
	int item = -1;

	holdfast_hit(security_locked_down);
	switch (what) {
	case LOCKDOWN_DEV_MEM:
		item = HOLDFAST_CHECK_RD3;
		break;
	case LOCKDOWN_IOPORT:
	case LOCKDOWN_MSR:
	case LOCKDOWN_PCI_ACCESS:
		item = HOLDFAST_CHECK_RD5;
		break;
	case LOCKDOWN_BPF_WRITE_USER:
		item = HOLDFAST_CHECK_BP2;
		break;
	case LOCKDOWN_DEBUGFS:
	case LOCKDOWN_TRACEFS:
		item = HOLDFAST_CHECK_PS4;
		break;
	default:
		break;
	}
	return check(item, NULL);
}

static int item_of_bpf(int command, const union bpf_attr *attr)
{
	if (command == BPF_PROG_DETACH &&
	    attr->attach_type == BPF_CGROUP_DEVICE)
		return HOLDFAST_CHECK_CG5;
	if (command != BPF_PROG_LOAD)
		return -1;
	switch (attr->prog_type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
		return HOLDFAST_CHECK_BP1;
	case BPF_PROG_TYPE_LSM:
		return HOLDFAST_CHECK_BP2;
	}
	return -1;
}

asmlinkage int holdfast_policy_security_bpf(int command, union bpf_attr *attr,
					    unsigned int size);

/* @attr is the kernel's copy. Newer kernels pass one argument more. */
int holdfast_policy_security_bpf(int command, union bpf_attr *attr,
				 unsigned int size)
{
	holdfast_hit(security_bpf);
	if (!holdfast_holds(CAP_BPF) && !holdfast_holds(CAP_SYS_ADMIN))
		return 0;
	return check(item_of_bpf(command, attr), NULL);
}

asmlinkage int holdfast_policy_security_settime64(const struct timespec64 *time,
						  const struct timezone *zone);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_settime64,
			       holdfast_policy_security_settime64);

int holdfast_policy_security_settime64(const struct timespec64 *time,
				       const struct timezone *zone)
{
	holdfast_hit(security_settime64);
	return check_if(CAP_SYS_TIME, HOLDFAST_CHECK_KL4);
}

asmlinkage int holdfast_policy_security_syslog(int type);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_syslog, holdfast_policy_security_syslog);

int holdfast_policy_security_syslog(int type)
{
	holdfast_hit(security_syslog);
	return check_if(CAP_SYSLOG, HOLDFAST_CHECK_KL4);
}

/* In another pid namespace than the host's it ends that only. */
static int check_reboot(void)
{
	if (task_active_pid_ns(current) != &init_pid_ns)
		return 0;
	return check_if(CAP_SYS_BOOT, HOLDFAST_CHECK_KL4);
}

asmlinkage int holdfast_policy___x64_sys_reboot(const struct pt_regs *regs);

int holdfast_policy___x64_sys_reboot(const struct pt_regs *regs)
{
	holdfast_hit(__x64_sys_reboot);
	return check_reboot();
}

asmlinkage int holdfast_policy___ia32_sys_reboot(const struct pt_regs *regs);

int holdfast_policy___ia32_sys_reboot(const struct pt_regs *regs)
{
	holdfast_hit(__ia32_sys_reboot);
	return check_reboot();
}

static struct holdfast_hook hooks[] = {
	HOLDFAST_CHECK_HOOK(security_kernel_read_file, HOLDFAST_CHECK_KL1,
			    HOLDFAST_CHECK_KL3),
	HOLDFAST_CHECK_HOOK(security_kernel_load_data, HOLDFAST_CHECK_KL1,
			    HOLDFAST_CHECK_KL3),
	HOLDFAST_CHECK_HOOK(security_locked_down, HOLDFAST_CHECK_RD3,
			    HOLDFAST_CHECK_RD5, HOLDFAST_CHECK_BP2,
			    HOLDFAST_CHECK_PS4),
	HOLDFAST_CHECK_HOOK(security_bpf, HOLDFAST_CHECK_CG5,
			    HOLDFAST_CHECK_BP1, HOLDFAST_CHECK_BP2),
	HOLDFAST_CHECK_HOOK(security_settime64, HOLDFAST_CHECK_KL4),
	HOLDFAST_CHECK_HOOK(security_syslog, HOLDFAST_CHECK_KL4),
	HOLDFAST_CHECK_HOOK(__x64_sys_reboot, HOLDFAST_CHECK_KL4),
	HOLDFAST_CHECK_HOOK(__ia32_sys_reboot, HOLDFAST_CHECK_KL4),
};

const struct holdfast_table holdfast_kernel_code_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
