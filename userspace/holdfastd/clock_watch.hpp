// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/fd.hpp"

namespace holdfast::holdfastd {

/// Notices that the real-time clock was set (requirement ALR-2), by its distance from the clock that counts since boot,
/// suspend included. What NTP does little by little is no step.
class ClockWatch {
 public:
  using Clock = std::chrono::steady_clock;
  /// Real time minus boot time in nanoseconds; nothing if the two could not be read close enough to each other.
  using Offset = std::function<std::optional<std::int64_t>()>;

  static constexpr std::chrono::nanoseconds kLeast = std::chrono::milliseconds(500);
  /// Steps within this time of the last that was told are told of together.
  static constexpr auto kTogether = std::chrono::seconds(60);

  explicit ClockWatch(Offset offset = offsetNow);

  /// Readable when the clock was set; -1 if the system has no such timer, and look() at each tick has to do.
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// What to tell people, if there is something. Call it when fd() is readable and now and then.
  [[nodiscard]] std::optional<std::string> look(Clock::time_point now);

  struct Facts {
    std::uint64_t steps = 0;   // since this process began
    std::int64_t last_ms = 0;  // by how much, negative: back
    std::optional<Clock::time_point> last_at;
  };
  [[nodiscard]] const Facts& facts() const { return facts_; }

  [[nodiscard]] static std::optional<std::int64_t> offsetNow();

 private:
  void arm();

  const Offset offset_;
  UniqueFd fd_;
  std::optional<std::int64_t> last_;
  Facts facts_;
  std::uint64_t untold_ = 0;
  std::int64_t untold_ns_ = 0;
  std::optional<Clock::time_point> told_;
};

}  // namespace holdfast::holdfastd
