// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "container/container.hpp"

/// The formats of the runtimes' state files. Pure: text in, container out, with cgroup_path as written there;
/// cgroup_id, state, name and image are still to be filled in.
namespace holdfast::container {

/// runc's state.json. `cgroup_mount` is where the unified hierarchy is mounted, as runc writes whole paths.
[[nodiscard]] Result<Container> parseRuncState(std::string_view text, std::string_view cgroup_mount);

/// crun's "status" and the copy of the bundle's config.json beside it.
[[nodiscard]] Result<Container> parseCrunState(std::string_view id, std::string_view status, std::string_view config);

/// linux.cgroupsPath of a config.json, empty if there is none.
[[nodiscard]] std::string parseCgroupsPath(std::string_view config);

/// Absolute, no "." or ".." or empty component, not the root itself.
[[nodiscard]] bool isCgroupPath(std::string_view path);

}  // namespace holdfast::container
