// SPDX-License-Identifier: Apache-2.0
#include "container/process.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/file.hpp"

namespace holdfast::container {

namespace {

constexpr std::size_t kProcBytesMax = 64 * 1024;

Result<std::string> readProc(std::uint32_t pid, const char* file) {
  return readFile("/proc/" + std::to_string(pid) + "/" + file, kProcBytesMax);
}

std::uint64_t nsPerTick() {
  const long ticks = ::sysconf(_SC_CLK_TCK);
  return 1'000'000'000ULL / static_cast<std::uint64_t>(ticks > 0 ? ticks : 100);
}

}  // namespace

std::optional<std::uint64_t> parseStartTicks(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  // The state after the name is field 3.
  for (int field = 3; field <= 22; ++field) {
    const auto begin = stat.find_first_not_of(' ');
    if (begin == stat.npos) return std::nullopt;
    stat.remove_prefix(begin);
    const auto value = stat.substr(0, stat.find(' '));
    if (field < 22) {
      stat.remove_prefix(value.size());
      continue;
    }
    std::uint64_t ticks = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), ticks);
    if (error != std::errc() || end == value.data()) return std::nullopt;
    return ticks;
  }
  return std::nullopt;
}

std::optional<std::string> parseCgroup(std::string_view text) {
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with("0::/")) continue;
    line.remove_prefix(3);
    return std::string(line);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> startTicks(std::uint32_t pid) {
  const auto text = readProc(pid, "stat");
  return text ? parseStartTicks(*text) : std::nullopt;
}

std::optional<std::string> cgroupOf(std::uint32_t pid) {
  const auto text = readProc(pid, "cgroup");
  return text ? parseCgroup(*text) : std::nullopt;
}

std::uint64_t ticksToNs(std::uint64_t ticks) { return ticks * nsPerTick(); }
std::uint64_t nsToTicks(std::uint64_t ns) { return ns / nsPerTick(); }

}  // namespace holdfast::container
