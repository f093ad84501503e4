// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/self_tests.hpp"

namespace holdfast::holdfastd {

namespace {

constexpr std::size_t kAtOnce = 16;

}  // namespace

bool SelfTests::begin(std::uint64_t cgroup_id) {
  const std::scoped_lock lock(mutex_);
  if (counts_.size() >= kAtOnce && !counts_.contains(cgroup_id)) return false;
  counts_[cgroup_id].clear();
  return true;
}

void SelfTests::count(const kernel::Event& event) {
  const std::scoped_lock lock(mutex_);
  const auto found = counts_.find(event.cgroup_id);
  if (found != counts_.end()) found->second[{event.kind, event.origin, event.verdict}] += event.count;
}

bool SelfTests::running(std::uint64_t cgroup_id) const {
  const std::scoped_lock lock(mutex_);
  return counts_.contains(cgroup_id);
}

std::uint64_t SelfTests::seen(std::uint64_t cgroup_id) const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t sum = 0;
  if (const auto found = counts_.find(cgroup_id); found != counts_.end()) {
    for (const auto& [key, count] : found->second) sum += count;
  }
  return sum;
}

std::vector<control::SelftestEvent> SelfTests::end(std::uint64_t cgroup_id) {
  const std::scoped_lock lock(mutex_);
  std::vector<control::SelftestEvent> events;
  const auto node = counts_.extract(cgroup_id);
  if (!node) return events;
  for (const auto& [key, count] : node.mapped()) {
    const auto& [kind, origin, verdict] = key;
    events.push_back({kernel::name(kind), kernel::name(origin), kernel::name(verdict), count});
  }
  return events;
}

}  // namespace holdfast::holdfastd
