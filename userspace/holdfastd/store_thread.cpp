// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/store_thread.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "holdfastd/policy_keeper.hpp"

namespace holdfast::holdfastd {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBatchMax = 512;
constexpr auto kIdle = 200ms;
constexpr auto kRetryStep = 100ms;
constexpr int kRetrySteps = 10;  // between two tries to store
constexpr auto kMeetingPatience = 5s;
constexpr auto kMeetingStep = 10ms;

}  // namespace

StoreThread::StoreThread(Parts parts, std::size_t capacity)
    : parts_(std::move(parts)), capacity_(capacity), queue_(capacity), thread_([this] { run(); }) {}

StoreThread::~StoreThread() {
  queue_.close();
  thread_.join();
}

std::string StoreThread::problem() const {
  const std::scoped_lock lock(problem_mutex_);
  return problem_;
}

void StoreThread::setProblem(std::string text) {
  const std::scoped_lock lock(problem_mutex_);
  if (text == problem_) return;
  if (text.empty()) {
    spdlog::info("alerts are stored again");
  } else {
    spdlog::error("alerts cannot be stored, the kernel keeps them: {}", text);
  }
  problem_ = std::move(text);
}

bool StoreThread::openStore() {
  if (store_ && !store_->moved()) return true;
  store_.reset();
  auto opened = alert::Store::open(parts_.file);
  if (!opened) {
    setProblem(opened.error().text());
    return false;
  }
  store_.emplace(std::move(*opened));
  // What was stored and perhaps not delivered before a crash is found by listing; delivering it twice would be worse.
  delivered_ = store_->revision().value_or(0);
  return true;
}

std::vector<StoreThread::Item> StoreThread::take() {
  std::vector<Item> batch;
  auto item = queue_.pop(kIdle);
  while (item) {
    batch.push_back(std::move(*item));
    if (batch.size() >= kBatchMax) break;
    item = queue_.pop(0ms);
  }
  return batch;
}

void StoreThread::awaitMeeting(const std::vector<Item>& batch) {
  const auto until = std::chrono::steady_clock::now() + kMeetingPatience;
  for (const auto& item : batch) {
    const auto* event = std::get_if<kernel::Event>(&item);
    if (event == nullptr) continue;
    while (met_ != event->load_id && !queue_.closed() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(kMeetingStep);
    }
  }
}

bool StoreThread::store(const std::vector<Item>& batch) {
  if (!openStore()) return false;
  std::vector<alert::Alert> alerts;
  std::optional<Position> last;
  for (const auto& item : batch) {
    if (const auto* event = std::get_if<kernel::Event>(&item)) {
      last = Position{event->boot_id, event->load_id, event->number};
      // The self-test's events are counted where they came in; as alerts they would cry wolf.
      if (event->rule_tag != kSelfTestTag) alerts.push_back(parts_.to_alert(*event));
    } else {
      alerts.push_back(std::get<alert::Alert>(item));
    }
  }
  if (!alerts.empty()) {
    if (auto added = store_->add(alerts); !added) {
      setProblem(added.error().text());
      // What mends it may be another file under the same name, or this one after a repair that it has not seen.
      store_.reset();
      return false;
    }
  }
  setProblem({});
  if (last) {
    stored_ = std::move(last);
    acknowledged_ = settled_ = false;
  }
  return true;
}

void StoreThread::acknowledge() {
  if (again_.exchange(false)) acknowledged_ = false;
  if (acknowledged_ || !stored_ || stored_->load_id != load_id_) return;
  const auto done = parts_.port.acknowledge(stored_->number);
  acknowledged_ = done.has_value();
  if (std::string text = done ? "" : done.error().message; text != refusal_) {
    if (!done) spdlog::warn("{}", text);
    refusal_ = std::move(text);
  }
}

void StoreThread::settle() {
  if (settled_ || !acknowledged_ || !stored_ || !store_) return;
  if (auto done = store_->settle(stored_->boot_id, stored_->load_id, stored_->number); !done) {
    spdlog::warn("{}", done.error().text());
    return;
  }
  settled_ = true;
}

void StoreThread::deliver() {
  alert::Filter filter;
  filter.limit = alert::kListMax;
  for (;;) {
    filter.after_revision = delivered_;
    const auto changed = store_->list(filter);
    if (!changed) spdlog::warn("{}", changed.error().text());
    if (!changed || changed->empty()) break;
    for (const auto& alert : *changed) {
      parts_.output.deliver(alert);
      delivered_ = std::max(delivered_, alert.revision);
    }
  }
  if (parts_.on_change) parts_.on_change();
}

void StoreThread::run() {
  while (true) {
    const auto batch = take();
    if (batch.empty()) {
      acknowledge();
      settle();
      if (queue_.closed() && queue_.size() == 0) return;
      if (openStore()) setProblem({});
      continue;
    }
    awaitMeeting(batch);
    while (!store(batch)) {
      // Not stored and so not acknowledged: the kernel still has it for the next daemon.
      for (int i = 0; i < kRetrySteps && !queue_.closed(); ++i) std::this_thread::sleep_for(kRetryStep);
      if (queue_.closed()) return;
    }
    acknowledge();
    deliver();
  }
}

}  // namespace holdfast::holdfastd
