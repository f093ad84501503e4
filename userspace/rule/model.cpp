// SPDX-License-Identifier: Apache-2.0
#include "rule/model.hpp"

#include <algorithm>

namespace holdfast::rule {

const char* name(RuleType type) {
  switch (type) {
    case RuleType::ImageRisk:
      return "image-risk";
    case RuleType::NonImageProgram:
      return "non-image-program";
    case RuleType::ContainerEscape:
      return "container-escape";
  }
  return "unknown";
}

const char* name(Action action) {
  switch (action) {
    case Action::Allow:
      return "allow";
    case Action::Alert:
      return "alert";
    case Action::Block:
      return "block";
  }
  return "unknown";
}

const Rule* RuleSet::find(std::uint32_t tag) const {
  return tag >= 1 && tag <= rules.size() ? &rules[tag - 1] : nullptr;
}

const Rule* RuleSet::find(const std::string& rule_name) const {
  const auto found = std::ranges::find(rules, rule_name, &Rule::name);
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace holdfast::rule
