// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/coverage_text.hpp"

#include <ostream>

#include "base/json.hpp"

namespace holdfast::holdfastctl {

void printLost(const std::vector<rule::CoverageLost>& lost, const char* title, std::ostream& out) {
  for (const auto& one : lost) {
    out << title << ": rule " << safeUtf8(one.rule) << ", " << one.before << " before, "
        << (one.after == "part" ? "part of it" : one.after) << " after: " << safeUtf8(one.text) << "\n";
  }
}

nlohmann::json describeLost(const std::vector<rule::CoverageLost>& lost) {
  auto list = nlohmann::json::array();
  for (const auto& one : lost) {
    list.push_back({{"rule", one.rule}, {"before", one.before}, {"after", one.after}, {"text", safeUtf8(one.text)}});
  }
  return list;
}

}  // namespace holdfast::holdfastctl
