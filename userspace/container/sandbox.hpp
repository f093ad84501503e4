// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace holdfast::container {

/// The sandbox that a container without members runs in, by the programs of its cgroup: "gVisor", "a virtual machine
/// (qemu-system-x86_64)"; empty if none of them is one. Programs that are not the host's own, by that very name, do not
/// count. `proc` is where proc is mounted, of whose files only the link exe is read.
[[nodiscard]] std::string sandboxOf(std::span<const std::uint32_t> pids, const std::filesystem::path& proc = "/proc");

}  // namespace holdfast::container
