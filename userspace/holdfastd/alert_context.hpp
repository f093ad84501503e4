// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "alert/alert.hpp"
#include "container/runtimes.hpp"
#include "container/table.hpp"
#include "holdfastd/rule_history.hpp"
#include "kernel/event.hpp"

namespace holdfast::holdfastd {

[[nodiscard]] alert::ContainerFacts factsOf(const container::Container& container);

/// Which container an event came from: one that is known or was, or one that is being started: its first program may be
/// reported before its runtime has written down that there is a container. One thread only.
class EventContainers {
 public:
  EventContainers(const container::Table& table, container::Runtimes& runtimes) : table_(table), runtimes_(runtimes) {}

  /// Null if nobody knows it. Waits for a runtime up to a second after the event, once for each container.
  [[nodiscard]] std::shared_ptr<const container::Container> find(const kernel::Event& event);

 private:
  [[nodiscard]] std::shared_ptr<const container::Container> scanned(std::uint64_t cgroup_id) const;

  const container::Table& table_;
  container::Runtimes& runtimes_;
  container::Scan scan_;
  std::map<std::uint64_t, std::chrono::steady_clock::time_point> missed_;  // was in no scan, last at
};

/// The alert of an event, with the rule that decided and the container it came from, as far as they are known.
[[nodiscard]] alert::Alert alertOf(const kernel::Event& event, const RuleHistory& history, EventContainers& containers,
                                   const alert::HostFacts& host);

/// `configured_name` may be empty.
[[nodiscard]] alert::HostFacts hostFacts(const std::string& configured_name, const std::string& cluster);
[[nodiscard]] std::string bootId();

}  // namespace holdfast::holdfastd
