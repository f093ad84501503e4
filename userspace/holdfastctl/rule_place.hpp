// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tl/expected.hpp>
#include <vector>

#include "holdfastctl/command_line.hpp"
#include "rule/host_config.hpp"
#include "rule/load.hpp"

namespace holdfast::holdfastctl {

/// Where rule files are on this host, and the configuration that they are judged by.
struct RulePlace {
  rule::Sources sources;
  rule::HostConfig config;
};

/// --config, --rules-dir and --vendor-dir.
void addRulePlaceOptions(CommandLine& line);
/// What they say, or the mistakes of the configuration.
[[nodiscard]] tl::expected<RulePlace, std::vector<Error>> rulePlace(const CommandLine& line);

}  // namespace holdfast::holdfastctl
