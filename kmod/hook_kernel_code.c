// SPDX-License-Identifier: GPL-2.0-only
/* Code for the kernel, its clock and its log, the machine's ports. */
#include <linux/bpf.h>
#include <linux/kernel_read_file.h>
#include <linux/perf_event.h>
#include <linux/pid_namespace.h>
#include <linux/security.h>
#include <linux/syslog.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>

#include "attach.h"
#include "check.h"
#include "compat/compat.h"

HOLDFAST_DEFINE_HOOK(security_kernel_read_file);
HOLDFAST_DEFINE_HOOK(security_kernel_load_data);
HOLDFAST_DEFINE_HOOK(security_locked_down);
HOLDFAST_DEFINE_HOOK(security_bpf);
HOLDFAST_DEFINE_HOOK(security_perf_event_open);
HOLDFAST_DEFINE_HOOK(security_settime64);
HOLDFAST_DEFINE_HOOK(do_adjtimex);
HOLDFAST_DEFINE_HOOK(security_syslog);
HOLDFAST_DEFINE_HOOK(__x64_sys_reboot);
HOLDFAST_DEFINE_HOOK(__ia32_sys_reboot);

/* @item: negative for none. @name: which way, where the item has several. */
static int check(int item, const char *name)
{
	return holdfast_check(&(struct holdfast_reach){
		.check = item,
		.name = name,
	});
}

static int check_file(int item, struct file *file)
{
	return holdfast_check(&(struct holdfast_reach){
		.check = item,
		.path = file ? &file->f_path : NULL,
	});
}

static int check_if(int capability, int item, const char *name)
{
	return check(holdfast_holds(capability) ? item : -1, name);
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
	return check_file(id == READING_MODULE		? HOLDFAST_CHECK_KL1 :
			  id == READING_KEXEC_IMAGE	? HOLDFAST_CHECK_KL3 :
			  id == READING_KEXEC_INITRAMFS ? HOLDFAST_CHECK_KL3 : -1,
			  file);
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
	holdfast_hit(security_locked_down);
	switch (what) {
	case LOCKDOWN_IOPORT:
	case LOCKDOWN_TIOCSSERIAL:
		return check(HOLDFAST_CHECK_RD5, "ports");
	case LOCKDOWN_PCI_ACCESS:
		return check(HOLDFAST_CHECK_RD5, "PCI");
	case LOCKDOWN_BPF_WRITE_USER:
		return check(HOLDFAST_CHECK_BP2, "write to user memory");
	case LOCKDOWN_DEBUGFS:
		return check(HOLDFAST_CHECK_PS4, "debugfs");
	case LOCKDOWN_TRACEFS:
		return check(HOLDFAST_CHECK_PS4, "tracefs");
	default:
		return 0;
	}
}

static int item_of_program(const union bpf_attr *attr)
{
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
	if (command != BPF_PROG_LOAD ||
	    (!holdfast_holds(CAP_BPF) && !holdfast_holds(CAP_SYS_ADMIN)))
		return 0;
	return check(item_of_program(attr), NULL);
}

asmlinkage int
holdfast_policy_security_perf_event_open(HOLDFAST_PERF_ARGUMENTS);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_perf_event_open,
			       holdfast_policy_security_perf_event_open);

/* Of a whole processor, that is of all who run there, or at a tracepoint. */
int holdfast_policy_security_perf_event_open(HOLDFAST_PERF_ARGUMENTS)
{
	holdfast_hit(security_perf_event_open);
	return check(type == PERF_SECURITY_CPU ||
		     type == PERF_SECURITY_TRACEPOINT ?
			     HOLDFAST_CHECK_BP3 : -1,
		     type == PERF_SECURITY_CPU ? "processor" : "tracepoint");
}

asmlinkage int holdfast_policy_security_settime64(const struct timespec64 *time,
						  const struct timezone *zone);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_settime64,
			       holdfast_policy_security_settime64);

int holdfast_policy_security_settime64(const struct timespec64 *time,
				       const struct timezone *zone)
{
	holdfast_hit(security_settime64);
	return check_if(CAP_SYS_TIME, HOLDFAST_CHECK_KL4, "settime");
}

asmlinkage int holdfast_policy_do_adjtimex(struct __kernel_timex *time);
HOLDFAST_ASSERT_SAME_ARGUMENTS(do_adjtimex, holdfast_policy_do_adjtimex);

/* To step the clock by it; who only steers it is let be. The kernel's copy. */
int holdfast_policy_do_adjtimex(struct __kernel_timex *time)
{
	holdfast_hit(do_adjtimex);
	if (!(time->modes & ADJ_SETOFFSET))
		return 0;
	return check_if(CAP_SYS_TIME, HOLDFAST_CHECK_KL4, "adjtime");
}

asmlinkage int holdfast_policy_security_syslog(int type);
HOLDFAST_ASSERT_SAME_ARGUMENTS(security_syslog, holdfast_policy_security_syslog);

int holdfast_policy_security_syslog(int type)
{
	holdfast_hit(security_syslog);
	return check(holdfast_holds(CAP_SYSLOG) || holdfast_holds(CAP_SYS_ADMIN) ?
			     HOLDFAST_CHECK_KL4 : -1, "syslog");
}

/* In another pid namespace than the host's it ends that only. */
static int check_reboot(void)
{
	if (task_active_pid_ns(current) != &init_pid_ns)
		return 0;
	return check_if(CAP_SYS_BOOT, HOLDFAST_CHECK_KL4, "reboot");
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
	HOLDFAST_CHECK_HOOK(security_locked_down, HOLDFAST_CHECK_RD5,
			    HOLDFAST_CHECK_BP2, HOLDFAST_CHECK_PS4),
	HOLDFAST_CHECK_HOOK(security_bpf, HOLDFAST_CHECK_BP1,
			    HOLDFAST_CHECK_BP2),
	HOLDFAST_CHECK_HOOK(security_perf_event_open, HOLDFAST_CHECK_BP3),
	HOLDFAST_CHECK_HOOK(security_settime64, HOLDFAST_CHECK_KL4),
	HOLDFAST_CHECK_HOOK(do_adjtimex, HOLDFAST_CHECK_KL4),
	HOLDFAST_CHECK_HOOK(security_syslog, HOLDFAST_CHECK_KL4),
	HOLDFAST_CHECK_HOOK(__x64_sys_reboot, HOLDFAST_CHECK_KL4),
	/* Where 32-bit programs run. */
	HOLDFAST_HOOK(__ia32_sys_reboot, false),
};

const struct holdfast_table holdfast_kernel_code_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
