// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "holdfastctl/command_line.hpp"
#include "holdfastctl/rule_place.hpp"
#include "rule/change.hpp"

namespace holdfast::holdfastctl {

/// Says all errors. Exit status 2.
int failed(const Environment& environment, const std::vector<Error>& errors);

/// What a change came to, and what it does to the protection by this and by other rules. `outcome` is what the rule is
/// now: "off now"; `already` is said instead if nothing was written.
int report(const rule::Attempt<rule::Changed>& changed, const RulePlace& place, const std::string& outcome,
           const std::string& already, const CommandLine& line, const Environment& environment);

/// The same before it is done, for a person to decide on.
void warn(const rule::Changed& changed, const RulePlace& place, const Environment& environment);

/// Asks a person; without a terminal the answer is no.
[[nodiscard]] bool confirmed(const std::string& question, const Environment& environment);

/// --set KEY=VALUE, which may be given several times.
void addSetOption(CommandLine& line);
/// What they ask for; an unknown key or a missing "=" is an error that names what is known.
[[nodiscard]] Result<std::vector<rule::Edit>> setEdits(const CommandLine& line);

}  // namespace holdfast::holdfastctl
