// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <array>
#include <ctime>

namespace holdfast {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kNsPerMs = 1'000'000;

std::uint64_t clockNs(clockid_t clock) {
  struct timespec now = {};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

std::string utcText(std::uint64_t real_ns) {
  const auto seconds = static_cast<std::time_t>(real_ns / kNsPerSecond);
  struct tm parts = {};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> date{};
  const std::size_t length = std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  // A leading 1 keeps the zeros of the three digits, and its place is the point's.
  std::string fraction = std::to_string(1000 + real_ns % kNsPerSecond / kNsPerMs);
  fraction.front() = '.';
  return std::string(date.data(), length) + fraction + "Z";
}

std::uint64_t realTimeNs() { return clockNs(CLOCK_REALTIME); }

std::uint64_t bootTimeNs() { return clockNs(CLOCK_BOOTTIME); }

}  // namespace holdfast
