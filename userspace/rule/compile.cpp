// SPDX-License-Identifier: Apache-2.0
#include "rule/compile.hpp"

#include <algorithm>

namespace holdfast::rule {
namespace {

template <class Take>
void forApplied(const RuleSet& set, const HostConfig& config, const ImageFacts& facts, RuleType type, Take take) {
  for (const Judged& judged : judge(set, config, facts)) {
    if (judged.reason.empty() && judged.rule->type == type) take(*judged.rule);
  }
}

}  // namespace

Profile compile(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  Profile profile;
  forApplied(set, config, facts, RuleType::NonImageProgram, [&](const Rule& rule) {
    profile.rules.push_back({rule.tag, rule.action, rule.allow_list.directories});
  });
  return profile;
}

Profile compileDefault(const RuleSet& set, const HostConfig& config) { return compile(set, config, ImageFacts{}); }

std::vector<NotApplied> notApplied(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  std::vector<NotApplied> out;
  for (Judged& judged : judge(set, config, facts)) {
    std::string not_enforced = whyNotEnforced(judged.rule->type);
    if (!not_enforced.empty()) {
      out.push_back({judged.rule->tag, std::move(not_enforced), false});
    } else if (!judged.reason.empty()) {
      out.push_back({judged.rule->tag, std::move(judged.reason), judged.image_unknown});
    }
  }
  return out;
}

std::vector<CheckRule> compileChecks(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  std::vector<CheckRule> rules;
  forApplied(set, config, facts, RuleType::ContainerEscape, [&](const Rule& rule) {
    rules.push_back({rule.tag, rule.action, rule.checks.items});
  });
  return rules;
}

std::optional<Action> effectiveAction(const std::vector<CheckRule>& rules, std::size_t item) {
  std::optional<Action> strictest;
  for (const CheckRule& rule : rules) {
    if (rule.items[item]) strictest = std::max(strictest.value_or(rule.action), rule.action);
  }
  return strictest;
}

std::vector<const Rule*> imageRiskRules(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  std::vector<const Rule*> rules;
  forApplied(set, config, facts, RuleType::ImageRisk, [&](const Rule& rule) { rules.push_back(&rule); });
  return rules;
}

}  // namespace holdfast::rule
