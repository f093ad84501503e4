// SPDX-License-Identifier: Apache-2.0
#include "kernel/ack.hpp"

#include <linux/netlink.h>

#include <cstring>

namespace holdfast::kernel {

Result<Ack> parseAck(Bytes message) {
  nlmsghdr header{};
  nlmsgerr body{};
  if (message.size() < NLMSG_HDRLEN + sizeof body) return fail("the kernel's acknowledgement is too short");
  std::memcpy(&header, message.data(), sizeof header);
  std::memcpy(&body, message.data() + NLMSG_HDRLEN, sizeof body);
  if (body.error > 0 || body.error == INT32_MIN) return fail("the kernel's acknowledgement is damaged");

  Ack ack{.error = -body.error, .text = {}};
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return ack;
  // Without NLM_F_CAPPED the request's payload stands between the error and the attributes.
  std::size_t offset = NLMSG_HDRLEN + sizeof body;
  if ((header.nlmsg_flags & NLM_F_CAPPED) == 0) {
    if (body.msg.nlmsg_len < NLMSG_HDRLEN) return ack;
    offset += (std::size_t{body.msg.nlmsg_len} - NLMSG_HDRLEN + 3) & ~std::size_t{3};
  }
  if (offset > message.size()) return ack;
  AttributeReader reader(message.subspan(offset));
  Attribute attribute;
  while (reader.next(attribute)) {
    if (attribute.type == NLMSGERR_ATTR_MSG && !read(attribute, ack.text)) ack.text.clear();
  }
  return ack;
}

}  // namespace holdfast::kernel
