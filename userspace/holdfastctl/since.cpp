// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/since.hpp"

#include <charconv>
#include <ctime>

namespace holdfast::holdfastctl {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::uint64_t secondsOf(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86400;
    default:
      return 0;
  }
}

Result<std::uint64_t> parseTime(const std::string& text) {
  for (const char* format : {"%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), format, &parts);
    if (end == nullptr || *end != '\0') continue;
    const long offset = parts.tm_gmtoff;
    const std::time_t seconds = ::timegm(&parts);
    if (seconds < offset) break;
    return static_cast<std::uint64_t>(seconds - offset) * kSecond;
  }
  return fail("'" + text + "' is no time: write 30m, 2h, 7d, or 2024-05-31T12:00:00Z");
}

}  // namespace

Result<std::uint64_t> parseSince(const std::string& text, std::uint64_t now) {
  std::uint64_t amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  const std::uint64_t unit = text.empty() ? 0 : secondsOf(text.back());
  if (error != std::errc() || unit == 0 || end != text.data() + text.size() - 1) return parseTime(text);
  const std::uint64_t seconds = now / kSecond;
  // Before 1970 is the same as ever.
  return amount > seconds / unit ? 1 : (seconds - amount * unit) * kSecond;
}

}  // namespace holdfast::holdfastctl
