// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "alert/sink.hpp"
#include "alert/work.hpp"
#include "control/shapes.hpp"

namespace holdfast::holdfastd {

/// Serves one output out of the store, so that a receiver that is away, slow or stuck holds up nobody and misses
/// nothing: up to where it was served is in the store too. At most so many a second; what is beyond waits, and an alert
/// that is counted up while it waits goes out once. A receiver that was never there gets what is new when it first
/// appears.
class DeliveryThread {
 public:
  struct Parts {
    std::filesystem::path file;  // the store
    std::unique_ptr<alert::Sink> sink;
    alert::Writer writer;
    unsigned per_second = 50;
    std::chrono::milliseconds retry{1000};  // after a refusal
  };

  explicit DeliveryThread(Parts parts);
  DeliveryThread(const DeliveryThread&) = delete;
  DeliveryThread& operator=(const DeliveryThread&) = delete;
  ~DeliveryThread();

  void enable(bool on);
  /// There may be something new.
  void notify();
  [[nodiscard]] control::OutputReport report() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  /// When to look again, if nobody notifies.
  [[nodiscard]] Clock::time_point round();
  [[nodiscard]] bool begin();
  [[nodiscard]] Clock::time_point deliver();
  void save();
  void setProblem(std::string text);

  Parts parts_;
  std::mutex mutex_;  // of the next three
  std::condition_variable wake_;
  bool stop_ = false;
  bool notified_ = false;

  std::atomic<bool> enabled_{false};
  mutable std::mutex report_mutex_;
  control::OutputReport report_;

  // Of the thread only.
  std::optional<alert::Store> reader_;
  std::optional<alert::Served> served_;
  std::int64_t saved_ = 0;  // revision; -1: none
  std::optional<alert::Answer> saving_;
  Clock::time_point second_{};
  unsigned in_second_ = 0;
  std::uint64_t held_back_ = 0;  // waited, and not yet said
  std::thread thread_;
};

}  // namespace holdfast::holdfastd
