// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "alert/alert.hpp"

namespace holdfast::alert {

enum class Target { Journal, Stderr };

/// The journal if the service manager connected standard error to it, else standard error.
[[nodiscard]] Target defaultTarget();

/// The fields of the journal entry, "KEY=VALUE" each; values are single lines of bounded length.
[[nodiscard]] std::vector<std::string> journalFields(const Alert& alert);

/// Hands alerts (as the store gave them back, with their id) to the journal (fields HOLDFAST_*) or to standard error
/// (one JSON object a line). A receiver that is not there loses nothing: the store has the alert. Not more than
/// `per_second` on average; what is held back is counted and said with the next one.
class Output {
 public:
  explicit Output(Target target, unsigned per_second = 50) : target_(target), per_second_(per_second) {}

  /// False if it was held back or the receiver did not take it.
  bool deliver(const Alert& alert, std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());
  [[nodiscard]] std::uint64_t heldBack() const { return held_back_; }

 private:
  bool write(const Alert& alert, std::uint64_t held_back) const;

  Target target_;
  unsigned per_second_;
  std::chrono::steady_clock::time_point second_{};
  unsigned in_second_ = 0;
  std::uint64_t held_back_ = 0;  // since the start
  std::uint64_t unsaid_ = 0;     // of these, not yet mentioned
};

}  // namespace holdfast::alert
