// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"

namespace holdfast::kernel {

using Bytes = std::span<const std::byte>;

struct Attribute {
  std::uint16_t type = 0;
  Bytes payload;
};

/// Walks netlink attributes in place. A length that does not fit ends the walk and shows in damaged().
class AttributeReader {
 public:
  explicit AttributeReader(Bytes bytes) : rest_(bytes) {}

  /// False at the end. Padding attributes are the caller's to skip, as any type it does not know.
  [[nodiscard]] bool next(Attribute& attribute);
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  Bytes rest_;
  bool damaged_ = false;
};

/// Each takes its value only if the length is exactly right.
[[nodiscard]] bool read(const Attribute& attribute, std::uint32_t& value);
[[nodiscard]] bool read(const Attribute& attribute, std::uint64_t& value);
/// Up to the first NUL; refused if longer than any string of the ABI.
[[nodiscard]] bool read(const Attribute& attribute, std::string& value);

}  // namespace holdfast::kernel
