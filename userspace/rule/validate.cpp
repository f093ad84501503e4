// SPDX-License-Identifier: Apache-2.0
#include "rule/validate.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "rule/match.hpp"

namespace holdfast::rule {
namespace {

void errorAt(const Rule& rule, std::string message, Findings& findings) {
  findings.error(Error{std::move(message), rule.file, rule.line, rule.column});
}

std::string named(const Rule& rule) { return inQuotes(rule.name) + " at " + rule.place(); }

void checkNames(const std::vector<Draft>& drafts, Findings& findings) {
  std::map<std::string, const Rule*> seen;
  for (const auto& [rule, sound] : drafts) {
    if (rule.name.empty()) continue;
    const auto [first, fresh] = seen.emplace(rule.name, &rule);
    if (!fresh) {
      errorAt(rule, "name " + inQuotes(rule.name) + " is already used at " + first->second->place(), findings);
    }
  }
}

/// How many rules of one type each cluster has, those without clusters counting everywhere.
class ClusterLimit {
 public:
  ClusterLimit(std::string what, std::size_t most) : what_(std::move(what)), most_(most) {}

  void add(const Rule& rule, Findings& findings) {
    const auto before = findings.errorCount();
    if (rule.scope.clusters.empty()) {
      check(rule, everywhere_, "every cluster", findings);
      for (const auto& [cluster, tally] : by_cluster_) {
        if (findings.errorCount() == before) check(rule, sum(tally), "cluster " + inQuotes(cluster), findings);
      }
      count(everywhere_, rule);
    }
    for (const auto& cluster : rule.scope.clusters) {
      if (findings.errorCount() == before) {
        check(rule, sum(by_cluster_[cluster]), "cluster " + inQuotes(cluster), findings);
      }
      count(by_cluster_[cluster], rule);
    }
  }

 private:
  struct Tally {
    std::size_t rules = 0;
    const Rule* last = nullptr;
  };

  [[nodiscard]] Tally sum(const Tally& own) const {
    return {own.rules + everywhere_.rules, own.last != nullptr ? own.last : everywhere_.last};
  }

  void check(const Rule& rule, const Tally& tally, const std::string& where, Findings& findings) const {
    if (tally.rules < most_) return;
    errorAt(
        rule,
        "the limit is " + std::to_string(most_) + " " + what_ + ", and " + where + " already has " + named(*tally.last),
        findings);
  }

  /// A cluster that a rule names twice counts once.
  static void count(Tally& tally, const Rule& rule) {
    if (tally.last == &rule) return;
    ++tally.rules;
    tally.last = &rule;
  }

  std::string what_;
  std::size_t most_;
  Tally everywhere_;
  std::map<std::string, Tally> by_cluster_;
};

void checkLimits(const std::vector<Draft>& drafts, Findings& findings) {
  ClusterLimit image_risk("image-risk rules a cluster", kImageRiskRulesMax);
  ClusterLimit non_image("custom non-image-program rule a cluster that names no image, tag or label",
                         kNonImageProgramRulesMax);
  for (const auto& [rule, sound] : drafts) {
    if (!sound || rule.system) continue;
    if (rule.type == RuleType::ImageRisk) image_risk.add(rule, findings);
    if (rule.type == RuleType::NonImageProgram && rule.scope.byClusterAlone()) non_image.add(rule, findings);
  }
}

/// RUL-6: one of type non-image-program, and one of type container-escape for each check type.
void checkSystemRules(const std::vector<Draft>& drafts, Findings& findings) {
  const Rule* program = nullptr;
  std::array<const Rule*, kCheckTypes> by_check = {};
  const auto take = [&findings](const Rule*& place, const Rule& rule, const std::string& what) {
    if (place != nullptr) {
      errorAt(rule, "the limit is 1 system rule of " + what + ", and there is " + named(*place), findings);
    }
    place = &rule;
  };
  for (const auto& [rule, sound] : drafts) {
    if (!sound || !rule.system) continue;
    if (rule.type == RuleType::NonImageProgram) take(program, rule, "type non-image-program");
    for (std::size_t i = 0; i < kCheckTypes; ++i) {
      if (rule.checks.named[i]) take(by_check[i], rule, "check type " + std::string(checkTypes()[i].name));
    }
  }
}

/// Two rules that are off cannot be in doubt: only those that are on are compared.
void checkTies(const std::vector<Draft>& drafts, Findings& findings) {
  std::vector<const Rule*> scoped;
  for (const Draft& draft : drafts) {
    const Rule& rule = draft.rule;
    if (!draft.sound || rule.system || !rule.enabled || rule.type != RuleType::NonImageProgram) continue;
    if (rule.scope.byClusterAlone()) continue;  // the limit of one sees to these
    const auto tied = std::ranges::find_if(scoped, [&](const Rule* other) { return mayTie(other->scope, rule.scope); });
    if (tied != scoped.end()) {
      errorAt(rule,
              "a container could be in the scope of this rule and, just as specific, of " + named(**tied) +
                  "; make one scope narrower",
              findings);
    }
    scoped.push_back(&rule);
  }
}

}  // namespace

void validate(const std::vector<Draft>& drafts, Findings& findings) {
  if (drafts.size() > kRulesMax) {
    errorAt(drafts[kRulesMax].rule, "the limit is " + std::to_string(kRulesMax) + " rules over all files", findings);
    return;
  }
  checkNames(drafts, findings);
  checkLimits(drafts, findings);
  checkSystemRules(drafts, findings);
  checkTies(drafts, findings);
}

}  // namespace holdfast::rule
