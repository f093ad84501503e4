// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>

#include "container/posture.hpp"
#include "container/table.hpp"
#include "holdfastd/policy_keeper.hpp"

namespace holdfast::holdfastd {

/// By cgroup id.
using Postures = std::map<std::uint64_t, std::shared_ptr<const container::Posture>>;

/// "host-pid; raw-device (/dev/sda)": what is more than a note.
[[nodiscard]] std::string textOf(const container::Posture& posture);

/// Looks once at what each container was given at its start, on a thread of its own, so that whatever files that takes
/// holds up no query; says so of those to which a rule of type container-escape applies.
class PostureWatch {
 public:
  struct Parts {
    const container::Table& table;
    std::function<std::shared_ptr<const InForce>()> in_force;
    std::function<container::Posture(const container::Container&)> read;
    /// Once for each start that is risky; false: again later.
    std::function<bool(const container::Container&, const container::Posture&)> alert;
    std::chrono::milliseconds interval{1000};
    /// An engine may write down late which image it is, and with that whether a rule applies.
    std::chrono::milliseconds image_patience{1000};
  };

  explicit PostureWatch(Parts parts);
  PostureWatch(const PostureWatch&) = delete;
  PostureWatch& operator=(const PostureWatch&) = delete;
  ~PostureWatch();

  /// There may be a new container, or another rule. Never waits; for any thread.
  void nudge();

  /// Of the containers that are in the table, as far as they were looked at.
  [[nodiscard]] Postures all() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Key = std::tuple<std::string, std::uint32_t, std::uint64_t>;  // id, and its first process
  struct Start {
    std::shared_ptr<const container::Container> container;
    std::shared_ptr<const container::Posture> posture;
    Clock::time_point seen;
    std::shared_ptr<const InForce> judged;  // by these no rule applies, to that image
    bool settled = false;                   // told, or nothing to tell
    bool there = false;                     // in the table
  };

  void run();
  void look();
  void judge(Start& start) const;

  const Parts parts_;
  std::map<Key, Start> starts_;  // of the thread
  mutable std::mutex mutex_;     // of the next three
  std::condition_variable changed_;
  Postures postures_;
  bool nudged_ = true;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace holdfast::holdfastd
