// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace holdfast::holdfastctl {

/// "90s", "30m", "2h", "7d" before `now`, or a time as RFC 3339 writes it ("2024-05-31T12:00:00Z"; also without the
/// time of day, and with an offset), in nanoseconds since 1970.
[[nodiscard]] Result<std::uint64_t> parseSince(const std::string& text, std::uint64_t now);

}  // namespace holdfast::holdfastctl
