// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rule/parse.hpp"

namespace holdfast::rule {

/// What /etc/holdfast/system-rules.yaml says of one rule that ships with Holdfast (RUL-6).
struct SystemSwitch {
  std::string rule;
  std::optional<bool> enabled;                // nothing: as the rule ships
  std::vector<std::string> exclude_clusters;  // so that clusters yet to come are protected
  int line = 0;
  int column = 0;
};

/// All mistakes of the file alone are noted in `findings`.
[[nodiscard]] std::vector<SystemSwitch> parseSystemRules(std::string_view content, const std::string& file,
                                                         Findings& findings);

/// Sets them in the rules. One for a rule that is no system rule is an error.
void applySystemRules(const std::vector<SystemSwitch>& switches, const std::string& file, std::vector<Draft>& drafts,
                      Findings& findings);

}  // namespace holdfast::rule
