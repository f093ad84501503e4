// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdfast::rule {

enum class Edit { Enable, Disable, Delete };

/// The text of a rule file after the change of one rule. Only that rule's lines differ; comments stay, also those above
/// a deleted rule. A file that has mistakes, has no such rule, or is written in a way that cannot be changed line by
/// line (all rules in one [...]) is an error with the place. What is enabled already, or disabled, comes back as it is.
[[nodiscard]] Result<std::string> edited(std::string_view content, const std::string& file,
                                         const std::string& rule_name, Edit edit);

}  // namespace holdfast::rule
