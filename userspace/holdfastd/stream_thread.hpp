// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/fd.hpp"
#include "holdfastd/event_sequence.hpp"
#include "holdfastd/query_answerer.hpp"
#include "holdfastd/query_pool.hpp"
#include "holdfastd/self_tests.hpp"
#include "holdfastd/store_thread.hpp"
#include "kernel/stream.hpp"

namespace holdfast::holdfastd {

/// What arrives on the event socket, sorted. All that the stream's thread does but for the socket itself; no file is
/// read and nothing is waited for.
class Intake {
 public:
  /// `answer_now`: queries whose answer is in memory are answered at once and do not go to the pool.
  Intake(QueryAnswerer& answerer, QueryPool& pool, StoreThread& store, SelfTests& self_tests, bool answer_now = true);

  /// `overrun`: something was lost before or between.
  void receive(kernel::Batch batch, bool overrun);
  [[nodiscard]] bool wantsHello() const { return sequence_.wantsHello() && store_.roomy(); }

  /// Empty as long as the kernel has not answered HELLO. For any thread.
  [[nodiscard]] std::optional<kernel::Hello> hello() const;
  /// The socket is gone.
  void disconnected();

  struct Counters {
    std::atomic<std::uint64_t> overruns{0};
    std::atomic<std::uint64_t> damaged{0};  // messages
    std::atomic<std::uint64_t> missing{0};  // events that the kernel does not have any more and we never saw
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  void take(kernel::Hello hello);
  void take(kernel::Query query);
  void take(kernel::Event event);

  QueryAnswerer& answerer_;
  QueryPool& pool_;
  StoreThread& store_;
  SelfTests& self_tests_;
  const bool answer_now_;
  EventSequence sequence_;
  std::string boot_id_;
  Counters counters_;
  mutable std::mutex mutex_;
  std::optional<kernel::Hello> hello_;
};

/// Keeps the event socket open, says HELLO, and feeds the intake.
class StreamThread {
 public:
  explicit StreamThread(Intake& intake);
  StreamThread(const StreamThread&) = delete;
  StreamThread& operator=(const StreamThread&) = delete;
  ~StreamThread();

  /// Why there is no stream; empty if there is one.
  [[nodiscard]] std::string problem() const;
  /// When the thread last went round; for the watchdog.
  [[nodiscard]] std::chrono::steady_clock::time_point lastSeen() const { return last_seen_.load(); }
  /// Says HELLO at the next opportunity: the kernel has another port registered, or stopped asking.
  void greetAgain() { greet_ = true; }

 private:
  void run();
  void serve(kernel::Stream& stream);
  [[nodiscard]] bool pause(std::chrono::milliseconds time);
  void setProblem(std::string text);

  Intake& intake_;
  UniqueFd stop_;
  std::atomic<bool> greet_{false};
  std::atomic<std::chrono::steady_clock::time_point> last_seen_{std::chrono::steady_clock::now()};
  mutable std::mutex mutex_;
  std::string problem_ = "the event stream is not open yet";
  std::thread thread_;
};

}  // namespace holdfast::holdfastd
