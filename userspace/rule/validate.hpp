// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rule/parse.hpp"

namespace holdfast::rule {

/// What only shows when rules are seen together: names used twice, limits (RUL-7), ties.
void validate(const std::vector<Draft>& drafts, Findings& findings);

}  // namespace holdfast::rule
