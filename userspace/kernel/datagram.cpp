// SPDX-License-Identifier: Apache-2.0
#include "kernel/datagram.hpp"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include <algorithm>

namespace holdfast::kernel {

namespace {

void parseMessage(const nlmsghdr* header, Bytes message, std::uint16_t family, Batch& batch) {
  if (header->nlmsg_type == NLMSG_ERROR) {
    auto ack = parseAck(message);
    if (!ack) {
      batch.damage.push_back(ack.error().message);
    } else if (ack->error != 0) {
      batch.refusals.push_back(std::move(*ack));
    }
    return;
  }
  if (header->nlmsg_type != family) return;
  if (message.size() < MNL_NLMSG_HDRLEN + GENL_HDRLEN) {
    batch.damage.emplace_back("the kernel's message is too short");
    return;
  }
  const auto* generic = static_cast<const genlmsghdr*>(mnl_nlmsg_get_payload(header));
  auto parsed = parseStreamMessage(generic->cmd, message.subspan(MNL_NLMSG_HDRLEN + GENL_HDRLEN));
  if (parsed) {
    batch.messages.push_back(std::move(*parsed));
  } else {
    batch.damage.push_back(parsed.error().message);
  }
}

}  // namespace

void parseDatagram(Bytes datagram, std::uint16_t family, Batch& batch) {
  while (!datagram.empty()) {
    const auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data());
    // mnl_nlmsg_ok() takes lengths from 2^31 on for negative ones, which fit.
    if (datagram.size() > INT32_MAX || !mnl_nlmsg_ok(header, static_cast<int>(datagram.size())) ||
        header->nlmsg_len > datagram.size()) {
      batch.damage.emplace_back("the kernel's message has a wrong length");
      return;
    }
    parseMessage(header, datagram.first(header->nlmsg_len), family, batch);
    datagram = datagram.subspan(std::min<std::size_t>(MNL_ALIGN(header->nlmsg_len), datagram.size()));
  }
}

}  // namespace holdfast::kernel
