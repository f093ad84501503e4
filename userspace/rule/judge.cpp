// SPDX-License-Identifier: Apache-2.0
#include "rule/judge.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "rule/reader.hpp"

namespace holdfast::rule {
namespace {

constexpr std::array kTypes = {RuleType::ImageRisk, RuleType::NonImageProgram, RuleType::ContainerEscape};

/// The function that a type of rules belongs to, as the host's configuration calls it, and whether it is on.
std::pair<const char*, bool> functionOf(RuleType type, const HostConfig& config) {
  switch (type) {
    case RuleType::ImageRisk:
      return {"image_risk", config.image_risk};
    case RuleType::ContainerEscape:
      return {"container_escape", config.container_escape};
    case RuleType::NonImageProgram:
      break;
  }
  return {"non_image_program", config.non_image_program};
}

std::string reasonOf(Scoped scoped) {
  switch (scoped) {
    case Scoped::Yes:
      return "";
    case Scoped::OtherCluster:
      return "this host is not in a cluster of its scope";
    case Scoped::OtherImage:
      return "the image is not in its scope";
    case Scoped::OtherLabels:
      return "the container has none of the labels of its scope";
    case Scoped::UnknownImage:
      return "the image is unknown and its scope names images or tags";
  }
  return "unknown";
}

struct Candidate {
  Judged judged;
  Specificity specificity = {};  // if there is no reason against it
};

Candidate judgeAlone(const Rule& rule, const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  Candidate candidate{{&rule, whyNotHere(rule, set, config), false}, {}};
  Judged& judged = candidate.judged;
  if (!judged.reason.empty()) return candidate;
  const ScopeMatch match = matchScope(rule.scope, config.cluster, facts);
  judged.reason = reasonOf(match.scoped);
  judged.image_unknown = match.scoped == Scoped::UnknownImage;
  candidate.specificity = match.specificity;
  return candidate;
}

/// Loading refuses ties but for two digests of one image: there the stricter rule, then the earlier one.
void keepMostSpecificProgramRule(std::vector<Candidate>& all) {
  const auto order = [](const Candidate& one) {
    const bool counts = one.judged.reason.empty() && one.judged.rule->type == RuleType::NonImageProgram;
    return std::tuple(counts, one.specificity, one.judged.rule->action);
  };
  const auto best = std::ranges::max_element(all, {}, order);
  for (Candidate& other : all) {
    if (&other != &*best && std::get<0>(order(other))) {
      other.judged.reason = "rule " + inQuotes(best->judged.rule->name) + " is more specific";
    }
  }
}

void exemptAllowed(std::vector<Candidate>& all, const ImageFacts& facts) {
  for (auto& [judged, specificity] : all) {
    if (!judged.reason.empty()) continue;
    const auto entry = allowedBy(judged.rule->allow_list, facts);
    if (entry) judged.reason = "its allow list exempts the image by " + inQuotes(*entry);
  }
}

/// Puts the strictest of a type's rules back that were left out only because too little is known.
void addStrictest(std::vector<Judged>& all, RuleType type, const RuleSet& set, const HostConfig& config) {
  const auto candidate = [&](const Judged& judged) {
    return judged.rule->type == type && !judged.rule->scope.byClusterAlone() &&
           whyNotHere(*judged.rule, set, config).empty();
  };
  Action strictest = Action::Allow;
  for (const Judged& judged : all) {
    if (candidate(judged)) strictest = std::max(strictest, judged.rule->action);
  }
  for (Judged& judged : all) {
    if (candidate(judged) && judged.rule->action == strictest) {
      judged.reason.clear();
      judged.image_unknown = false;
    }
  }
}

}  // namespace

std::vector<Judged> judge(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  std::vector<Candidate> candidates;
  for (const Rule& rule : set.rules) candidates.push_back(judgeAlone(rule, set, config, facts));
  keepMostSpecificProgramRule(candidates);
  exemptAllowed(candidates, facts);
  std::vector<Judged> all;
  for (Candidate& one : candidates) all.push_back(std::move(one.judged));
  if (config.unknown_image_strict && !isKnown(facts)) {
    for (const RuleType type : kTypes) addStrictest(all, type, set, config);
  }
  return all;
}

std::string whyNotHere(const Rule& rule, const RuleSet& set, const HostConfig& config) {
  const auto [function, on] = functionOf(rule.type, config);
  if (!on) return std::string("the function ") + function + " is off in this host's configuration";
  if (!rule.enabled) return rule.switched_at.empty() ? "its status is off" : "its status is off at " + rule.switched_at;
  if (const Rule* custom = replacedBy(rule, set)) {
    return "custom rule " + inQuotes(custom->name) + " at " + custom->place() + " turns the system rule off";
  }
  if (std::ranges::find(rule.exclude_clusters, config.cluster) != rule.exclude_clusters.end()) {
    return "this host's cluster is excluded at " + rule.switched_at;
  }
  return coversCluster(rule.scope, config.cluster) ? "" : reasonOf(Scoped::OtherCluster);
}

std::string whyNotEnforced(RuleType type) {
  if (type != RuleType::ImageRisk) return "";
  return std::string("this version of Holdfast does not enforce rules of type ") + name(type);
}

std::string whyNotEnforced(const Rule& rule) {
  if (rule.type == RuleType::ContainerEscape && (rule.checks.items & checkedItems()).none())
    return "this version of Holdfast does not check " + namesOf(rule.checks.items);
  return whyNotEnforced(rule.type);
}

std::string notChecked(const Rule& rule) {
  const CheckSet uncovered = rule.checks.items & ~checkedItems();
  if (rule.type != RuleType::ContainerEscape || uncovered.none()) return "";
  return "this version of Holdfast does not check " + namesOf(uncovered);
}

std::string whyNotInEffect(const Rule& rule, const RuleSet& set, const HostConfig& config) {
  std::string reason = whyNotEnforced(rule);
  return reason.empty() ? whyNotHere(rule, set, config) : reason;
}

bool takesPlaceOf(const Rule& rule, const Rule& system_rule) {
  if (rule.system || !system_rule.system || rule.type != system_rule.type) return false;
  return rule.type != RuleType::ContainerEscape || (rule.checks.named & system_rule.checks.named).any();
}

const Rule* replacedBy(const Rule& rule, const RuleSet& set) {
  if (!rule.system) return nullptr;
  const auto found = std::ranges::find_if(set.rules, [&rule](const Rule& other) { return takesPlaceOf(other, rule); });
  return found == set.rules.end() ? nullptr : &*found;
}

}  // namespace holdfast::rule
