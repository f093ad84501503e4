// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/clock_watch.hpp"

#include <fmt/core.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "base/time.hpp"

namespace holdfast::holdfastd {

ClockWatch::ClockWatch(Offset offset)
    : offset_(std::move(offset)), fd_(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)), last_(offset_()) {
  arm();
}

void ClockWatch::arm() {
  // Never expires, and is cancelled when the clock is set.
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<std::time_t>::max();
  if (fd_ && ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) != 0) {
    fd_.reset();
  }
}

std::optional<std::int64_t> ClockWatch::offsetNow() {
  constexpr std::uint64_t kClose = 20'000'000;
  // On a busy machine any amount of time may pass between two readings.
  for (int tries = 0; tries < 10; ++tries) {
    const auto before = bootTimeNs();
    const auto real = realTimeNs();
    const auto after = bootTimeNs();
    if (after - before < kClose) return static_cast<std::int64_t>(real) - static_cast<std::int64_t>(before);
  }
  return std::nullopt;
}

std::optional<std::string> ClockWatch::look(Clock::time_point now) {
  std::uint64_t expired = 0;
  if (fd_ && ::read(fd_.get(), &expired, sizeof expired) < 0 && errno == ECANCELED) arm();
  const auto offset = offset_();
  if (!offset) return std::nullopt;
  const std::int64_t by = last_ ? *offset - *last_ : 0;
  last_ = offset;
  if (std::abs(by) >= kLeast.count()) {
    ++facts_.steps;
    facts_.last_ms = by / 1'000'000;
    facts_.last_at = now;
    ++untold_;
    untold_ns_ += by;
  }
  if (untold_ == 0 || (told_ && now - *told_ < kTogether)) return std::nullopt;
  const double seconds = static_cast<double>(std::abs(untold_ns_)) / 1e9;
  const char* direction = untold_ns_ < 0 ? "back" : "forward";
  auto text = untold_ == 1 ? fmt::format("the real-time clock was set {} by {:.1f} s", direction, seconds)
                           : fmt::format("the real-time clock was set {} times, altogether {} by {:.1f} s", untold_,
                                         direction, seconds);
  untold_ = 0;
  untold_ns_ = 0;
  told_ = now;
  return text;
}

}  // namespace holdfast::holdfastd
