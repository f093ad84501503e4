// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "holdfastctl/doctor_checks.hpp"
#include "rule/judge.hpp"

namespace holdfast::holdfastctl {
namespace {

void ruleSet(const DoctorFacts& facts, Judgement& out) {
  if (!facts.rules_readable) out.unknown = "only root may read the configuration or the rules";
  std::vector<std::string> mistakes;
  for (const auto& error : facts.rule_errors) mistakes.push_back(error.text());
  if (mistakes.empty() && facts.status) {
    for (const auto& one : facts.status->controller.rule_set.errors)
      mistakes.push_back(Error{one.message, one.file, one.line, one.column}.text());
  }
  if (mistakes.empty()) return;
  std::string what = "the rule files are refused: " + mistakes.front();
  if (mistakes.size() > 1) what += " (and " + std::to_string(mistakes.size() - 1) + " more)";
  out.urgent(std::move(what), "The rules that were in force before stay in force, the files as they are now are not.",
             {"holdfastctl rules check", "systemctl reload holdfastd   # once they are corrected"});
}

std::string switchOf(rule::RuleType type) {
  switch (type) {
    case rule::RuleType::ImageRisk:
      return "image_risk";
    case rule::RuleType::ContainerEscape:
      return "container_escape";
    case rule::RuleType::NonImageProgram:
      break;
  }
  return "non_image_program";
}

bool isOn(rule::RuleType type, const rule::HostConfig& config) {
  switch (type) {
    case rule::RuleType::ImageRisk:
      return config.image_risk;
    case rule::RuleType::ContainerEscape:
      return config.container_escape;
    case rule::RuleType::NonImageProgram:
      break;
  }
  return config.non_image_program;
}

constexpr std::array kTypes = {rule::RuleType::NonImageProgram, rule::RuleType::ContainerEscape,
                               rule::RuleType::ImageRisk};

void inEffect(const DoctorFacts& facts, Judgement& out) {
  if (!facts.rules || !facts.status) {
    out.unknown = "the controller has to be there for it";
    return;
  }
  // What is wrong with the whole host is another check's, once and not for each rule.
  const bool host_intercepts = facts.status->module.loaded && !facts.status->module.disabled &&
                               facts.status->module.attached && facts.status->module.policy;
  if (!host_intercepts) {
    std::size_t rules = 0;
    for (const auto& rule : *facts.rules) rules += rule.enabled ? 1 : 0;
    if (rules != 0)
      out.urgent("no rule is in effect, of " + std::to_string(rules) + " that are on",
                 "Nothing is enforced on this host." +
                     (facts.status->reasons.empty() ? "" : " The reason: " + facts.status->reasons.front() + "."),
                 {"holdfastctl doctor   # what it says above, then", "holdfastctl status"});
    return;
  }
  for (const auto& rule : *facts.rules) {
    // System rules make room for custom ones, and what is off is meant to be.
    if (!rule.enabled || rule.system || rule.effective != "none") continue;
    std::vector<std::string> commands = {"holdfastctl rules show " + shellWord(rule.name)};
    for (const auto type : kTypes) {
      if (rule.reason.find("the function " + switchOf(type) + " is off") != std::string::npos)
        commands = {"sed -i 's/^\\( *" + switchOf(type) + ": *\\)off/\\1on/' /etc/holdfast/holdfast.yaml"};
    }
    out.suspicious("rule \"" + rule.name + "\" asks for " + rule.requested + " and is not in effect", rule.reason + ".",
                   std::move(commands));
  }
}

const std::array kChecks = {
    DoctorCheck{"rule-set", "the rule files have no mistakes", ruleSet},
    DoctorCheck{"rules-in-effect", "the rules are in effect", inEffect},
};

/// A need of a function that other checks are about.
struct Need {
  const char* name;
  std::vector<std::string> checks;
};

Prerequisite judged(const Need& need, const std::vector<CheckResult>& results) {
  Prerequisite out{need.name, Prerequisite::Met::Yes, ""};
  for (const auto& result : results) {
    if (std::ranges::find(need.checks, result.check->name) == need.checks.end()) continue;
    const auto& judgement = result.judgement;
    for (const auto& finding : judgement.findings) {
      if (finding.severity != alert::Severity::Urgent) continue;
      return {need.name, Prerequisite::Met::No, finding.what};
    }
    if (!judgement.unknown.empty() && out.met == Prerequisite::Met::Yes)
      out = {need.name, Prerequisite::Met::Unknown, judgement.unknown};
  }
  return out;
}

}  // namespace

std::span<const DoctorCheck> ruleChecks() { return kChecks; }

std::vector<CheckResult> examine(const DoctorFacts& facts) {
  std::vector<CheckResult> results;
  for (const auto checks : {kernelChecks(), moduleChecks(), hostChecks(), ruleChecks()}) {
    for (const auto& check : checks) {
      CheckResult result{&check, {}};
      check.judge(facts, result.judgement);
      for (auto& finding : result.judgement.findings) finding.check = check.name;
      results.push_back(std::move(result));
    }
  }
  return results;
}

std::vector<FunctionNeeds> functionNeeds(const DoctorFacts& facts, const std::vector<CheckResult>& results) {
  const std::array<Need, 6> needs = {
      Need{"a kernel that can carry the module", {"kernel-version", "kernel-config", "module-loading", "ftrace"}},
      Need{"the module, loaded and not switched off",
           {"disabled", "module-built", "module-kernel", "module-signature", "module-loaded"}},
      Need{"every hook attached and shown to fire", {"hooks"}},
      Need{"cgroups of version 2", {"cgroups"}},
      Need{"the controller", {"controller"}},
      Need{"overlayfs verified", {"overlay"}},
  };
  std::vector<FunctionNeeds> functions;
  for (const auto type : kTypes) {
    using Met = Prerequisite::Met;
    FunctionNeeds function{rule::name(type), {}};
    const std::string enforced = rule::whyNotEnforced(type);
    function.prerequisites.push_back({"enforced by this version", enforced.empty() ? Met::Yes : Met::No, enforced});
    Prerequisite on{"switched on (functions: " + switchOf(type) + " in holdfast.yaml)", Met::Unknown,
                    "holdfast.yaml has mistakes or cannot be read"};
    if (facts.config && isOn(type, *facts.config)) on = {on.name, Met::Yes, ""};
    if (facts.config && !isOn(type, *facts.config)) on = {on.name, Met::No, "it is off"};
    function.prerequisites.push_back(std::move(on));
    for (const auto& need : needs) {
      // Only what tells an image's files from others depends on the storage.
      if (type != rule::RuleType::NonImageProgram && need.checks.front() == "overlay") continue;
      function.prerequisites.push_back(judged(need, results));
    }
    functions.push_back(std::move(function));
  }
  return functions;
}

std::string shellWord(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";
  if (!text.empty() && text.front() != '-' && text.find_first_not_of(kPlain) == std::string_view::npos)
    return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace holdfast::holdfastctl
