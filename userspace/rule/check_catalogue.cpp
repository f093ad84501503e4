// SPDX-License-Identifier: Apache-2.0
#include "rule/check_catalogue.hpp"

#include <algorithm>
#include <array>

namespace holdfast::rule {
namespace {

using enum Dimension;

constexpr auto kTypes = std::to_array<CheckType>({
    {"join-host-ns", Process, "enters a namespace of the host or of another container"},
    {"cross-container-access", Process, "reaches into a process of the host or of another container"},
    {"runtime-tamper", Process, "turns the container runtime against the host"},
    {"kernel-upcall", File, "sets a program that the kernel starts on the host"},
    {"cgroup-control", File, "controls cgroups that are not its own"},
    {"sensitive-kernel-fs", File, "reads or writes files of the kernel that concern the whole host"},
    {"raw-device", File, "reaches disks, memory or ports of the machine directly"},
    {"host-persistence", File, "writes where the host will run or trust it later"},
    {"host-credential", File, "reads the host's or another pod's secrets"},
    {"runtime-socket", File, "connects to a socket that commands the host"},
    {"dangerous-mount", SystemCall, "mounts what shows or changes the host"},
    {"file-handle", SystemCall, "opens files by handle, past its own root"},
    {"kernel-code", SystemCall, "loads code into the kernel, or stops the machine"},
    {"bpf-perf", SystemCall, "traces or changes the kernel with BPF or perf"},
    {"kernel-attack-surface", SystemCall, "opens parts of the kernel that exploits begin with"},
    {"privilege-integrity", Process, "has privileges that no legitimate path gave it"},
});

constexpr auto kItems = std::to_array<CheckItem>({
    {"NS1", 0, "setns to a namespace of another process (nsenter, pidfd)"},
    {"NS2", 0, "setns to a namespace that is mounted as a file"},
    {"NS3", 0, "chroot to a directory outside of its root"},
    {"PT1", 1, "ptrace, /proc/PID/mem, process_vm_writev"},
    {"PT2", 1, "/proc/PID/root, cwd and fd"},
    {"PT3", 1, "pidfd_getfd"},
    {"PT4", 1, "receiving a directory from outside over a socket"},
    {"PT5", 1, "killing an agent of the host"},
    {"RT1", 2, "overwriting the runtime through /proc/self/exe"},
    {"RT2", 2, "a descriptor or working directory that the runtime leaked"},
    {"RT3", 2, "a mount target that was swapped for a link"},
    {"RT4", 2, "a write of the runtime that was led elsewhere"},
    {"RT5", 2, "a hook of the host that loads the container's library"},
    {"UH1", 3, "core_pattern"},
    {"UH2", 3, "modprobe, hotplug, poweroff_cmd, uevent_helper"},
    {"UH3", 3, "registering an interpreter with binfmt_misc"},
    {"UH4", 3, "the kernel is about to start a program out of a container"},
    {"CG1", 4, "release_agent, notify_on_release"},
    {"CG2", 4, "mounting cgroups in a user namespace of its own"},
    {"CG3", 4, "rewriting the list of allowed devices"},
    {"CG4", 4, "moving processes in the host's cgroups"},
    {"CG5", 4, "detaching the program that guards devices"},
    {"PS1", 5, "sysrq-trigger, sysrq"},
    {"PS2", 5, "kcore, kallsyms, kpageflags and their like"},
    {"PS3", 5, "sysctl settings of the whole host"},
    {"PS4", 5, "security policy, debugfs, tracefs, efivarfs, parameters of modules"},
    {"RD1", 6, "making a device node (mknod)"},
    {"RD2", 6, "a whole disk"},
    {"RD3", 6, "/dev/mem, kmem, port"},
    {"RD4", 6, "commands to disks, device mapper, loop and nbd devices"},
    {"RD5", 6, "iopl, ioperm, MSR, PCI"},
    {"HW1", 7, "cron, at"},
    {"HW2", 7, "authorized_keys, sshd_config"},
    {"HW3", 7, "ld.so.preload, passwd, shadow, sudoers"},
    {"HW4", 7, "systemd, udev, modprobe.d, rc"},
    {"HW5", 7, "static pods, CNI, OCI hooks, the host's programs"},
    {"HC1", 8, "certificates of the kubelet, kubeconfig, pki"},
    {"HC2", 8, "tokens of other pods, the host's shadow file and SSH keys"},
    {"HC3", 8, "a link out of /var/log"},
    {"SK1", 9, "docker, podman, containerd, crio, device plug-ins"},
    {"SK2", 9, "the abstract socket of a containerd shim"},
    {"SK3", 9, "systemd's private socket, D-Bus"},
    {"SK4", 9, "TCP 2375 or 10250 of the node"},
    {"MT1", 10, "a disk of the host"},
    {"MT2", 10, "proc, sysfs, cgroup, securityfs, debugfs, efivarfs, devtmpfs, binfmt_misc"},
    {"MT3", 10, "remounting, or uncovering what the runtime has covered"},
    {"MT4", 10, "fsopen and move_mount"},
    {"MT5", 10, "a mount that propagates to the host"},
    {"MT6", 10, "overlay or FUSE in a user namespace"},
    {"FH1", 11, "open_by_handle_at"},
    {"KL1", 12, "init_module, finit_module"},
    {"KL2", 12, "making the kernel load a module by itself"},
    {"KL3", 12, "kexec"},
    {"KL4", 12, "reboot, settime, syslog"},
    {"BP1", 13, "tracing programs"},
    {"BP2", 13, "programs that write memory, decide, or override returns"},
    {"BP3", 13, "perf of the whole system, or at probes"},
    {"AS1", 14, "a user namespace without privilege"},
    {"AS2", 14, "nf_tables, tc"},
    {"AS3", 14, "oversized parameters of fsconfig"},
    {"AS4", 14, "io_uring"},
    {"AS5", 14, "userfaultfd, keyctl"},
    {"AS6", 14, "AF_ALG, RXRPC, VSOCK and PACKET sockets"},
    {"AS7", 14, "writing the page cache by splice"},
    {"PI1", 15, "capabilities beyond the container's, or uid 0 out of nothing"},
    {"PI2", 15, "a user namespace that is not below the container's"},
    {"PI3", 15, "namespaces that it never entered"},
    {"PI4", 15, "a seccomp filter that became weaker"},
    {"PI5", 15, "a root or working directory outside of the container's root"},
    {"PI6", 15, "a cgroup that no host process has moved it to"},
    {"PI7", 15, "a security label that changed, or enforcement that ended"},
    {"PI8", 15, "a program that the kernel starts, changed by nobody"},
    {"PI9", 15, "a descendant that has all of the host's namespaces"},
});

static_assert(kTypes.size() == kCheckTypes && kItems.size() == kCheckItems);

template <class Rows>
std::optional<std::size_t> find(const Rows& rows, std::string_view name) {
  const auto found = std::ranges::find(rows, name, [](const auto& row) { return row.name; });
  if (found == rows.end()) return std::nullopt;
  return static_cast<std::size_t>(found - rows.begin());
}

}  // namespace

const char* name(Dimension dimension) {
  switch (dimension) {
    case Process:
      return "process";
    case File:
      return "file";
    case SystemCall:
      return "system call";
  }
  return "unknown";
}

std::span<const CheckType> checkTypes() { return kTypes; }
std::span<const CheckItem> checkItems() { return kItems; }

std::optional<std::size_t> findCheckType(std::string_view name) { return find(kTypes, name); }
std::optional<std::size_t> findCheckItem(std::string_view name) { return find(kItems, name); }

CheckSet itemsOf(std::size_t type) {
  CheckSet items;
  for (std::size_t i = 0; i < kItems.size(); ++i) items[i] = kItems[i].type == type;
  return items;
}

}  // namespace holdfast::rule
