// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "kernel/types.hpp"

namespace holdfast::holdfastd {

/// Some threads that resolve queries. A query that must wait does not hold a thread meanwhile.
class QueryPool {
 public:
  using Clock = std::chrono::steady_clock;
  /// False: again after kRetry.
  using Resolve = std::function<bool(const kernel::Query&, Clock::time_point arrived, Clock::time_point now)>;

  /// `delay` makes every answer late by that much: for tests of what a slow controller does.
  QueryPool(Resolve resolve, std::size_t threads, std::size_t capacity, std::chrono::milliseconds delay);
  QueryPool(const QueryPool&) = delete;
  QueryPool& operator=(const QueryPool&) = delete;
  ~QueryPool();

  /// Never waits. False if there are too many; the kernel then takes its default.
  [[nodiscard]] bool push(kernel::Query query);
  [[nodiscard]] std::uint64_t refused() const;
  [[nodiscard]] std::size_t waiting() const;

 private:
  struct Job {
    Clock::time_point due;
    Clock::time_point arrived;
    kernel::Query query;
    friend bool operator>(const Job& a, const Job& b) { return a.due > b.due; }
  };
  void work();

  const Resolve resolve_;
  const std::size_t capacity_;
  const std::chrono::milliseconds delay_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::priority_queue<Job, std::vector<Job>, std::greater<>> jobs_;
  std::uint64_t refused_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace holdfast::holdfastd
