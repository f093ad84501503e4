// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rule/model.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {

/// Where a file comes from decides what its rules may be.
enum class FileOrigin {
  Vendor,   // every rule is a system rule
  Custom,   // none is
  Unknown,  // named on a command line: each as it says
};

/// A rule as read. If it had mistakes, only what is in it is right, not what is missing.
struct Draft {
  Rule rule;
  bool sound = false;
};

/// The rules of one file. All mistakes of the file alone are noted in `findings`.
[[nodiscard]] std::vector<Draft> parseRules(std::string_view content, const std::string& file, FileOrigin origin,
                                            Findings& findings);

}  // namespace holdfast::rule
