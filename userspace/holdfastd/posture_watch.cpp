// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/posture_watch.hpp"

#include <algorithm>

#include "rule/compile.hpp"

namespace holdfast::holdfastd {

namespace {

constexpr auto kTellingPatience = std::chrono::minutes(1);

/// Whether a rule of type container-escape applies to it, in whatever action.
bool applies(const InForce& in_force, const rule::ImageFacts& image) {
  const auto skipped = rule::notApplied(*in_force.rules, in_force.config, image);
  return std::ranges::any_of(in_force.rules->rules, [&](const rule::Rule& one) {
    return one.type == rule::RuleType::ContainerEscape &&
           std::ranges::find(skipped, one.tag, &rule::NotApplied::tag) == skipped.end();
  });
}

}  // namespace

std::string textOf(const container::Posture& posture) {
  std::string text = "started with";
  const char* separator = " ";
  for (const auto& finding : posture.findings) {
    const auto& row = container::rowOf(finding.risk);
    if (row.danger == container::Danger::Note) continue;
    text.append(separator).append(row.id);
    separator = "; ";
    std::string details;
    for (const auto& detail : finding.details) details.append(details.empty() ? "" : ", ").append(detail);
    if (finding.more != 0) details.append(", and ").append(std::to_string(finding.more)).append(" more");
    if (!details.empty()) text.append(" (").append(details).append(")");
  }
  return text;
}

PostureWatch::PostureWatch(Parts parts) : parts_(std::move(parts)), thread_([this] { run(); }) {}

PostureWatch::~PostureWatch() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PostureWatch::nudge() {
  {
    const std::scoped_lock lock(mutex_);
    nudged_ = true;
  }
  changed_.notify_all();
}

Postures PostureWatch::all() const {
  const std::scoped_lock lock(mutex_);
  return postures_;
}

void PostureWatch::judge(Start& start) const {
  if (start.settled) return;
  const auto in_force = parts_.in_force();
  if (!in_force || !in_force->rules || in_force == start.judged) return;
  const auto& image = start.container->image;
  if (!rule::isKnown(image) && Clock::now() - start.seen < parts_.image_patience) return;
  if (applies(*in_force, image)) {
    start.settled = parts_.alert(*start.container, *start.posture);
  } else {
    start.judged = in_force;
  }
}

void PostureWatch::look() {
  Postures postures;
  for (auto& [key, start] : starts_) start.there = false;
  for (const auto& entry : parts_.table.all()) {
    if (entry.self_test) continue;
    const auto& container = *entry.container;
    auto& start = starts_[{container.id, container.init_pid, container.init_start_ticks}];
    if (!start.posture) {
      start.posture = std::make_shared<const container::Posture>(parts_.read(container));
      start.seen = Clock::now();
      start.settled = !start.posture->isRisky();
    }
    if (start.container && start.container->image != container.image) start.judged.reset();
    start.container = entry.container;
    start.there = true;
    postures[entry.cgroup_id] = start.posture;
  }
  for (auto& [key, start] : starts_) judge(start);
  // One that ended before it could be told of is told of all the same.
  std::erase_if(starts_, [](const auto& entry) {
    const auto& start = entry.second;
    return !start.there && (start.settled || start.judged || Clock::now() - start.seen > kTellingPatience);
  });
  const std::scoped_lock lock(mutex_);
  postures_ = std::move(postures);
}

void PostureWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    nudged_ = false;
    lock.unlock();
    look();
    lock.lock();
    changed_.wait_for(lock, parts_.interval, [this] { return nudged_ || stop_; });
  }
}

}  // namespace holdfast::holdfastd
