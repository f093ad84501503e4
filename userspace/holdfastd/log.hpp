// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace holdfast::holdfastd {

/// Lets so many messages of each level through in a second, and says of the rest how many there were: what floods one
/// level hides nothing of another.
class LimitedSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LimitedSink(spdlog::sink_ptr target, std::uint64_t per_second = 50,
                       std::function<Clock::time_point()> now = Clock::now)
      : target_(std::move(target)), per_second_(per_second), now_(std::move(now)) {}

  /// Messages of that level since the start that were counted only.
  [[nodiscard]] std::uint64_t heldBack(spdlog::level::level_enum level) const {
    return held_back_.at(static_cast<std::size_t>(level));
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  /// Also says what was held back if nothing has been logged since.
  void flush_() override;
  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
    target_->set_formatter(std::move(formatter));
  }

 private:
  struct Second {
    Clock::time_point began{};
    std::uint64_t passed = 0;
    std::uint64_t unsaid = 0;
  };
  void renew(spdlog::level::level_enum level, Clock::time_point now);

  const spdlog::sink_ptr target_;
  const std::uint64_t per_second_;
  const std::function<Clock::time_point()> now_;
  std::array<Second, spdlog::level::n_levels> seconds_{};
  std::array<std::atomic<std::uint64_t>, spdlog::level::n_levels> held_back_{};
};

/// Writes to a descriptor. Where it is a socket, as the journal's is, nothing waits for who does not read it: what
/// finds no room is lost, and how much that was is said when there is some.
class DescriptorSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit DescriptorSink(int fd) : fd_(fd) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  [[nodiscard]] bool write(const spdlog::details::log_msg& message);

  const int fd_;
  std::uint64_t lost_ = 0;
};

/// The program's log: to standard error, as the journal or as a person wants it, limited. `level` as in options, empty
/// for "info".
[[nodiscard]] std::shared_ptr<LimitedSink> startLogging(const std::optional<std::string>& level);

/// Says so if that is another level than before.
void setLogLevel(const std::string& level);

}  // namespace holdfast::holdfastd
