// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::holdfastd {

/// Notices that somebody has set the time of the day. What only runs a little fast or slow is no step.
class ClockWatch {
 public:
  /// Nanoseconds since 1970, and of boot time at the same moment. Returns what to tell of, if the one has gone on by
  /// more than a second otherwise than the other since the last look.
  [[nodiscard]] std::optional<std::string> look(std::uint64_t real_ns, std::uint64_t boot_ns);

 private:
  std::optional<std::int64_t> offset_;
};

}  // namespace holdfast::holdfastd
