// SPDX-License-Identifier: Apache-2.0
// Which of the kernel's files the module knows, by the names that the kernel gave them.
#include <catch2/catch.hpp>
#include <utility>

extern "C" {
#include <uapi/linux/holdfast_checks.h>

#include "core/kernel_file.h"
}

namespace {
constexpr int kNone = -1;

int written(holdfast_kernel_fs fs, const char* name, unsigned where = 0) {
  return holdfast_kernel_file_check(fs, name, HOLDFAST_OPENING_TO_WRITE | where);
}
int looked(holdfast_kernel_fs fs, const char* name, bool privileged) {
  return holdfast_kernel_file_check(fs, name, privileged ? HOLDFAST_OPENING_WITH_ADDRESSES : 0);
}
}  // namespace

TEST_CASE("settings of the host are told from those of namespaces, and reading from writing") {
  const auto proc = HOLDFAST_KERNEL_FS_PROC;
  CHECK(written(proc, "/sys/kernel/core_pattern") == HOLDFAST_CHECK_UH1);
  CHECK(written(proc, "/sys/kernel/modprobe") == HOLDFAST_CHECK_UH2);
  CHECK(written(proc, "/sys/kernel/usermodehelper/bset") == HOLDFAST_CHECK_UH2);
  CHECK(written(proc, "/sysrq-trigger") == HOLDFAST_CHECK_PS1);
  CHECK(written(proc, "/sys/kernel/sysrq") == HOLDFAST_CHECK_PS1);
  CHECK(written(proc, "/sys/kernel/randomize_va_space") == HOLDFAST_CHECK_PS3);
  CHECK(written(proc, "/sys/vm/drop_caches") == HOLDFAST_CHECK_PS3);
  constexpr std::pair<const char*, unsigned> kNamespaced[] = {
      {"/sys/net/ipv4/ip_forward", HOLDFAST_OPENING_IN_HOST_NET},
      {"/sys/kernel/hostname", HOLDFAST_OPENING_IN_HOST_UTS},
      {"/sys/kernel/shmmax", HOLDFAST_OPENING_IN_HOST_IPC},
      {"/sys/kernel/sem", HOLDFAST_OPENING_IN_HOST_IPC},
      {"/sys/fs/mqueue/msg_max", HOLDFAST_OPENING_IN_HOST_IPC},
      {"/sys/kernel/ns_last_pid", HOLDFAST_OPENING_IN_HOST_PID},
      {"/sys/user/max_net_namespaces", HOLDFAST_OPENING_IN_HOST_USER}};
  for (const auto& [name, host] : kNamespaced) {
    CHECK(written(proc, name) == kNone);
    CHECK(written(proc, name, host) == HOLDFAST_CHECK_PS3);
    CHECK(holdfast_kernel_file_check(proc, name, host) == kNone);
  }
  CHECK(written(proc, "/sys/kernel/hostname", HOLDFAST_OPENING_IN_HOST_NET) == kNone);
  CHECK(looked(proc, "/sys/kernel/core_pattern", true) == kNone);
  CHECK(written(proc, "/uptime") == kNone);
  CHECK(written(proc, "/sys") == kNone);
  CHECK(written(proc, "/systems") == kNone);
  CHECK(written(proc, "") == kNone);
}

TEST_CASE("memory of the kernel is not to be read, its addresses not by who may see them") {
  const auto proc = HOLDFAST_KERNEL_FS_PROC;
  CHECK(looked(proc, "/kcore", false) == HOLDFAST_CHECK_PS2);
  CHECK(looked(proc, "/kpageflags", false) == HOLDFAST_CHECK_PS2);
  CHECK(looked(proc, "/kallsyms", true) == HOLDFAST_CHECK_PS2);
  CHECK(looked(proc, "/kallsyms", false) == kNone);
}

TEST_CASE("other file systems have names of their own") {
  CHECK(written(HOLDFAST_KERNEL_FS_SYSFS, "/kernel/uevent_helper") == HOLDFAST_CHECK_UH2);
  CHECK(written(HOLDFAST_KERNEL_FS_SYSFS, "/module/printk/parameters/time") == HOLDFAST_CHECK_PS4);
  CHECK(written(HOLDFAST_KERNEL_FS_SYSFS, "/class/net/eth0/mtu") == kNone);
  CHECK(written(HOLDFAST_KERNEL_FS_SYSFS, "/sys/kernel/core_pattern") == kNone);
  CHECK(written(HOLDFAST_KERNEL_FS_CGROUP1, "/release_agent") == HOLDFAST_CHECK_CG1);
  CHECK(written(HOLDFAST_KERNEL_FS_CGROUP1, "/a/b/notify_on_release") == HOLDFAST_CHECK_CG1);
  CHECK(written(HOLDFAST_KERNEL_FS_CGROUP1, "/docker/x/devices.allow") == HOLDFAST_CHECK_CG3);
  CHECK(written(HOLDFAST_KERNEL_FS_CGROUP1, "/release_agent/tasks") == kNone);
  CHECK(written(HOLDFAST_KERNEL_FS_CGROUP1, "/tasks") == HOLDFAST_CHECK_CG4);
  CHECK(written(HOLDFAST_KERNEL_FS_CGROUP1, "/a/cgroup.procs") == kNone);
  CHECK(looked(HOLDFAST_KERNEL_FS_CGROUP1, "/release_agent", true) == kNone);
}
