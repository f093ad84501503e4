// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "rule/edit.hpp"
#include "rule/host_config.hpp"
#include "rule/load.hpp"

namespace holdfast::rule {

/// What a change came to.
struct Changed {
  Rule rule;             // as it was
  bool written = false;  // false: it was so already
  RuleSet before;        // the whole set
  RuleSet after;         // as holdfastd will load it
};

/// Changes one custom rule where it stands. The whole set is checked as it would be; only then the file is replaced, in
/// one step; its mode stays. Two who do this at the same time wait for one another.
[[nodiscard]] tl::expected<Changed, std::vector<Error>> change(const Sources& sources, const HostConfig& config,
                                                               const std::string& rule_name, Edit edit);

}  // namespace holdfast::rule
