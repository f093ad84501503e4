// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "kernel/attribute.hpp"

namespace holdfast::test {

/// Netlink attributes written by hand, so that the tests do not believe what the builder says.
class ByteWriter {
 public:
  ByteWriter& u32(int type, std::uint32_t value) { return raw(type, &value, sizeof value); }
  ByteWriter& u64(int type, std::uint64_t value) { return raw(type, &value, sizeof value); }
  ByteWriter& text(int type, std::string_view value) {
    std::vector<char> bytes(value.begin(), value.end());
    bytes.push_back('\0');
    return raw(type, bytes.data(), bytes.size());
  }
  ByteWriter& nest(int type, const ByteWriter& inner) {
    return raw(type | NLA_F_NESTED, inner.bytes_.data(), inner.bytes_.size());
  }
  ByteWriter& raw(int type, const void* data, std::size_t size) {
    const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + size), static_cast<std::uint16_t>(type)};
    append(&header, sizeof header);
    append(data, size);
    bytes_.resize((bytes_.size() + 3) & ~std::size_t{3});
    return *this;
  }
  /// A whole message of the family around what was written.
  [[nodiscard]] ByteWriter message(std::uint16_t family, std::uint8_t command) const {
    ByteWriter whole;
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + 4 + bytes_.size());
    header.nlmsg_type = family;
    whole.append(&header, sizeof header);
    const std::uint8_t generic[4] = {command, 1, 0, 0};
    whole.append(generic, sizeof generic);
    whole.append(bytes_.data(), bytes_.size());
    return whole;
  }
  [[nodiscard]] kernel::Bytes bytes() const { return bytes_; }
  [[nodiscard]] std::vector<std::byte>& data() { return bytes_; }

 private:
  void append(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }
  std::vector<std::byte> bytes_;
};

}  // namespace holdfast::test
