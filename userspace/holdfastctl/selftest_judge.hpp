// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/nlohmann.hpp"
#include "control/shapes.hpp"

namespace holdfast::holdfastctl {

/// One action of the probe: what was expected and what happened.
struct Finding {
  std::string name;
  std::string description;
  bool expected_refused = false;
  std::string outcome;  // "ran", "refused", "failed: ..." or "not tried"
  bool event_expected = false;
  bool event_arrived = false;
  bool ok = false;
};

struct Verdict {
  std::vector<Finding> findings;
  std::vector<std::string> surprises;  // events that nothing accounts for
  bool ok = false;
};

/// The probe's lines, "NAME ERRNO". Others are overlooked.
[[nodiscard]] std::map<std::string, int> parseProbe(std::string_view output);

[[nodiscard]] Verdict judge(const std::map<std::string, int>& outcomes, const control::SelftestReport& report);

/// {ok, checks: [{name, description, expected, outcome, event_expected, event_arrived, ok}], surprises}
[[nodiscard]] nlohmann::json toJson(const Verdict& verdict);

/// For people; `width` columns.
void print(const Verdict& verdict, std::ostream& out, std::size_t width);

}  // namespace holdfast::holdfastctl
