// SPDX-License-Identifier: Apache-2.0
#include "control/peer.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/file.hpp"

namespace holdfast::control {
namespace {

/// Supplementary groups of the process when it connected.
Result<std::vector<gid_t>> groupsOf(int socket) {
  std::vector<gid_t> groups(64);
  for (;;) {
    auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int code = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    groups.resize(bytes / sizeof(gid_t));
    if (code == 0) return groups;
    if (errno != ERANGE) return tl::unexpected(systemError("groups of the caller cannot be read", errno));
  }
}

}  // namespace

Result<Peer> peerOf(int socket, std::optional<gid_t> readers) {
  ucred credentials{};
  socklen_t bytes = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0)
    return tl::unexpected(systemError("caller is not known", errno));
  Peer peer{credentials.pid, credentials.uid, false, credentials.uid == 0};
  peer.may_read = peer.may_write;
  if (peer.may_read || !readers) return peer;
  peer.may_read = credentials.gid == *readers;
  if (peer.may_read) return peer;
  const auto groups = groupsOf(socket);
  if (!groups) return tl::unexpected(groups.error());
  peer.may_read = std::find(groups->begin(), groups->end(), *readers) != groups->end();
  return peer;
}

}  // namespace holdfast::control
