// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/query_answerer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>

#include "base/json.hpp"
#include "container/cgroup.hpp"

namespace holdfast::holdfastd {

using namespace std::chrono_literals;

namespace {

// A runtime that names its containers' cgroups writes its state before the first program starts, so a cgroup that only
// looks like a container's is given little time: rootless runtimes' state is never found.
constexpr auto kShortPatience = 150ms;

std::shared_ptr<const container::Container> byNameOnly(const kernel::Query& query,
                                                       const std::vector<kernel::Pattern>& patterns) {
  auto container =
      container::containerOf(container::nameFromPath(query.cgroup_path, patterns), query.cgroup_id, query.cgroup_path);
  if ((query.flags & kernel::kQueryPid1) != 0) container.init_pid = query.tgid;
  return std::make_shared<const container::Container>(std::move(container));
}

}  // namespace

QueryAnswerer::QueryAnswerer(kernel::Port& port, PolicyKeeper& keeper, container::Table& table,
                             container::Runtimes& runtimes, OnNew on_new)
    : port_(port), keeper_(keeper), table_(table), runtimes_(runtimes), on_new_(std::move(on_new)) {}

QueryAnswerer::Clock::time_point QueryAnswerer::deadline(const kernel::Query& query, Clock::time_point arrived) {
  // The rest is for the answer's way through a busy machine.
  return arrived + std::chrono::milliseconds(std::clamp<std::uint32_t>(query.timeout_ms, 10, 15000)) * 3 / 4;
}

kernel::Answer QueryAnswerer::answerFor(const kernel::Query& query, const container::Table::Entry& entry,
                                        const Assignment& assignment) const {
  return {.query_id = query.id,
          .kind = kernel::AnswerKind::Container,
          .name = entry.container->id,
          .profile_id = assignment.profile_id,
          .generation = assignment.generation};
}

bool QueryAnswerer::settled(const kernel::Query& query, const kernel::Outcome<void>& done, Clock::time_point arrived) {
  if (done) {
    ++counters_.answered;
    answer_times_.observe(Clock::now() - arrived);
    return true;
  }
  // The task was killed, or its time was up.
  if (done.error().code == ENOENT || done.error().code == ESRCH) {
    ++counters_.unanswered;
    return true;
  }
  // A policy that is just coming, or a moment's trouble.
  if (done.error().code == ENODATA || done.error().code == ESTALE || done.error().code == EIO) return false;
  ++counters_.failed;
  spdlog::error("query about cgroup {}: {}", safeUtf8(query.cgroup_path), done.error().message);
  return true;
}

bool QueryAnswerer::tryNow(const kernel::Query& query, Clock::time_point arrived) {
  const auto entry = table_.find(query.cgroup_id);
  if (!entry || (query.flags & kernel::kQueryProcess) != 0) return false;
  // A new init process in a known cgroup is a new container.
  const bool init = isInit(query, *entry->container);
  if (!entry->self_test && !init && (!entry->armed || (query.flags & kernel::kQueryPid1) != 0)) return false;
  const auto done = keeper_.tryWithProfile(
      *entry, [&](const Assignment& assignment) { return port_.answer(answerFor(query, *entry, assignment)); });
  if (!done) return false;
  if (*done && init) table_.arm(query.cgroup_id);
  return settled(query, *done, arrived);
}

bool QueryAnswerer::answerPlain(const kernel::Query& query, kernel::AnswerKind kind, Clock::time_point arrived) {
  kernel::Answer answer;
  answer.query_id = query.id;
  answer.kind = kind;
  return settled(query, port_.answer(answer), arrived);
}

bool QueryAnswerer::answerContainer(const kernel::Query& query, const container::Table::Entry& entry, bool first,
                                    Clock::time_point arrived) {
  // In the table before it is answered, so that a commit in between binds it.
  const bool is_new = !table_.find(query.cgroup_id);
  if (!table_.put(query.cgroup_id, entry.container, entry.armed, entry.self_test)) {
    spdlog::error("too many containers: {} runs under the default profile", safeUtf8(entry.container->id));
  }
  const auto done = keeper_.withProfile(
      entry, [&](const Assignment& assignment) { return port_.answer(answerFor(query, entry, assignment)); });
  if (done && first) table_.arm(query.cgroup_id);
  if (done && is_new && on_new_) on_new_(*entry.container);
  return settled(query, done, arrived);
}

bool QueryAnswerer::resolve(const kernel::Query& query, Clock::time_point arrived, Clock::time_point now) {
  const auto until = deadline(query, arrived);
  if (now >= until + (until - arrived) / 3) {
    ++counters_.unanswered;  // the kernel has stopped waiting
    return true;
  }
  if (tryNow(query, arrived)) return true;
  const bool by_process = (query.flags & kernel::kQueryProcess) != 0;
  const auto scan = by_process ? runtimes_.scanRootless(query.owner) : runtimes_.scan();
  const bool named = (query.flags & kernel::kQueryPattern) != 0;
  if (const auto found = scan.find(query.cgroup_id, query.cgroup_path, named)) {
    auto known = table_.find(query.cgroup_id);
    // Whether it is armed is known of this init process, not of one that had the cgroup before.
    const bool same = known && known->container->init_pid == found->init_pid &&
                      known->container->init_start_ticks == found->init_start_ticks;
    container::Table::Entry entry{query.cgroup_id, found, same && known->armed, false};
    if (!same && found->cgroup_id != query.cgroup_id) {
      const auto parent = table_.find(found->cgroup_id);
      entry.armed = parent && parent->armed;
    }
    switch (decideKnown(query, *found, entry.armed)) {
      case Decision::FirstProgram:
        return answerContainer(query, entry, true, arrived);
      case Decision::Setup:
        return answerPlain(query, kernel::AnswerKind::Setup, arrived);
      default:
        return answerContainer(query, entry, false, arrived);
    }
  }
  auto patience = Patience::Late;
  if (now - arrived < std::min<Clock::duration>(kShortPatience, until - arrived)) patience = Patience::Early;
  if (now >= until) patience = Patience::Gone;
  switch (decideUnknown(query, scan, patience)) {
    case Decision::Unknown:
      return answerContainer(query, {query.cgroup_id, byNameOnly(query, keeper_.patterns()), false, false}, true,
                             arrived);
    case Decision::None:
      return answerPlain(query, kernel::AnswerKind::None, arrived);
    default:
      if (patience != Patience::Gone) return false;
      ++counters_.unanswered;
      return true;
  }
}

}  // namespace holdfast::holdfastd
