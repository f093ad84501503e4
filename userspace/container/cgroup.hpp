// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/types.hpp"

namespace holdfast::container {

/// Of a directory's entry whether it is one itself, and no symbolic link to one; mostly without asking for it.
[[nodiscard]] bool isDirectory(const std::filesystem::directory_entry& entry);

/// The id of the cgroup with this path below the mount of the unified hierarchy; nothing if there is none.
[[nodiscard]] std::optional<std::uint64_t> cgroupId(const std::filesystem::path& mount, std::string_view path);

/// Processes of the cgroup and of those below it. Empty if it is gone. Not atomic: processes come and go meanwhile.
[[nodiscard]] std::vector<std::uint32_t> processesOf(const std::filesystem::path& mount, std::string_view path);

/// Whether `path` is `ancestor` or lies below it.
[[nodiscard]] bool isWithin(std::string_view path, std::string_view ancestor);

/// The names that runtimes give to containers' cgroups.
[[nodiscard]] std::vector<kernel::Pattern> runtimePatterns();

/// Whether the path, or one above it, is a cgroup whose name fits a pattern.
[[nodiscard]] bool isInNamed(std::string_view path, const std::vector<kernel::Pattern>& patterns);

struct NamedCgroup {
  std::uint64_t id = 0;
  std::string path;
  std::string name;  // the identifier
};

/// The cgroups whose names fit a pattern, without those below such a one.
[[nodiscard]] std::vector<NamedCgroup> cgroupsNamed(const std::filesystem::path& mount,
                                                    const std::vector<kernel::Pattern>& patterns);

/// The identifier in the last component of a path that fits a pattern, else the whole component.
[[nodiscard]] std::string nameFromPath(std::string_view path, const std::vector<kernel::Pattern>& patterns);

}  // namespace holdfast::container
