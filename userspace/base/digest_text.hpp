// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/sha256.hpp"

namespace holdfast {

/// "sha256:" and 64 lower-case hexadecimal digits, as rules and images name a digest.
[[nodiscard]] inline std::optional<Sha256> sha256FromText(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  return text.starts_with(kPrefix) ? sha256FromHex(text.substr(kPrefix.size())) : std::nullopt;
}

[[nodiscard]] inline std::string digestText(const Sha256& digest) { return "sha256:" + hexOf(digest); }

}  // namespace holdfast
