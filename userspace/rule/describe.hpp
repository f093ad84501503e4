// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/nlohmann.hpp"
#include "rule/host_config.hpp"
#include "rule/model.hpp"

namespace holdfast::rule {

/// What is asked for and what is in effect on this host (RUL-10).
struct Effect {
  std::string requested;  // "alert", "block"
  std::string effective;  // the same, or "none"
  std::string reason;     // why they differ, or what of the rule is not in effect; else empty
};

/// `host_problem` is why this host cannot intercept at all; empty if it can.
[[nodiscard]] Effect effectOf(const Rule& rule, const RuleSet& set, const HostConfig& config,
                              std::string_view host_problem);

/// {name, description, type, status, requested, effective, reason, system, scope, allow_list, file, line, column}, and
/// by type on_running, checks {types, except} or risks {KIND: true or {levels, ids}}; of system rules exclude_clusters.
[[nodiscard]] nlohmann::json describe(const Rule& rule, const RuleSet& set, const HostConfig& config,
                                      std::string_view host_problem);

/// {message, file, line, column}
[[nodiscard]] nlohmann::json describe(const Error& error);

}  // namespace holdfast::rule
