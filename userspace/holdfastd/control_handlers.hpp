// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "container/runtimes.hpp"
#include "control/metrics.hpp"
#include "control/server.hpp"
#include "holdfastd/rule_service.hpp"
#include "holdfastd/self_tests.hpp"
#include "holdfastd/status_report.hpp"
#include "kernel/port.hpp"

namespace holdfast::holdfastd {

/// What the requests of the control socket need; all outlives the server.
struct HandlerParts {
  std::function<StatusInputs()> inputs;  // asks the kernel anew
  RuleService& rules;
  PolicyKeeper& keeper;
  container::Table& table;
  SelfTests& self_tests;
  kernel::Port& port;
  std::filesystem::path cgroup_mount;
  std::function<tl::expected<control::ReloadReport, std::vector<Error>>()> reload;
  std::function<std::vector<control::MetricFamily>()> metrics;
};

/// Registers everything but alerts.*.
void registerRequests(control::Server& server, const HandlerParts& parts);

/// A member of a container is refused whoever it is. Members are known by descent; a process in a container's cgroup
/// that is no member yet is the runtime's.
[[nodiscard]] std::string refuseMember(kernel::Port& port, const control::Peer& peer);

/// The self-test's cgroup with this id: a child of the hierarchy's root whose name says so.
[[nodiscard]] Result<std::string> selfTestCgroup(const std::filesystem::path& mount, std::uint64_t cgroup_id);

}  // namespace holdfast::holdfastd
