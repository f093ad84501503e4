// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/result.hpp"

namespace holdfast::control {

/// Who is at the other end of a socket, as the kernel says it (SO_PEERCRED, SO_PEERGROUPS).
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  bool may_read = false;
  bool may_write = false;
};

/// Root may do all, a process with the group `readers` may read, others nothing.
[[nodiscard]] Result<Peer> peerOf(int socket, std::optional<gid_t> readers);

}  // namespace holdfast::control
