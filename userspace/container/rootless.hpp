// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "container/container.hpp"

/// Containers that users' own runtimes have started without a cgroup, as Podman without root does with the cgroup
/// manager "cgroupfs". Their state is the user's to write, so that little of it is believed: this process is the first
/// of a container that is called so. Whose the process is, the kernel says.
namespace holdfast::container {

struct RootlessRoots {
  std::filesystem::path run_user = "/run/user";  // DIR/UID/crun/ID/status, DIR/UID/runc/ID/state.json
  std::filesystem::path temporary = "/tmp";      // DIR/podman-run-UID/…, where a user has no session
};

/// Those whose first process is alive, in a user namespace, and in no cgroup that is a container's. Their `cgroup_id`
/// is that process's. Nothing that a user has mounted is entered, and no link followed.
[[nodiscard]] std::vector<std::shared_ptr<const Container>> rootlessOf(const RootlessRoots& roots, uid_t user);

/// Of all users that have a directory in `run_user`.
[[nodiscard]] std::vector<std::shared_ptr<const Container>> rootlessOfAll(const RootlessRoots& roots);

}  // namespace holdfast::container
