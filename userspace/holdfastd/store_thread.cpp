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
constexpr std::size_t kTasksMax = 64;
constexpr auto kExpiry = 60s;
// So that a long expiry holds up no batch for long.
constexpr std::size_t kExpiryAtOnce = 500;

}  // namespace

StoreThread::StoreThread(Parts parts, std::size_t capacity)
    : parts_(std::move(parts)), capacity_(capacity), queue_(capacity), thread_([this] { run(); }) {}

StoreThread::~StoreThread() {
  {
    const std::scoped_lock lock(task_mutex_);
    ending_ = true;
  }
  queue_.close();
  thread_.join();
}

alert::Answer StoreThread::ask(alert::Work work) {
  Task task{std::move(work), {}};
  auto answer = task.answer.get_future();
  {
    const std::scoped_lock lock(task_mutex_);
    if (!ending_ && tasks_.size() < kTasksMax) {
      tasks_.push_back(std::move(task));
    } else {
      task.answer.set_value(fail(ending_ ? "holdfastd ends" : "too much is asked of the alert store at once"));
    }
  }
  // If there is no room the thread is at work anyway.
  (void)queue_.push(Nudge{});
  return answer;
}

void StoreThread::set(Settings settings) {
  {
    const std::scoped_lock lock(task_mutex_);
    new_settings_ = std::move(settings);
  }
  (void)queue_.push(Nudge{});
}

bool StoreThread::settled() {
  std::optional<Settings> settings;
  {
    const std::scoped_lock lock(task_mutex_);
    settings.swap(new_settings_);
  }
  if (!settings) return settings_.has_value();
  if (auto done = store_->useOutputs(settings->outputs); !done) {
    setProblem(done.error().text());
    const std::scoped_lock lock(task_mutex_);
    if (!new_settings_) new_settings_ = std::move(settings);
    return false;
  }
  if (settings_ != settings) next_expiry_ = {};
  settings_ = std::move(settings);
  return true;
}

void StoreThread::work() {
  std::deque<Task> tasks;
  {
    const std::scoped_lock lock(task_mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) {
    Result<nlohmann::json> value = fail("alerts cannot be stored: " + problem());
    if (openStore()) {
      try {
        value = task.work(*store_);
      } catch (const std::exception& error) {
        value = fail(error.what());
      }
    }
    task.answer.set_value(std::move(value));
  }
  if (!tasks.empty() && parts_.on_change) parts_.on_change();
}

void StoreThread::expire() {
  if (std::chrono::steady_clock::now() < next_expiry_ || !openStore() || !settled()) return;
  const auto& keep = settings_->keep;
  const auto old = store_->expireOld(keep, kExpiryAtOnce);
  const auto surplus = store_->expireSurplus(keep, kExpiryAtOnce);
  const bool more = (old && old->alerts == kExpiryAtOnce) || (surplus && surplus->alerts == kExpiryAtOnce);
  if (!more) next_expiry_ = std::chrono::steady_clock::now() + kExpiry;
  const auto say = [](const auto& removed, const std::string& why) {
    if (!removed) return spdlog::warn("{}", removed.error().text());
    if (removed->alerts == 0) return;
    spdlog::info("removed alerts, {}: {}, which stood for {} operations; nobody had handled {} of them", why,
                 removed->alerts, removed->operations, removed->open);
  };
  const auto days = std::chrono::duration_cast<std::chrono::days>(keep.age).count();
  say(old, "older than " + std::to_string(days) + " days");
  say(surplus, "as there were more than " + std::to_string(keep.count));
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
  // Another store knows nothing of what is served.
  const std::scoped_lock lock(task_mutex_);
  if (!new_settings_) new_settings_ = settings_;
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
  if (!openStore() || !settled()) return false;
  std::vector<alert::Alert> alerts;
  std::optional<Position> last;
  for (const auto& item : batch) {
    if (const auto* event = std::get_if<kernel::Event>(&item)) {
      last = Position{event->boot_id, event->load_id, event->number};
      // The self-test's events are counted where they came in; as alerts they would cry wolf.
      if (event->rule_tag != kSelfTestTag) alerts.push_back(parts_.to_alert(*event));
    } else if (const auto* alert = std::get_if<alert::Alert>(&item)) {
      alerts.push_back(*alert);
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

bool StoreThread::storeAtLast(const std::vector<Item>& batch) {
  while (!store(batch)) {
    // Not stored and so not acknowledged: the kernel still has it for the next daemon.
    for (int i = 0; i < kRetrySteps && !queue_.closed(); ++i) {
      work();
      std::this_thread::sleep_for(kRetryStep);
    }
    if (queue_.closed()) return false;
  }
  return true;
}

void StoreThread::run() {
  while (true) {
    const auto batch = take();
    work();
    if (batch.empty()) {
      acknowledge();
      settle();
      if (queue_.closed() && queue_.size() == 0) break;
      if (openStore() && settled()) setProblem({});
      expire();
      continue;
    }
    awaitMeeting(batch);
    // What follows must not be acknowledged before it.
    if (!storeAtLast(batch)) break;
    acknowledge();
    if (parts_.on_change) parts_.on_change();
    expire();
  }
  work();
}

}  // namespace holdfast::holdfastd
