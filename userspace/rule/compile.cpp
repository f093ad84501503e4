// SPDX-License-Identifier: Apache-2.0
#include "rule/compile.hpp"

#include <algorithm>

namespace holdfast::rule {
namespace {

/// 64-bit FNV-1a over the parts, each ended by a byte that no text has.
class Hash {
 public:
  void add(std::string_view part) {
    for (const char byte : part) step(static_cast<unsigned char>(byte));
    step(0);
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  void step(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3U; }
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

std::uint64_t idOf(const Rule& rule) {
  Hash hash;
  for (const std::string_view part : {std::string_view(rule.name), std::string_view(rule.file),
                                      std::string_view(name(rule.action)), std::string_view(name(rule.on_running))}) {
    hash.add(part);
  }
  for (const std::string& directory : rule.allow_list.directories) hash.add(directory);
  hash.add(std::to_string(rule.allow_list.program_set.hash));
  return std::max<std::uint64_t>(hash.value(), 1);
}

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
    profile.rules.push_back(
        {rule.tag, rule.action, rule.on_running, idOf(rule), rule.allow_list.directories, rule.allow_list.program_set});
  });
  for (CheckRule& rule : compileChecks(set, config, facts)) {
    rule.items &= checkedItems();
    if (rule.items.any()) profile.checks.push_back(rule);
  }
  return profile;
}

Profile compileDefault(const RuleSet& set, const HostConfig& config) { return compile(set, config, ImageFacts{}); }

std::vector<NotApplied> notApplied(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  std::vector<NotApplied> out;
  for (Judged& judged : judge(set, config, facts)) {
    std::string not_enforced = whyNotEnforced(*judged.rule);
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
