// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::alert {

inline constexpr std::size_t kPathMax = 4096;  // bytes of the printable form, as the next two
inline constexpr std::size_t kNameMax = 256;
inline constexpr std::size_t kMessageMax = 8192;

/// Untrusted bytes as printable UTF-8 of at most `max` bytes; what is longer is cut between characters and ends in
/// "...".
[[nodiscard]] std::string shown(std::string_view bytes, std::size_t max);

}  // namespace holdfast::alert
