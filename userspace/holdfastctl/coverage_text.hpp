// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <vector>

#include "base/nlohmann.hpp"
#include "rule/coverage.hpp"

namespace holdfast::holdfastctl {

/// What a change of the rules takes away, a line each that begins with `title`.
void printLost(const std::vector<rule::CoverageLost>& lost, const char* title, std::ostream& out);
/// [{rule, before, after, text}]
[[nodiscard]] nlohmann::json describeLost(const std::vector<rule::CoverageLost>& lost);

}  // namespace holdfast::holdfastctl
