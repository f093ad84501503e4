// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "kernel/types.hpp"

namespace holdfast::holdfastd {

/// A directory of the host that is there, and what the kernel is to know of files in it.
struct HostDirectory {
  std::filesystem::path path;  // from the root
  dev_t dev = 0;
  ino_t ino = 0;
  std::vector<kernel::HostEntry> entries;

  bool operator==(const HostDirectory&) const = default;
};

/// The directories in which the host keeps what it runs, trusts or hides (cron, sshd, passwd, systemd, its programs,
/// the kubelet's certificates, secrets of pods...), as they are now below `root`, and those around them by which they
/// could be replaced. Symbolic links stay below `root`; in places of users (home directories) none is followed. One
/// that is not there is watched for in the directory where it would be. What is on another machine is left out. At most
/// kHostDirectoriesMax; an error if there are more.
[[nodiscard]] Result<std::vector<HostDirectory>> findHostDirectories(const std::filesystem::path& root);

/// With O_PATH; none if it is not there any more, or another one is.
[[nodiscard]] UniqueFd openHostDirectory(const std::filesystem::path& root, const HostDirectory& directory);

}  // namespace holdfast::holdfastd
