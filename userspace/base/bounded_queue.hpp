// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace holdfast {

/// Hands values from any number of threads to any number of others. Never makes the giver wait: what does not fit is
/// refused and counted.
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  /// False if the queue is full (counted) or closed (not counted); the value is then untouched.
  [[nodiscard]] bool push(T&& value) {
    {
      const std::scoped_lock lock(mutex_);
      if (closed_) return false;
      if (values_.size() >= capacity_) {
        ++refused_;
        return false;
      }
      values_.push_back(std::move(value));
    }
    ready_.notify_one();
    return true;
  }
  [[nodiscard]] bool push(const T& value) { return push(T(value)); }

  /// The oldest value; nothing after `timeout`, or at once when the queue is closed and empty.
  template <class Rep, class Period>
  [[nodiscard]] std::optional<T> pop(std::chrono::duration<Rep, Period> timeout) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, timeout, [this] { return closed_ || !values_.empty(); });
    if (values_.empty()) return std::nullopt;
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    return value;
  }

  /// Nothing more is taken in; what is inside can still be popped, and all who wait are woken.
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  [[nodiscard]] bool closed() const {
    const std::scoped_lock lock(mutex_);
    return closed_;
  }
  [[nodiscard]] std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return values_.size();
  }
  [[nodiscard]] std::uint64_t refused() const {
    const std::scoped_lock lock(mutex_);
    return refused_;
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<T> values_;
  std::uint64_t refused_ = 0;
  bool closed_ = false;
};

}  // namespace holdfast
