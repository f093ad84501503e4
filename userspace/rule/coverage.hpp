// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rule/model.hpp"

namespace holdfast::rule {

/// Protection that a change of the rules takes away.
struct CoverageLost {
  std::string rule;    // whose
  std::string before;  // its action: "block"
  std::string after;   // what is left of it, or instead of it: "none", "alert"; "part" if it covers less
  std::string text;    // what is lost and why, for people
};

/// What a rule of `before` covered and none of `after` does (RUL-6, RUL-8), whatever host it is for and whether or not
/// this version enforces the rule: rules deleted, turned off, replaced or made weaker or narrower, exemptions that
/// were added, and weaker rules that go before them as the more specific ones.
[[nodiscard]] std::vector<CoverageLost> coverageLost(const RuleSet& before, const RuleSet& after);

/// "all containers", or "containers of clusters prod; images a, b".
[[nodiscard]] std::string scopeText(const Scope& scope);

}  // namespace holdfast::rule
