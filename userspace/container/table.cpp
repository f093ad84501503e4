// SPDX-License-Identifier: Apache-2.0
#include "container/table.hpp"

#include <algorithm>

namespace holdfast::container {

namespace {

constexpr std::size_t kGoneMax = 4096;

}  // namespace

bool Table::put(std::uint64_t cgroup_id, std::shared_ptr<const Container> container, bool armed, bool self_test) {
  const std::scoped_lock lock(mutex_);
  if (!entries_.contains(cgroup_id) && entries_.size() >= capacity_) return false;
  auto& entry = entries_[cgroup_id];
  const bool same_init = entry.container && entry.container->init_pid == container->init_pid &&
                         entry.container->init_start_ticks == container->init_start_ticks;
  entry.cgroup_id = cgroup_id;
  entry.armed = armed || (same_init && entry.armed);
  entry.self_test = self_test;
  entry.container = std::move(container);
  return true;
}

void Table::arm(std::uint64_t cgroup_id) {
  const std::scoped_lock lock(mutex_);
  if (auto found = entries_.find(cgroup_id); found != entries_.end()) found->second.armed = true;
}

void Table::erase(std::uint64_t cgroup_id) {
  const std::scoped_lock lock(mutex_);
  auto node = entries_.extract(cgroup_id);
  if (!node) return;
  gone_.push_back(std::move(node.mapped()));
  if (gone_.size() > kGoneMax) gone_.pop_front();
}

std::optional<Table::Entry> Table::find(std::uint64_t cgroup_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(cgroup_id);
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

std::shared_ptr<const Container> Table::remember(std::uint64_t cgroup_id) const {
  const std::scoped_lock lock(mutex_);
  if (const auto found = entries_.find(cgroup_id); found != entries_.end()) return found->second.container;
  const auto gone = std::ranges::find(gone_.rbegin(), gone_.rend(), cgroup_id, &Entry::cgroup_id);
  return gone == gone_.rend() ? nullptr : gone->container;
}

std::vector<Table::Entry> Table::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Entry> entries;
  entries.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) entries.push_back(entry);
  return entries;
}

std::size_t Table::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace holdfast::container
