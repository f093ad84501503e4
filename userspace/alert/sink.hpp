// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "alert/alert.hpp"
#include "base/result.hpp"

namespace holdfast::alert {

/// A receiver of alerts outside Holdfast. For one thread; may wait for the receiver.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// As the configuration calls it.
  [[nodiscard]] virtual const char* name() const = 0;
  /// Why nobody would take anything just now. Asked before each round of deliveries.
  [[nodiscard]] virtual Result<void> ready() { return {}; }
  /// Hands over an alert as the store gave it back. `held_back`: so many had to wait before this one, as too much came
  /// at once. After an error the same is tried again later.
  [[nodiscard]] virtual Result<void> deliver(const Alert& alert, std::uint64_t held_back) = 0;
};

}  // namespace holdfast::alert
