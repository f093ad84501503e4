/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Holdfast: what rules of type container-escape check. Everything that knows
 * them is made from here: the numbers of the interface, the controller's names,
 * its alerts, and the documentation. Who includes this has defined
 *
 * HOLDFAST_CHECK_TYPE(type, name in rules, dimension, what its items notice)
 * HOLDFAST_CHECK(item, type, state, severity of an alert, action that is
 *	recommended for rules of one's own, stage of an attack,
 *	technique of MITRE ATT&CK, what is done)
 *
 * Where each is noticed stands beside the policy that does it: rows of
 * HOLDFAST_CHECK_HOOK in kmod/.
 *
 * Those uncovered no version notices. Those checked are, unless the
 * kernel has not got what they are noticed at, see HOLDFAST_A_STATUS_CHECKS.
 *
 * The stages: reconnaissance reads what the host is like; a precondition gives
 * the container the means; boundary reaches what is not the container's; with
 * host_execution code runs outside of it.
 *
 * Items of one type stand together, in the order of the types. Their numbers
 * are part of the interface: a new one needs a new HOLDFAST_ABI_VERSION.
 */
HOLDFAST_CHECK_TYPE(JOIN_HOST_NS, "join-host-ns", process,
		    "enters a namespace of the host or of another container")
HOLDFAST_CHECK_TYPE(CROSS_CONTAINER_ACCESS, "cross-container-access", process,
		    "reaches into a process of the host or of another container")
HOLDFAST_CHECK_TYPE(RUNTIME_TAMPER, "runtime-tamper", process,
		    "turns the container runtime against the host")
HOLDFAST_CHECK_TYPE(KERNEL_UPCALL, "kernel-upcall", file,
		    "sets a program that the kernel starts on the host")
HOLDFAST_CHECK_TYPE(CGROUP_CONTROL, "cgroup-control", file,
		    "controls cgroups that are not its own")
HOLDFAST_CHECK_TYPE(SENSITIVE_KERNEL_FS, "sensitive-kernel-fs", file,
		    "reads or writes files of the kernel that concern the whole host")
HOLDFAST_CHECK_TYPE(RAW_DEVICE, "raw-device", file,
		    "reaches disks, memory or ports of the machine directly")
HOLDFAST_CHECK_TYPE(HOST_PERSISTENCE, "host-persistence", file,
		    "writes where the host will run or trust it later")
HOLDFAST_CHECK_TYPE(HOST_CREDENTIAL, "host-credential", file,
		    "reads the host's or another pod's secrets")
HOLDFAST_CHECK_TYPE(RUNTIME_SOCKET, "runtime-socket", file,
		    "connects to a socket that commands the host")
HOLDFAST_CHECK_TYPE(DANGEROUS_MOUNT, "dangerous-mount", system_call,
		    "mounts what shows or changes the host")
HOLDFAST_CHECK_TYPE(FILE_HANDLE, "file-handle", system_call,
		    "opens files by handle, past its own root")
HOLDFAST_CHECK_TYPE(KERNEL_CODE, "kernel-code", system_call,
		    "loads code into the kernel, or stops the machine")
HOLDFAST_CHECK_TYPE(BPF_PERF, "bpf-perf", system_call,
		    "traces or changes the kernel with BPF or perf")
HOLDFAST_CHECK_TYPE(KERNEL_ATTACK_SURFACE, "kernel-attack-surface", system_call,
		    "opens parts of the kernel that exploits begin with")
HOLDFAST_CHECK_TYPE(PRIVILEGE_INTEGRITY, "privilege-integrity", process,
		    "has privileges that no legitimate path gave it")

HOLDFAST_CHECK(NS1, JOIN_HOST_NS, checked, urgent, block, boundary, "T1611",
	       "setns to a namespace of another process (nsenter, pidfd)")
HOLDFAST_CHECK(NS2, JOIN_HOST_NS, checked, urgent, block, boundary, "T1611",
	       "setns to a namespace that is mounted as a file")
HOLDFAST_CHECK(NS3, JOIN_HOST_NS, checked, urgent, block, boundary, "T1611",
	       "chroot to a directory outside of its root")
