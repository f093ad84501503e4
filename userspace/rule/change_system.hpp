// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rule/change.hpp"
#include "rule/system_rules.hpp"

namespace holdfast::rule {

/// What is to become of a rule that ships with Holdfast; what is not named stays.
struct SystemChange {
  std::optional<bool> enabled;
  std::vector<std::string> exclude;  // clusters
  std::vector<std::string> include;  // clusters that were excluded
};

/// Writes it to sources.systemRules(), which is made if it is not there. To turn on a rule whose place custom rules
/// have taken is an error that names them (RUL-6). Checked, locked and written as change() does.
[[nodiscard]] Attempt<Changed> changeSystem(const Sources& sources, const HostConfig& config,
                                            const std::string& rule_name, const SystemChange& wanted);

/// The text of the file of switches with `wanted` in it; everything else means what it did, comments stay. Empty
/// content is that of a new file.
[[nodiscard]] Result<std::string> editedSystemRules(std::string_view content, const std::string& file,
                                                    const SystemSwitch& wanted);

}  // namespace holdfast::rule
