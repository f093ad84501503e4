// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/sha256.hpp"
#include "kernel/event.hpp"

namespace holdfast::container {

/// What the kernel reads of a program to tell its digest; of a program interpreter less.
inline constexpr std::uint64_t kDigestBytesMax = 1ULL << 30;
inline constexpr std::uint64_t kInterpreterDigestBytesMax = 1ULL << 28;

/// A file as a container's process sees it, and where it comes from.
struct Program {
  std::string path;  // with all symbolic links followed, from the container's root; untrusted
  kernel::Origin origin = kernel::Origin::Unknown;
  std::string interpreter;       // that the kernel starts it by: as the file has it, untrusted; empty if none
  bool is_script = false;        // that is the interpreter of a "#!" line
  std::string file_system;       // "overlay", "tmpfs"
  std::string not_executable;    // why the kernel would not start it whatever the rules say; empty if it would
  std::string layer;             // of the container's overlay: the directory, on this host, that has it; else empty
  bool unchanged = false;        // a copy of the image's in the container's layer, with the same bytes
  std::optional<Sha256> digest;  // of its bytes, if they could be read in time, and nobody wrote meanwhile
  std::string not_by_digest;     // why no list of digests exempts it; empty if one does
  bool mounted_alone = false;    // it is a mount of its own, which is read-only
  std::uint64_t device = 0;      // of the file system, as an event of the kernel has it
  std::uint64_t inode = 0;
  std::uint64_t size = 0;        // bytes
  std::uint64_t changed_at = 0;  // bytes, attributes or names; nanoseconds since 1970
};

enum class Links { Followed, Refused };

/// Looks a path up from the root of the process, never leaving it, in a process of its own, which is killed after
/// `patience`: a file system that a container serves itself need never answer; it is read as long again. Relative paths
/// begin at the root. Of what is no regular file, or larger than kDigestBytesMax, nothing is read. Refused: a symbolic
/// link anywhere on the way is an error.
/// Needs root.
[[nodiscard]] Result<Program> findProgram(std::uint32_t pid, const std::string& path,
                                          std::chrono::milliseconds patience, Links links = Links::Followed);

/// Is it the host's own, by one of these names on this host, which a runtime has mounted to be started (`run --init`)?
/// As kmod/runtime_program.c tells.
[[nodiscard]] bool isRuntimeProgram(const Program& program, const std::vector<std::string>& names);

}  // namespace holdfast::container