HOLDFAST_CHECK(PT1, CROSS_CONTAINER_ACCESS, checked, urgent, block, boundary, "T1055.009",
	       "ptrace, /proc/PID/mem, process_vm_writev, perf")
HOLDFAST_CHECK(PT2, CROSS_CONTAINER_ACCESS, checked, suspicious, alert, reconnaissance, "T1055.008",
	       "/proc/PID/root, cwd and fd")
HOLDFAST_CHECK(PT3, CROSS_CONTAINER_ACCESS, checked, urgent, block, boundary, "T1055.008",
	       "pidfd_getfd")
HOLDFAST_CHECK(PT4, CROSS_CONTAINER_ACCESS, checked, urgent, block, boundary, "T1611",
	       "receiving a directory from outside over a socket")
HOLDFAST_CHECK(PT5, CROSS_CONTAINER_ACCESS, checked, urgent, block, boundary, "T1562.001",
	       "sending a signal to a process of the host")
HOLDFAST_CHECK(RT1, RUNTIME_TAMPER, checked, urgent, block, boundary, "T1611",
	       "overwriting the runtime through /proc/self/exe")
HOLDFAST_CHECK(RT2, RUNTIME_TAMPER, checked, urgent, block, boundary, "T1611",
	       "a descriptor or working directory that the runtime leaked")
HOLDFAST_CHECK(RT3, RUNTIME_TAMPER, checked, urgent, block, boundary, "T1611",
	       "a mount target that was swapped for a link")
HOLDFAST_CHECK(RT4, RUNTIME_TAMPER, checked, urgent, block, boundary, "T1611",
	       "a write of the runtime that was led elsewhere")
HOLDFAST_CHECK(RT5, RUNTIME_TAMPER, checked, urgent, block, host_execution, "T1611",
	       "a hook of the host that loads the container's library")
HOLDFAST_CHECK(UH1, KERNEL_UPCALL, checked, urgent, block, boundary, "T1611",
	       "core_pattern")
HOLDFAST_CHECK(UH2, KERNEL_UPCALL, checked, urgent, block, boundary, "T1611",
	       "modprobe, hotplug, poweroff_cmd, uevent_helper")
HOLDFAST_CHECK(UH3, KERNEL_UPCALL, checked, urgent, block, boundary, "T1546",
	       "registering an interpreter with binfmt_misc")
HOLDFAST_CHECK(UH4, KERNEL_UPCALL, checked, urgent, block, host_execution, "T1611",
	       "the kernel is about to start a program out of a container")
HOLDFAST_CHECK(CG1, CGROUP_CONTROL, checked, urgent, block, boundary, "T1611",
	       "release_agent, notify_on_release")
HOLDFAST_CHECK(CG2, CGROUP_CONTROL, checked, urgent, block, precondition, "T1611",
	       "mounting cgroups in a user namespace of its own")
HOLDFAST_CHECK(CG3, CGROUP_CONTROL, checked, urgent, block, precondition, "T1611",
	       "rewriting the list of allowed devices")
HOLDFAST_CHECK(CG4, CGROUP_CONTROL, checked, urgent, block, boundary, "T1611",
	       "moving processes in the host's cgroups")
HOLDFAST_CHECK(CG5, CGROUP_CONTROL, checked, urgent, block, precondition, "T1611",
	       "detaching the program that guards devices")
HOLDFAST_CHECK(PS1, SENSITIVE_KERNEL_FS, checked, suspicious, block, boundary, "T1611",
	       "sysrq-trigger, sysrq")
HOLDFAST_CHECK(PS2, SENSITIVE_KERNEL_FS, checked, suspicious, alert, reconnaissance, "T1611",
	       "kcore, kallsyms, kpageflags and their like")
HOLDFAST_CHECK(PS3, SENSITIVE_KERNEL_FS, checked, reminder, alert, boundary, "T1562",
	       "sysctl settings of the whole host")
HOLDFAST_CHECK(PS4, SENSITIVE_KERNEL_FS, checked, suspicious, block, boundary, "T1562.001",
	       "debugfs, tracefs, securityfs, variables of the firmware, parameters of modules")
