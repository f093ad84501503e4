// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdfast::container {

/// One line of /proc/PID/mountinfo.
struct MountLine {
  std::uint64_t id = 0;
  std::string device;         // "MAJOR:MINOR" of the file system
  std::string root;           // what of the file system is mounted
  std::string point;          // from the process's root
  std::string options;        // of this mount
  std::string type;           // "overlay"
  std::string source;         // "/dev/vda1"
  std::string super_options;  // of the file system; as the kernel writes them, see superOption()

  [[nodiscard]] bool noExec() const;
  [[nodiscard]] bool readOnly() const;
  /// `device` as stat() has it.
  [[nodiscard]] std::uint64_t deviceNumber() const;
  /// The value of an option of the file system ("upperdir"), without the kernel's and overlayfs' escapes; empty if
  /// there is none.
  [[nodiscard]] std::string superOption(std::string_view name) const;
  /// Whether the file system has this option, which has no value ("userxattr").
  [[nodiscard]] bool hasSuperOption(std::string_view name) const;
  /// What a path at or below `point` is called in the file system.
  [[nodiscard]] std::string inFileSystem(std::string_view path) const;
};

[[nodiscard]] Result<MountLine> parseMountLine(std::string_view line);
/// The line with this id.
[[nodiscard]] Result<MountLine> findMountLine(std::string_view mountinfo, std::uint64_t id);

}  // namespace holdfast::container
