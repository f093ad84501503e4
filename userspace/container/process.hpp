// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Of /proc only files that take no lock which a task waiting in a query holds: stat and cgroup.
namespace holdfast::container {

/// Field 22 of /proc/PID/stat, in clock ticks; the name before it may hold anything, also ")" and newlines.
[[nodiscard]] std::optional<std::uint64_t> parseStartTicks(std::string_view stat);
/// The path in the unified hierarchy out of /proc/PID/cgroup.
[[nodiscard]] std::optional<std::string> parseCgroup(std::string_view text);

[[nodiscard]] std::optional<std::uint64_t> startTicks(std::uint32_t pid);
[[nodiscard]] std::optional<std::string> cgroupOf(std::uint32_t pid);

[[nodiscard]] std::uint64_t ticksToNs(std::uint64_t ticks);
[[nodiscard]] std::uint64_t nsToTicks(std::uint64_t ns);

}  // namespace holdfast::container
