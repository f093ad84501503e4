// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace holdfast::container {

/// What changes when a file is written or replaced.
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t changed_ns = 0;
  std::int64_t size = 0;

  bool operator==(const Stamp&) const = default;
};

/// A file of a runtime or an engine, open for reading.
struct StateFile {
  UniqueFd fd;
  Stamp stamp;
};

/// Whether root (or who runs this) owns it and nobody else may write it.
[[nodiscard]] bool isTrusted(const struct stat& status);

/// Only a regular file that isTrusted() is opened; a symbolic link is not followed, a FIFO does not hang the caller.
/// Empty if it is missing.
[[nodiscard]] Result<std::optional<StateFile>> openStateFile(const std::filesystem::path& path);

/// The whole file, at most `limit` bytes, under the same conditions; empty if it is missing.
[[nodiscard]] Result<std::optional<std::string>> readStateFile(const std::filesystem::path& path, std::size_t limit);

/// Of whatever is there, a symbolic link itself; zeroes if nothing is.
[[nodiscard]] Stamp stampOf(const std::filesystem::path& path);

}  // namespace holdfast::container
