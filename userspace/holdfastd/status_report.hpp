// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alert/store.hpp"
#include "container/table.hpp"
#include "control/shapes.hpp"
#include "holdfastd/policy_keeper.hpp"
#include "holdfastd/posture_watch.hpp"
#include "kernel/types.hpp"

/// From what is known to what holdfastctl shows. Pure.
namespace holdfast::holdfastd {

struct StatusInputs {
  std::optional<kernel::Status> module;  // nothing: module_problem says why
  std::string module_problem;
  std::uint32_t abi_version = 0;  // of the module's HELLO; 0: not said yet
  std::vector<kernel::HookInfo> hooks;
  std::int64_t own_pid = 0;
  std::string stream_problem;
  std::string calibration_problem;
  std::string host_watch_problem;
  std::string canary_problem;
  std::string canary_at;
  std::shared_ptr<const InForce> in_force;
  rule::HostConfig config;
  std::string loaded_at;
  std::vector<Error> rule_errors;
  std::string rule_fallback;
  std::string store_problem;
  alert::Totals totals;
  std::vector<control::OutputReport> outputs;
  bool totals_known = false;
  control::ClockReport clock;
  std::string since;
  std::vector<container::Table::Entry> containers;
  std::vector<kernel::ContainerInfo> kernel_containers;
  Postures postures;
};

[[nodiscard]] control::StatusReport statusReport(const StatusInputs& inputs);

/// Why no rule can be in effect on this host, whatever it says; empty if rules are.
[[nodiscard]] std::string hostProblem(const StatusInputs& inputs);

/// By cgroup id.
[[nodiscard]] std::vector<control::ContainerReport> containerReports(const StatusInputs& inputs);

/// As many of them as fit a message, of those with a greater cgroup id than `after`.
[[nodiscard]] control::ContainerPage containerPage(const StatusInputs& inputs, std::uint64_t after);

/// The rules in force, as many as fit a message, without the first `after`; how they came to be with the first page.
[[nodiscard]] nlohmann::json rulePage(const StatusInputs& inputs, std::uint64_t after);

[[nodiscard]] control::Mistake mistake(const Error& error);

}  // namespace holdfast::holdfastd
