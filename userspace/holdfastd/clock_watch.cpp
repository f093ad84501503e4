// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/clock_watch.hpp"

#include <fmt/core.h>

#include <cstdlib>

#include "base/time.hpp"

namespace holdfast::holdfastd {

std::optional<std::string> ClockWatch::look(std::uint64_t real_ns, std::uint64_t boot_ns) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto offset = static_cast<std::int64_t>(real_ns) - static_cast<std::int64_t>(boot_ns);
  const auto before = offset_.value_or(offset);
  offset_ = offset;
  const std::int64_t step = offset - before;
  if (std::abs(step) <= kSecond) return std::nullopt;
  const std::string was = utcText(real_ns - static_cast<std::uint64_t>(step));
  return fmt::format("the time of the day was set {} by {:.1f} s: it was {} and became {}", step > 0 ? "forth" : "back",
                     static_cast<double>(std::abs(step)) / kSecond, was, utcText(real_ns));
}

}  // namespace holdfast::holdfastd
