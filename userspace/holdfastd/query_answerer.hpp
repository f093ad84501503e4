// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "base/histogram.hpp"
#include "container/runtimes.hpp"
#include "container/table.hpp"
#include "holdfastd/policy_keeper.hpp"
#include "holdfastd/query_decision.hpp"
#include "kernel/port.hpp"

namespace holdfast::holdfastd {

/// Answers the kernel's queries. Of files only the runtimes' state is read, and none in tryNow().
class QueryAnswerer {
 public:
  using Clock = std::chrono::steady_clock;
  /// A container was met for the first time; called on the thread that answers, and short.
  using OnNew = std::function<void(const container::Container&)>;

  /// All outlive the answerer. `port` is not shared with a thread that commits policies: its requests queue up.
  QueryAnswerer(kernel::Port& port, PolicyKeeper& keeper, container::Table& table, container::Runtimes& runtimes,
                OnNew on_new);

  /// From what is in memory; false if that does not suffice or would wait.
  [[nodiscard]] bool tryNow(const kernel::Query& query, Clock::time_point arrived = Clock::now());

  /// True if the matter is settled, also if by giving no answer. Else look again some milliseconds later.
  [[nodiscard]] bool resolve(const kernel::Query& query, Clock::time_point arrived, Clock::time_point now);

  /// Until when an answer can be of use.
  [[nodiscard]] static Clock::time_point deadline(const kernel::Query& query, Clock::time_point arrived);

  struct Counters {
    std::atomic<std::uint64_t> answered{0};
    std::atomic<std::uint64_t> unanswered{0};  // deliberately, or because it took too long
    std::atomic<std::uint64_t> failed{0};      // the kernel did not take the answer
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// From a query's arrival to the kernel's having its answer.
  [[nodiscard]] const DurationHistogram& answerTimes() const { return answer_times_; }

 private:
  [[nodiscard]] kernel::Answer answerFor(const kernel::Query& query, const container::Table::Entry& entry,
                                         const Assignment& assignment) const;
  [[nodiscard]] bool answerPlain(const kernel::Query& query, kernel::AnswerKind kind, Clock::time_point arrived);
  [[nodiscard]] bool answerContainer(const kernel::Query& query, const container::Table::Entry& entry, bool first,
                                     Clock::time_point arrived);
  [[nodiscard]] bool settled(const kernel::Query& query, const kernel::Outcome<void>& done, Clock::time_point arrived);

  kernel::Port& port_;
  PolicyKeeper& keeper_;
  container::Table& table_;
  container::Runtimes& runtimes_;
  OnNew on_new_;
  Counters counters_;
  DurationHistogram answer_times_;
};

}  // namespace holdfast::holdfastd