HOLDFAST_CHECK(RD1, RAW_DEVICE, checked, reminder, alert, precondition, "T1611",
	       "making a device node (mknod)")
HOLDFAST_CHECK(RD2, RAW_DEVICE, checked, urgent, block, boundary, "T1611",
	       "a whole disk")
HOLDFAST_CHECK(RD3, RAW_DEVICE, checked, urgent, block, boundary, "T1611",
	       "/dev/mem, kmem, port, memory that is swapped out")
HOLDFAST_CHECK(RD4, RAW_DEVICE, checked, urgent, block, boundary, "T1611",
	       "control of device mapper, loop devices, btrfs, SCSI and keyboards")
HOLDFAST_CHECK(RD5, RAW_DEVICE, checked, urgent, block, boundary, "T1611",
	       "iopl, ioperm, MSR, PCI")
HOLDFAST_CHECK(HW1, HOST_PERSISTENCE, checked, suspicious, block, boundary, "T1053.003",
	       "cron, at")
HOLDFAST_CHECK(HW2, HOST_PERSISTENCE, checked, suspicious, block, boundary, "T1098.004",
	       "authorized_keys, sshd_config")
HOLDFAST_CHECK(HW3, HOST_PERSISTENCE, checked, suspicious, block, boundary, "T1574.006",
	       "ld.so.preload, passwd, shadow, sudoers")
HOLDFAST_CHECK(HW4, HOST_PERSISTENCE, checked, suspicious, block, boundary, "T1543.002",
	       "systemd, udev, modprobe.d, rc")
HOLDFAST_CHECK(HW5, HOST_PERSISTENCE, checked, suspicious, block, boundary, "T1543.005",
	       "static pods, CNI, OCI hooks, the host's programs, containers' storage")
HOLDFAST_CHECK(HC1, HOST_CREDENTIAL, checked, suspicious, alert, boundary, "T1552",
	       "certificates of the kubelet, kubeconfig, pki")
HOLDFAST_CHECK(HC2, HOST_CREDENTIAL, checked, suspicious, alert, boundary, "T1528",
	       "the host's shadow file and SSH keys, secrets of other pods")
HOLDFAST_CHECK(HC3, HOST_CREDENTIAL, checked, suspicious, alert, precondition, "T1552",
	       "a link out of /var/log")
HOLDFAST_CHECK(SK1, RUNTIME_SOCKET, checked, suspicious, block, boundary, "T1610",
	       "docker, podman, containerd, crio, device plug-ins")
HOLDFAST_CHECK(SK2, RUNTIME_SOCKET, checked, suspicious, block, boundary, "T1610",
	       "the abstract socket of a containerd shim")
HOLDFAST_CHECK(SK3, RUNTIME_SOCKET, checked, suspicious, block, boundary, "T1543.002",
	       "systemd's private socket, D-Bus")
HOLDFAST_CHECK(SK4, RUNTIME_SOCKET, checked, suspicious, block, boundary, "T1610",
	       "TCP 2375 or 10250 of the node")
HOLDFAST_CHECK(MT1, DANGEROUS_MOUNT, checked, urgent, block, precondition, "T1611",
	       "a disk of the host")
HOLDFAST_CHECK(MT2, DANGEROUS_MOUNT, checked, urgent, block, precondition, "T1611",
	       "proc, sysfs, cgroup, securityfs, debugfs, efivarfs, devtmpfs, binfmt_misc")
HOLDFAST_CHECK(MT3, DANGEROUS_MOUNT, checked, urgent, block, precondition, "T1611",
	       "remounting, or uncovering what the runtime has covered")
HOLDFAST_CHECK(MT4, DANGEROUS_MOUNT, uncovered, suspicious, block, precondition, "T1611",
	       "fsopen and move_mount")
HOLDFAST_CHECK(MT5, DANGEROUS_MOUNT, checked, urgent, block, boundary, "T1611",
	       "a mount that propagates to the host")
HOLDFAST_CHECK(MT6, DANGEROUS_MOUNT, checked, reminder, alert, precondition, "T1611",
	       "overlay or FUSE in a user namespace")
HOLDFAST_CHECK(FH1, FILE_HANDLE, checked, urgent, block, boundary, "T1611",
	       "open_by_handle_at")
