// SPDX-License-Identifier: GPL-2.0-only
/* Code for the kernel, its clock and its log, the machine's ports. */
#include <linux/bpf.h>
#include <linux/compat.h>
#include <linux/kernel_read_file.h>
#include <linux/perf_event.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/syslog.h>
#include <linux/timekeeping.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#include "attach.h"
#include "check.h"
#include "compat/compat.h"
#include "member.h"

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
HOLDFAST_DEFINE_HOOK(__x64_sys_delete_module);
HOLDFAST_DEFINE_HOOK(__ia32_sys_delete_module);
HOLDFAST_DEFINE_HOOK(__x64_sys_swapon);
HOLDFAST_DEFINE_HOOK(__ia32_sys_swapon);
HOLDFAST_DEFINE_HOOK(__x64_sys_perf_event_open);
HOLDFAST_DEFINE_HOOK(__ia32_sys_perf_event_open);

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
	case LOCKDOWN_BPF_READ_KERNEL:
		return check(HOLDFAST_CHECK_BP1, "read kernel memory");
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
	case BPF_PROG_TYPE_SYSCALL:
		return HOLDFAST_CHECK_BP1;
	case BPF_PROG_TYPE_TRACING:
		return attr->expected_attach_type == BPF_MODIFY_RETURN ?
			       HOLDFAST_CHECK_BP2 : HOLDFAST_CHECK_BP1;
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_EXT:
	case BPF_PROG_TYPE_STRUCT_OPS:
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

/* Of a system call, for each table that has it. */
#define DEFINE_CALL_POLICY(call, verdict)				\
	asmlinkage int holdfast_policy_##call(const struct pt_regs *regs);	\
	int holdfast_policy_##call(const struct pt_regs *regs)		\
	{								\
		holdfast_hit(call);					\
		return verdict;						\
	}

/* In another pid namespace than the host's it ends that only. */
static int check_reboot(void)
{
	if (task_active_pid_ns(current) != &init_pid_ns)
		return 0;
	return check_if(CAP_SYS_BOOT, HOLDFAST_CHECK_KL4, "reboot");
}

DEFINE_CALL_POLICY(__x64_sys_reboot, check_reboot())
DEFINE_CALL_POLICY(__ia32_sys_reboot, check_reboot())

/*
 * Whose rules let it unload others may not unload this one. Who changes the name
 * meanwhile is not noticed, but by KL1.
 */
static int check_unload(const char __user *name)
{
	char own[sizeof(KBUILD_MODNAME)] = "";
	int index, err;

	if (!holdfast_is_member(current) || !holdfast_holds(CAP_SYS_MODULE))
		return 0;
	index = holdfast_enter();
	err = check(HOLDFAST_CHECK_KL1, "unload");
	if (!err && strncpy_from_user(own, name, sizeof(own)) ==
		    sizeof(own) - 1 && !strcmp(own, KBUILD_MODNAME))
		err = -EPERM;
	holdfast_leave(index);
	return err;
}

DEFINE_CALL_POLICY(__x64_sys_delete_module,
		   check_unload((const char __user *)regs->di))
DEFINE_CALL_POLICY(__ia32_sys_delete_module,
		   check_unload(compat_ptr(regs->bx)))

/* What the host's memory is written to may be read. */
static int check_swap(void)
{
	return check_if(CAP_SYS_ADMIN, HOLDFAST_CHECK_RD3, "swap");
}

DEFINE_CALL_POLICY(__x64_sys_swapon, check_swap())
DEFINE_CALL_POLICY(__ia32_sys_swapon, check_swap())

/* Samples have registers and stacks in them, and may bring a signal. */
static int check_perf(int pid, unsigned long flags)
{
	struct task_struct *task;
	int err = 0;

	if (pid <= 0 || (flags & PERF_FLAG_PID_CGROUP))
		return 0;
	rcu_read_lock();
	task = pid_task(find_vpid(pid), PIDTYPE_PID);
	if (task && holdfast_is_other(task))
		err = holdfast_check(&(struct holdfast_reach){
			.check = HOLDFAST_CHECK_PT1,
			.target = task,
			.atomic = true,
		});
	rcu_read_unlock();
	return err;
}

DEFINE_CALL_POLICY(__x64_sys_perf_event_open, check_perf(regs->si, regs->r8))
DEFINE_CALL_POLICY(__ia32_sys_perf_event_open,
		   check_perf(regs->cx, (u32)regs->di))

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
	HOLDFAST_CHECK_HOOK(__x64_sys_delete_module, HOLDFAST_CHECK_KL1),
	HOLDFAST_CHECK_HOOK(__x64_sys_swapon, HOLDFAST_CHECK_RD3),
	HOLDFAST_CHECK_HOOK(__x64_sys_perf_event_open, HOLDFAST_CHECK_PT1),
	/* Where 32-bit programs run. */
	HOLDFAST_HOOK(__ia32_sys_reboot, false),
	HOLDFAST_HOOK(__ia32_sys_delete_module, false),
	HOLDFAST_HOOK(__ia32_sys_swapon, false),
	HOLDFAST_HOOK(__ia32_sys_perf_event_open, false),
};

const struct holdfast_table holdfast_kernel_code_table = {
	.hooks = hooks,
	.nr_hooks = ARRAY_SIZE(hooks),
};
