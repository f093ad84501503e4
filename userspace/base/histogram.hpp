// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace holdfast {

/// How long things took, in buckets. observe() from any thread, without a lock.
class DurationHistogram {
 public:
  /// Upper ends of the buckets in seconds; one more has what took longer.
  static constexpr std::array<double, 14> kBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                     0.1,    0.25,  0.5,    1,     2.5,  5,     10};

  struct Snapshot {
    std::array<std::uint64_t, kBounds.size() + 1> counts{};  // of each bucket alone
    double seconds = 0;                                      // the sum
  };

  void observe(std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    const auto* const bucket = std::ranges::lower_bound(kBounds, seconds);
    ++counts_[static_cast<std::size_t>(bucket - kBounds.begin())];
    nanoseconds_ += static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  }

  [[nodiscard]] Snapshot snapshot() const {
    Snapshot snapshot;
    for (std::size_t i = 0; i < counts_.size(); ++i) snapshot.counts[i] = counts_[i];
    snapshot.seconds = static_cast<double>(nanoseconds_) / 1e9;
    return snapshot;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> nanoseconds_{0};
};

}  // namespace holdfast
