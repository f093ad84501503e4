// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/delivery_thread.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace holdfast::holdfastd {

using namespace std::chrono_literals;

DeliveryThread::DeliveryThread(Parts parts) : parts_(std::move(parts)) {
  report_.name = parts_.sink->name();
  thread_ = std::thread([this] { run(); });
}

DeliveryThread::~DeliveryThread() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void DeliveryThread::enable(bool on) {
  enabled_ = on;
  notify();
}

void DeliveryThread::notify() {
  {
    const std::scoped_lock lock(mutex_);
    notified_ = true;
  }
  wake_.notify_all();
}

control::OutputReport DeliveryThread::report() const {
  const std::scoped_lock lock(report_mutex_);
  return report_;
}

void DeliveryThread::setProblem(std::string text) {
  const std::scoped_lock lock(report_mutex_);
  if (text == report_.problem) return;
  if (text.empty()) {
    spdlog::info("alerts are delivered to the output {} again", report_.name);
  } else {
    spdlog::warn("alerts are not delivered to the output {} for now: {}", report_.name, text);
  }
  report_.problem = std::move(text);
}

/// Whether the output is in use and its place in the store known.
bool DeliveryThread::begin() {
  if (reader_ && reader_->moved()) {
    reader_.reset();
    served_.reset();
  }
  if (!enabled_) {
    served_.reset();
  } else if (!served_) {
    if (!reader_) {
      auto opened = alert::Store::open(parts_.file, {.read_only = true});
      if (!opened) return false;
      reader_.emplace(std::move(*opened));
    }
    auto served = reader_->served(parts_.sink->name());
    if (served && *served) {
      served_ = **served;
      saved_ = served_->revision;
    }
  }
  const std::scoped_lock lock(report_mutex_);
  report_.on = enabled_;
  if (!enabled_) report_.problem.clear();
  if (served_) report_.delivered = served_->delivered;
  return served_.has_value();
}

void DeliveryThread::save() {
  if (saving_) {
    if (saving_->wait_for(0s) != std::future_status::ready) return;
    if (!saving_->get()) saved_ = -1;
    saving_.reset();
  }
  if (!served_ || served_->revision == saved_) return;
  saved_ = served_->revision;
  saving_ = parts_.writer([name = std::string(parts_.sink->name()), served = *served_](alert::Store& store) {
    return store.setServed(name, served).map([] { return nlohmann::json(); });
  });
}

DeliveryThread::Clock::time_point DeliveryThread::deliver() {
  const auto now = Clock::now();
  if (now - second_ >= 1s) {
    second_ = now;
    in_second_ = 0;
  }
  const unsigned budget = parts_.per_second - std::min(in_second_, parts_.per_second);
  alert::Filter filter;
  filter.after_revision = served_->revision;
  filter.limit = std::clamp<std::size_t>(budget, 1, alert::kListMax);
  const auto changed = reader_->list(filter);
  if (!changed) {
    setProblem(changed.error().text());
    return now + parts_.retry;
  }
  if (changed->empty()) return Clock::time_point::max();
  if (budget == 0) return second_ + 1s;

  if (auto ready = parts_.sink->ready(); !ready) {
    setProblem(ready.error().text());
    // Nobody waits for these yet.
    if (served_->delivered == 0) served_->revision = reader_->revision().value_or(served_->revision);
    return now + parts_.retry;
  }
  for (const auto& alert : *changed) {
    if (auto taken = parts_.sink->deliver(alert, held_back_); !taken) {
      setProblem(taken.error().text());
      return now + parts_.retry;
    }
    held_back_ = 0;
    ++in_second_;
    ++served_->delivered;
    served_->revision = alert.revision;
  }
  setProblem({});
  if (changed->size() < filter.limit) return Clock::time_point::max();
  held_back_ = reader_->changedSince(served_->revision).value_or(0);
  return second_ + 1s;
}

DeliveryThread::Clock::time_point DeliveryThread::round() {
  if (!begin()) return enabled_ ? Clock::now() + 200ms : Clock::time_point::max();
  auto next = deliver();
  save();
  // What could not be saved yet.
  if (served_->revision != saved_) next = std::min(next, Clock::now() + 200ms);
  const auto waiting = reader_->changedSince(served_->revision).value_or(0);
  const std::scoped_lock lock(report_mutex_);
  report_.delivered = served_->delivered;
  report_.waiting = waiting;
  return next;
}

void DeliveryThread::run() {
  while (true) {
    const auto next = round();
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return stop_ || notified_; };
    if (next == Clock::time_point::max()) {
      wake_.wait(lock, woken);
    } else if (wake_.wait_until(lock, next, woken) && !stop_) {
      // However often there is something new, a receiver that refused is left alone for a moment.
      lock.unlock();
      std::this_thread::sleep_for(10ms);
      lock.lock();
    }
    notified_ = false;
    if (stop_) break;
  }
  // Without this the next start would deliver the last ones twice.
  if (saving_) (void)saving_->wait_for(1s);
  save();
}

}  // namespace holdfast::holdfastd
