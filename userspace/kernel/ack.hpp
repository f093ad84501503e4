// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "kernel/attribute.hpp"

namespace holdfast::kernel {

/// What an NLMSG_ERROR message says: 0 is an acknowledgement, else a positive errno.
struct Ack {
  int error = 0;
  std::string text;  // NLMSGERR_ATTR_MSG, may be empty
};

/// `message` begins with the netlink header and is as long as that says.
[[nodiscard]] Result<Ack> parseAck(Bytes message);

}  // namespace holdfast::kernel
