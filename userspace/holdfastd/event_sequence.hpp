// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace holdfast::holdfastd {

/// Sees to it that events are taken in without a gap, since acknowledging one acknowledges all before it. After a loss
/// (a full socket or queue) nothing is taken until the kernel, after HELLO, has begun again with the oldest event that
/// is not acknowledged. Pure.
class EventSequence {
 public:
  enum class Take {
    Yes,
    Again,  // was taken before
    No      // there is a gap before it, or the kernel is to begin again
  };

  /// HELLO was answered. `load_id` tells one numbering from another.
  void hello(std::uint64_t load_id);
  [[nodiscard]] Take take(std::uint64_t number);
  /// What take() said yes to could not be kept.
  void putBack(std::uint64_t number);
  /// The socket lost something.
  void lost() { again_ = true; }

  /// HELLO has to be said again, as soon as there is room.
  [[nodiscard]] bool wantsHello() const { return again_; }
  /// Events that the kernel does not have any more although they never came.
  [[nodiscard]] std::uint64_t missing() const { return missing_; }

 private:
  std::optional<std::uint64_t> load_id_;
  std::optional<std::uint64_t> next_;  // empty: whatever comes first after HELLO
  bool again_ = true;
  std::uint64_t gap_at_ = 0;
  int gap_seen_ = 0;
  std::uint64_t missing_ = 0;
};

}  // namespace holdfast::holdfastd
