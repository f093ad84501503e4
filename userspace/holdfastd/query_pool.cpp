// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/query_pool.hpp"

#include <utility>

namespace holdfast::holdfastd {

namespace {

constexpr std::chrono::milliseconds kRetry{10};

}  // namespace

QueryPool::QueryPool(Resolve resolve, std::size_t threads, std::size_t capacity, std::chrono::milliseconds delay)
    : resolve_(std::move(resolve)), capacity_(capacity), delay_(delay) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

QueryPool::~QueryPool() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool QueryPool::push(kernel::Query query) {
  {
    const std::scoped_lock lock(mutex_);
    if (jobs_.size() >= capacity_) {
      ++refused_;
      return false;
    }
    const auto now = Clock::now();
    jobs_.push({now + delay_, now, std::move(query)});
  }
  changed_.notify_one();
  return true;
}

std::uint64_t QueryPool::refused() const {
  const std::scoped_lock lock(mutex_);
  return refused_;
}

std::size_t QueryPool::waiting() const {
  const std::scoped_lock lock(mutex_);
  return jobs_.size();
}

void QueryPool::work() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (jobs_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (const auto due = jobs_.top().due; due > Clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    Job job = jobs_.top();
    jobs_.pop();
    lock.unlock();
    const bool done = resolve_(job.query, job.arrived, Clock::now());
    lock.lock();
    if (done) continue;
    job.due = Clock::now() + kRetry;
    jobs_.push(std::move(job));
    changed_.notify_one();
  }
}

}  // namespace holdfast::holdfastd
