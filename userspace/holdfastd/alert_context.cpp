// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/alert_context.hpp"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/file.hpp"
#include "base/time.hpp"

namespace holdfast::holdfastd {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kBetweenScans = std::chrono::seconds(1);  // for the same container
constexpr std::chrono::nanoseconds kStarting = std::chrono::seconds(1);
constexpr auto kStep = std::chrono::milliseconds(50);
constexpr std::size_t kMissedMax = 4096;

std::string firstLine(const char* path) {
  auto text = readFile(path, 4096).value_or("");
  return text.substr(0, text.find('\n'));
}

}  // namespace

alert::ContainerFacts factsOf(const container::Container& container) {
  alert::ContainerFacts facts;
  facts.cgroup_id = container.cgroup_id;
  facts.id = container.id;
  facts.name = container.name;
  facts.runtime = container.runtime;
  facts.image = container.image.reference.value_or("");
  facts.digests = container.image.digests;
  facts.pod = container.pod.name;
  facts.pod_namespace = container.pod.space;
  facts.pod_uid = container.pod.uid;
  return facts;
}

std::shared_ptr<const container::Container> EventContainers::scanned(std::uint64_t cgroup_id) const {
  const auto found = std::ranges::find(scan_.containers, cgroup_id, [](const auto& one) { return one->cgroup_id; });
  return found == scan_.containers.end() ? nullptr : *found;
}

std::shared_ptr<const container::Container> EventContainers::find(const kernel::Event& event) {
  const auto id = event.cgroup_id;
  if (auto known = table_.remember(id)) return known;
  if (auto found = scanned(id)) return found;
  // A flood of events of nobody's container must not become a flood of scans.
  if (const auto missed = missed_.find(id); missed != missed_.end() && Clock::now() - missed->second < kBetweenScans) {
    return nullptr;
  }
  const auto until = event.time_boot + kStarting.count();
  for (;;) {
    scan_ = runtimes_.scan();
    if (auto found = scanned(id)) return found;
    if (bootTimeNs() >= until) break;
    std::this_thread::sleep_for(kStep);
  }
  if (missed_.size() >= kMissedMax) missed_.clear();
  missed_[id] = Clock::now();
  return nullptr;
}

alert::Alert alertOf(const kernel::Event& event, const RuleHistory& history, EventContainers& containers,
                     const alert::HostFacts& host) {
  const auto found = history.find(event.generation);
  alert::Context context;
  context.rule = found.rules ? found.rules->find(event.rule_tag) : nullptr;
  context.rule_set = found.first_generation;
  context.host = host;
  if (const auto container = containers.find(event)) context.container = factsOf(*container);
  context.container.cgroup_id = event.cgroup_id;
  return alert::fromEvent(event, context);
}

alert::HostFacts hostFacts(const std::string& configured_name, const std::string& cluster) {
  alert::HostFacts facts{.machine_id = firstLine("/etc/machine-id"), .name = configured_name, .cluster = cluster};
  if (facts.name.empty()) {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) == 0) facts.name = name;
  }
  return facts;
}

std::string bootId() { return firstLine("/proc/sys/kernel/random/boot_id"); }

}  // namespace holdfast::holdfastd
