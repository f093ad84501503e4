// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>

#include "base/result.hpp"

namespace holdfast::control {

/// A path that is too long for a socket is an error, not cut off.
[[nodiscard]] inline Result<sockaddr_un> addressOf(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.empty() || text.size() >= sizeof(address.sun_path))
    return tl::unexpected(
        Error{"a socket's path has 1 to " + std::to_string(sizeof(address.sun_path) - 1) + " bytes", text});
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

}  // namespace holdfast::control
