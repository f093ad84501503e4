// SPDX-License-Identifier: Apache-2.0
#include "container/sandbox.hpp"

#include <sys/stat.h>

#include <array>
#include <string_view>
#include <system_error>

namespace holdfast::container {

namespace {

/// What gVisor and Kata Containers start for a container.
struct Program {
  std::string_view name;  // begins so
  bool machine;
};
constexpr std::array kPrograms = {Program{"runsc", false},           Program{"qemu-system-", true},
                                  Program{"cloud-hypervisor", true}, Program{"firecracker", true},
                                  Program{"stratovirt", true},       Program{"containerd-shim-kata-v2", true}};

bool isSame(const std::filesystem::path& a, const std::filesystem::path& b) {
  struct stat one {};
  struct stat other {};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

}  // namespace

std::string sandboxOf(std::span<const std::uint32_t> pids, const std::filesystem::path& proc) {
  for (const auto pid : pids) {
    const auto link = proc / std::to_string(pid) / "exe";
    std::error_code error;
    const auto program = std::filesystem::read_symlink(link, error);
    if (error) continue;
    const std::string name = program.filename();
    for (const auto& known : kPrograms) {
      // A container's program may have the name; the host's file it is not.
      if (!name.starts_with(known.name) || !isSame(link, program)) continue;
      return known.machine ? "a virtual machine (" + name + ")" : "gVisor";
    }
  }
  return "";
}

}  // namespace holdfast::container
