// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/sha256.hpp"
#include "kernel/event.hpp"

namespace holdfast::container {

/// A file as a container's process sees it, and where it comes from.
struct Program {
  std::string path;  // with all symbolic links followed, from the container's root; untrusted
  kernel::Origin origin = kernel::Origin::Unknown;
  std::string file_system;       // "overlay", "tmpfs"
  std::string not_executable;    // why the kernel would not start it whatever the rules say; empty if it would
  std::string layer;             // of the container's overlay: the directory, on this host, that has it; else empty
  bool unchanged = false;        // a copy of the image's in the container's layer, with the same bytes
  std::optional<Sha256> digest;  // of its bytes, if they could be read in time
};

/// Looks a path up from the root of the process, never leaving it, in a process of its own, which is killed after
/// `patience`: a file system that a container serves itself need never answer; it is read as long again. Relative paths
/// begin at the root.
/// Needs root.
[[nodiscard]] Result<Program> findProgram(std::uint32_t pid, const std::string& path,
                                          std::chrono::milliseconds patience);

}  // namespace holdfast::container
