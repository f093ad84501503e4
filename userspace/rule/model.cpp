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

const char* name(OnRunning on_running) { return on_running == OnRunning::Stop ? "stop" : "report"; }

const char* name(RiskKind kind) {
  switch (kind) {
    case RiskKind::Unscanned:
      return "unscanned";
    case RiskKind::Baseline:
      return "baseline";
    case RiskKind::MaliciousImage:
      return "malicious_image";
    case RiskKind::MaliciousSample:
      return "malicious_sample";
    case RiskKind::Vulnerability:
      return "vulnerability";
    case RiskKind::SensitiveFile:
      return "sensitive_file";
    case RiskKind::BuildCommand:
      return "build_command";
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
