// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "alert/alert.hpp"
#include "alert/store.hpp"
#include "alert/work.hpp"
#include "base/bounded_queue.hpp"
#include "kernel/port.hpp"

namespace holdfast::holdfastd {

/// Owns the alert store: events and notices come in by a bounded queue, are stored in batches, then acknowledged to the
/// kernel. A disk that is full or slow keeps the batch; the kernel has all events that are not stored.
class StoreThread {
 public:
  struct Nudge {};  // there is something else to do
  using Item = std::variant<kernel::Event, alert::Alert, Nudge>;

  struct Parts {
    std::filesystem::path file;
    kernel::Port& port;                                          // of this thread alone
    std::function<alert::Alert(const kernel::Event&)> to_alert;  // on the store's thread
    std::function<void()> on_change;  // there are new alerts, or answers; on the store's thread
  };

  struct Settings {
    alert::Keep keep;
    std::vector<std::string> outputs;  // that are served
    friend bool operator==(const Settings&, const Settings&) = default;
  };

  explicit StoreThread(Parts parts, std::size_t capacity = 16384);
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;
  /// Stores what is queued if that works at the first try.
  ~StoreThread();

  /// Never waits; false if the queue is full.
  [[nodiscard]] bool push(Item item) { return queue_.push(std::move(item)); }
  [[nodiscard]] bool roomy() const { return queue_.size() < capacity_ / 2; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  [[nodiscard]] std::uint64_t refused() const { return queue_.refused(); }

  /// Has `work` done on the store's thread; `on_change` is called when the answer is there. Never waits. While nothing
  /// can be stored the answer is that error, soon; what was asked for and not begun when the thread ends is an error
  /// too.
  [[nodiscard]] alert::Answer ask(alert::Work work);

  /// What is kept and delivered; until it is set, nothing is stored: an output must not miss the first alerts.
  void set(Settings settings);

  /// The kernel sent again what it had been told is stored: tell it once more.
  void acknowledgeAgain() { again_ = true; }

  /// Only events of the module that is loaded now are acknowledged: its predecessor's numbers would hit others.
  void setLoad(std::uint64_t load_id) { load_id_ = load_id; }

  /// Rules and containers of this load of the module are known. Its events wait for that, though not for long: what a
  /// controller before this one left behind arrives with the greeting, and would find no rule and no container.
  void met(std::uint64_t load_id) { met_ = load_id; }

  /// Why nothing can be stored just now; empty if all is well.
  [[nodiscard]] std::string problem() const;

 private:
  struct Position {
    std::string boot_id;
    std::uint64_t load_id = 0;
    std::uint64_t number = 0;
  };

  void run();
  [[nodiscard]] bool openStore();
  [[nodiscard]] std::vector<Item> take();
  void awaitMeeting(const std::vector<Item>& batch);
  [[nodiscard]] bool store(const std::vector<Item>& batch);
  /// As often as it takes; false if the thread ends before.
  [[nodiscard]] bool storeAtLast(const std::vector<Item>& batch);
  void acknowledge();
  void settle();
  /// Takes over new settings; false while there are none.
  [[nodiscard]] bool settled();
  void work();
  void expire();
  void setProblem(std::string text);

  Parts parts_;
  const std::size_t capacity_;
  BoundedQueue<Item> queue_;
  std::atomic<bool> again_{false};
  std::atomic<std::uint64_t> load_id_{0};
  std::atomic<std::uint64_t> met_{0};
  mutable std::mutex problem_mutex_;
  std::string problem_;

  struct Task {
    alert::Work work;
    std::promise<Result<nlohmann::json>> answer;
  };
  std::mutex task_mutex_;  // of the next three
  std::deque<Task> tasks_;
  std::optional<Settings> new_settings_;
  bool ending_ = false;

  // Of the thread only.
  std::optional<alert::Store> store_;
  std::optional<Settings> settings_;
  std::chrono::steady_clock::time_point next_expiry_{};
  std::optional<Position> stored_;  // the last event that is on disk
  bool acknowledged_ = true;        // and the kernel knows
  bool settled_ = true;             // and the store knows that
  std::string refusal_;             // of the last acknowledgement, said once
  std::thread thread_;
};

}  // namespace holdfast::holdfastd