HOLDFAST_CHECK(KL1, KERNEL_CODE, checked, urgent, block, host_execution, "T1547.006",
	       "init_module, finit_module, delete_module")
HOLDFAST_CHECK(KL2, KERNEL_CODE, checked, reminder, alert, precondition, "T1068",
	       "making the kernel load a module by itself")
HOLDFAST_CHECK(KL3, KERNEL_CODE, checked, urgent, block, host_execution, "T1542",
	       "kexec, resuming another kernel from a disk")
HOLDFAST_CHECK(KL4, KERNEL_CODE, checked, suspicious, block, boundary, "T1529",
	       "reboot, settime, syslog")
HOLDFAST_CHECK(BP1, BPF_PERF, checked, suspicious, alert, reconnaissance, "T1014",
	       "tracing programs")
HOLDFAST_CHECK(BP2, BPF_PERF, checked, urgent, block, boundary, "T1562.001",
	       "programs that write memory, decide, or override returns")
HOLDFAST_CHECK(BP3, BPF_PERF, checked, suspicious, alert, reconnaissance, "T1014",
	       "perf of the whole system, or samples at tracepoints")
HOLDFAST_CHECK(AS1, KERNEL_ATTACK_SURFACE, checked, reminder, alert, precondition, "T1068",
	       "a user namespace without privilege")
HOLDFAST_CHECK(AS2, KERNEL_ATTACK_SURFACE, checked, reminder, alert, precondition, "T1068",
	       "nf_tables, tc")
HOLDFAST_CHECK(AS3, KERNEL_ATTACK_SURFACE, checked, reminder, alert, precondition, "T1068",
	       "oversized parameters of fsconfig")
HOLDFAST_CHECK(AS4, KERNEL_ATTACK_SURFACE, checked, reminder, alert, precondition, "T1068",
	       "io_uring")
HOLDFAST_CHECK(AS5, KERNEL_ATTACK_SURFACE, checked, reminder, alert, precondition, "T1068",
	       "userfaultfd")
HOLDFAST_CHECK(AS6, KERNEL_ATTACK_SURFACE, checked, reminder, alert, precondition, "T1068",
	       "AF_ALG, RXRPC, VSOCK and PACKET sockets")
HOLDFAST_CHECK(AS7, KERNEL_ATTACK_SURFACE, uncovered, reminder, alert, boundary, "T1068",
	       "writing the page cache by splice")
HOLDFAST_CHECK(PI1, PRIVILEGE_INTEGRITY, checked, urgent, block, boundary, "T1068",
	       "capabilities beyond the container's, or uid 0 out of nothing")
HOLDFAST_CHECK(PI2, PRIVILEGE_INTEGRITY, checked, urgent, block, boundary, "T1068",
	       "a user namespace that is not below the container's")
HOLDFAST_CHECK(PI3, PRIVILEGE_INTEGRITY, checked, urgent, block, boundary, "T1068",
	       "namespaces of the host that it never entered")
HOLDFAST_CHECK(PI4, PRIVILEGE_INTEGRITY, checked, urgent, block, boundary, "T1068",
	       "seccomp or no_new_privs that was given up")
HOLDFAST_CHECK(PI5, PRIVILEGE_INTEGRITY, checked, urgent, block, boundary, "T1068",
	       "a root directory among the host's mounts")
HOLDFAST_CHECK(PI6, PRIVILEGE_INTEGRITY, checked, urgent, block, boundary, "T1068",
	       "a cgroup that no host process has moved it to")
HOLDFAST_CHECK(PI7, PRIVILEGE_INTEGRITY, uncovered, urgent, block, boundary, "T1068",
	       "a security label that changed, or enforcement that ended")
HOLDFAST_CHECK(PI8, PRIVILEGE_INTEGRITY, uncovered, urgent, block, boundary, "T1068",
	       "a program that the kernel starts, changed by nobody")
HOLDFAST_CHECK(PI9, PRIVILEGE_INTEGRITY, checked, urgent, block, host_execution, "T1068",
	       "a descendant that has all of the host's namespaces")

#undef HOLDFAST_CHECK_TYPE
#undef HOLDFAST_CHECK
