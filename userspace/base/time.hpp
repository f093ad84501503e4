// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace holdfast {

/// RFC 3339 in UTC with milliseconds, "2024-02-29T23:59:59.999Z", of nanoseconds since 1970.
[[nodiscard]] std::string utcText(std::uint64_t real_ns);

/// Nanoseconds since 1970; may step when the clock is set.
[[nodiscard]] std::uint64_t realTimeNs();

/// Nanoseconds since boot, suspend included; never steps.
[[nodiscard]] std::uint64_t bootTimeNs();

}  // namespace holdfast
