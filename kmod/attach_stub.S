/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where redirected functions arrive: with the original's arguments in their
 * registers and its return address on the stack. See attach.c.
 *
 * The original is entered by RET, never by a call or jump through a register:
 * its entry may have no ENDBR any more (apply_seal_endbr() in
 * arch/x86/kernel/alternative.c), and RET is not tracked by IBT.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>

.macro HOLDFAST_STUB symbol
	.pushsection .data
	.balign	8
SYM_DATA(holdfast_resume_\symbol, .quad 0)
	.popsection

	.text
SYM_FUNC_START(holdfast_stub_\symbol)
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%r8
	pushq	%r9
	subq	$8, %rsp
	call	holdfast_policy_\symbol
	addq	$8, %rsp
	popq	%r9
	popq	%r8
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	testl	%eax, %eax
	jnz	1f
	pushq	holdfast_resume_\symbol(%rip)
	RET
1:	cltq	/* some originals return a long */
	RET
SYM_FUNC_END(holdfast_stub_\symbol)
STACK_FRAME_NON_STANDARD holdfast_stub_\symbol
.endm

HOLDFAST_STUB prepare_exec_creds
HOLDFAST_STUB security_bprm_check
HOLDFAST_STUB security_bprm_committed_creds
HOLDFAST_STUB security_mmap_file
HOLDFAST_STUB security_file_mprotect
HOLDFAST_STUB security_task_alloc
HOLDFAST_STUB security_ptrace_access_check
HOLDFAST_STUB copy_mnt_ns
HOLDFAST_STUB mntns_install
HOLDFAST_STUB netns_install
HOLDFAST_STUB pidns_install
HOLDFAST_STUB utsns_install
HOLDFAST_STUB ipcns_install
HOLDFAST_STUB userns_install
HOLDFAST_STUB cgroupns_install
HOLDFAST_STUB timens_install
HOLDFAST_STUB unshare_nsproxy_namespaces
HOLDFAST_STUB proc_free_inum
HOLDFAST_STUB security_path_chroot
HOLDFAST_STUB proc_sys_open
HOLDFAST_STUB proc_reg_open
HOLDFAST_STUB kernfs_fop_open
HOLDFAST_STUB blkdev_open
HOLDFAST_STUB do_handle_open
HOLDFAST_STUB vfs_get_tree
HOLDFAST_STUB security_sb_set_mnt_opts
HOLDFAST_STUB security_sb_mount
HOLDFAST_STUB security_move_mount
HOLDFAST_STUB __do_loopback
HOLDFAST_STUB do_move_mount
HOLDFAST_STUB security_sb_pivotroot
HOLDFAST_STUB security_kernel_read_file
HOLDFAST_STUB security_kernel_load_data
HOLDFAST_STUB security_locked_down
HOLDFAST_STUB security_settime64
HOLDFAST_STUB security_syslog
HOLDFAST_STUB __x64_sys_reboot
HOLDFAST_STUB __ia32_sys_reboot
HOLDFAST_STUB __x64_sys_delete_module
HOLDFAST_STUB __ia32_sys_delete_module
HOLDFAST_STUB __x64_sys_swapon
HOLDFAST_STUB __ia32_sys_swapon
HOLDFAST_STUB __x64_sys_perf_event_open
HOLDFAST_STUB __ia32_sys_perf_event_open
HOLDFAST_STUB security_bpf
HOLDFAST_STUB security_unix_stream_connect
HOLDFAST_STUB security_file_receive
HOLDFAST_STUB security_task_kill
HOLDFAST_STUB security_task_setrlimit
HOLDFAST_STUB security_file_ioctl
HOLDFAST_STUB security_file_ioctl_compat
HOLDFAST_STUB proc_pid_get_link
HOLDFAST_STUB proc_map_files_get_link
HOLDFAST_STUB cgroup_attach_permissions
HOLDFAST_STUB cgroup_attach_task
HOLDFAST_STUB __cgroup_bpf_attach
HOLDFAST_STUB __cgroup_bpf_detach
HOLDFAST_STUB security_sb_remount
HOLDFAST_STUB chrdev_open
HOLDFAST_STUB security_path_mknod
HOLDFAST_STUB do_adjtimex
HOLDFAST_STUB security_perf_event_open
HOLDFAST_STUB security_create_user_ns
HOLDFAST_STUB security_netlink_send
HOLDFAST_STUB security_inode_init_security_anon
HOLDFAST_STUB security_socket_create
HOLDFAST_STUB security_kernel_module_request

/*
 * unsigned long holdfast_call(unsigned long function, unsigned long first,
 *			       unsigned long second, unsigned long third,
 *			       unsigned long fourth)
 *
 * Calls a function that may have lost its ENDBR, with as many of the arguments
 * as it takes; its RET comes back to our caller.
 */
SYM_FUNC_START(holdfast_call)
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %rcx
	pushq	%rax
	RET
SYM_FUNC_END(holdfast_call)
STACK_FRAME_NON_STANDARD holdfast_call
HOLDFAST_STUB security_path_mkdir
HOLDFAST_STUB security_path_symlink
HOLDFAST_STUB security_path_link
HOLDFAST_STUB security_path_rename
HOLDFAST_STUB security_path_unlink
HOLDFAST_STUB security_path_rmdir
HOLDFAST_STUB security_path_truncate
HOLDFAST_STUB security_file_truncate
HOLDFAST_STUB security_path_chmod
HOLDFAST_STUB security_path_chown
HOLDFAST_STUB security_inode_setxattr
HOLDFAST_STUB security_inode_removexattr
HOLDFAST_STUB security_inode_set_acl
HOLDFAST_STUB security_inode_remove_acl
HOLDFAST_STUB clone_private_mount
HOLDFAST_STUB __x64_sys_fanotify_init
HOLDFAST_STUB __ia32_sys_fanotify_init
HOLDFAST_STUB mnt_get_write_access
HOLDFAST_STUB __mnt_want_write
HOLDFAST_STUB security_sb_umount
HOLDFAST_STUB reconfigure_super
HOLDFAST_STUB __x64_sys_mount_setattr
HOLDFAST_STUB __ia32_sys_mount_setattr
HOLDFAST_STUB security_fs_context_parse_param
HOLDFAST_STUB tcp_v4_connect
HOLDFAST_STUB tcp_v6_connect
