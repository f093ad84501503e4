// SPDX-License-Identifier: Apache-2.0
#include "kernel/attribute.hpp"

#include <libmnl/libmnl.h>

#include <algorithm>
#include <cstring>

namespace holdfast::kernel {

namespace {

// Paths are at most PATH_MAX, with room for what the kernel appends (" (deleted)").
constexpr std::size_t kStringMax = 4096 + 64;

template <class Number>
bool readNumber(const Attribute& attribute, Number& value) {
  if (attribute.payload.size() != sizeof value) return false;
  // 64-bit values are only 4-byte aligned.
  std::memcpy(&value, attribute.payload.data(), sizeof value);
  return true;
}

}  // namespace

bool AttributeReader::next(Attribute& attribute) {
  if (rest_.empty()) return false;
  // The buffer of the caller is aligned as netlink demands: all lengths before were rounded up to 4.
  const auto* header = reinterpret_cast<const nlattr*>(rest_.data());
  if (rest_.size() > INT32_MAX || mnl_attr_ok(header, static_cast<int>(rest_.size())) == 0) {
    damaged_ = true;
    rest_ = {};
    return false;
  }
  attribute.type = mnl_attr_get_type(header);
  attribute.payload = {static_cast<const std::byte*>(mnl_attr_get_payload(header)), mnl_attr_get_payload_len(header)};
  rest_ = rest_.subspan(std::min<std::size_t>(MNL_ALIGN(mnl_attr_get_len(header)), rest_.size()));
  return true;
}

bool read(const Attribute& attribute, std::uint32_t& value) { return readNumber(attribute, value); }
bool read(const Attribute& attribute, std::uint64_t& value) { return readNumber(attribute, value); }

bool read(const Attribute& attribute, std::string& value) {
  const auto* text = reinterpret_cast<const char*>(attribute.payload.data());
  const std::size_t length = attribute.payload.empty() ? 0 : strnlen(text, attribute.payload.size());
  if (length > kStringMax) return false;
  value.assign(text, length);
  return true;
}

}  // namespace holdfast::kernel
