// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "container/mount_line.hpp"
#include "kernel/event.hpp"

namespace holdfast::container {

/// Where a file of an overlay comes from, as its layers show it.
struct OverlayPlace {
  kernel::Origin origin = kernel::Origin::Unknown;
  std::string layer;       // the directory, on this host, that has it; empty if that cannot be told
  bool unchanged = false;  // in the upper layer, with the bytes of the lower file that it is a copy of
};

/// `path` is the file's, from the overlay's root. Needs root.
[[nodiscard]] OverlayPlace findOnOverlay(const MountLine& mount, const std::string& path);

}  // namespace holdfast::container
