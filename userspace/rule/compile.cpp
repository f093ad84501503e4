// SPDX-License-Identifier: Apache-2.0
#include "rule/compile.hpp"

#include <algorithm>
#include <tuple>

#include "rule/reader.hpp"

namespace holdfast::rule {
namespace {

/// One rule's part in the decision; applied if there is no reason against it.
struct Judged {
  const Rule* rule = nullptr;
  std::string reason;
  bool image_unknown = false;
  Specificity specificity = {};
};

const Rule* firstCustom(const RuleSet& set) {
  const auto found = std::ranges::find_if(
      set.rules, [](const Rule& rule) { return !rule.system && rule.type == RuleType::NonImageProgram; });
  return found == set.rules.end() ? nullptr : &*found;
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

Judged judgeAlone(const Rule& rule, const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  Judged judged{&rule, whyNotInEffect(rule, set, config), false, {}};
  if (!judged.reason.empty()) return judged;
  const ScopeMatch match = matchScope(rule.scope, config.cluster, facts);
  judged.reason = reasonOf(match.scoped);
  judged.image_unknown = match.scoped == Scoped::UnknownImage;
  judged.specificity = match.specificity;
  return judged;
}

/// Of those in scope only the most specific applies. Loading refuses ties but for two digests of one image: there the
/// stricter rule, then the earlier one.
void keepMostSpecific(std::vector<Judged>& all, const ImageFacts& facts) {
  const auto order = [](const Judged& judged) {
    return std::tuple(judged.reason.empty(), judged.specificity, judged.rule->action);
  };
  const auto best = std::ranges::max_element(all, {}, order);
  if (best == all.end() || !best->reason.empty()) return;
  for (Judged& other : all) {
    if (&other != &*best && other.reason.empty()) {
      other.reason = "rule " + inQuotes(best->rule->name) + " is more specific";
    }
  }
  if (const auto entry = allowedBy(best->rule->allow_list, facts)) {
    best->reason = "its allow list exempts the image by " + inQuotes(*entry);
  }
}

/// Puts the strictest of the rules back that were left out only because too little is known.
void addStrictest(std::vector<Judged>& all, const RuleSet& set, const HostConfig& config) {
  const auto candidate = [&](const Judged& judged) {
    return whyNotInEffect(*judged.rule, set, config).empty() && !judged.rule->scope.byClusterAlone();
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

std::vector<Judged> judge(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  std::vector<Judged> all;
  for (const Rule& rule : set.rules) all.push_back(judgeAlone(rule, set, config, facts));
  keepMostSpecific(all, facts);
  if (config.unknown_image_strict && !isKnown(facts)) addStrictest(all, set, config);
  return all;
}

}  // namespace

std::string whyNotInEffect(const Rule& rule, const RuleSet& set, const HostConfig& config) {
  if (rule.type != RuleType::NonImageProgram) return std::string("type ") + name(rule.type) + " is not yet in effect";
  if (!config.non_image_program) return "the function non_image_program is off in this host's configuration";
  if (!rule.enabled) return "its status is off";
  if (const Rule* custom = firstCustom(set); rule.system && custom != nullptr) {
    return "custom rule " + inQuotes(custom->name) + " at " + custom->place() + " turns the system rule off";
  }
  return coversCluster(rule.scope, config.cluster) ? "" : reasonOf(Scoped::OtherCluster);
}

Profile compile(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  Profile profile;
  for (const Judged& judged : judge(set, config, facts)) {
    const Rule& rule = *judged.rule;
    if (judged.reason.empty()) profile.rules.push_back({rule.tag, rule.action, rule.allow_list.directories});
  }
  return profile;
}

Profile compileDefault(const RuleSet& set, const HostConfig& config) { return compile(set, config, ImageFacts{}); }

std::vector<NotApplied> notApplied(const RuleSet& set, const HostConfig& config, const ImageFacts& facts) {
  std::vector<NotApplied> out;
  for (Judged& judged : judge(set, config, facts)) {
    if (judged.reason.empty()) continue;
    out.push_back({judged.rule->tag, std::move(judged.reason), judged.image_unknown});
  }
  return out;
}

}  // namespace holdfast::rule
