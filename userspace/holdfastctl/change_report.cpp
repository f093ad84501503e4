// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/change_report.hpp"

#include <algorithm>
#include <array>
#include <istream>
#include <ostream>

#include "base/json.hpp"
#include "holdfastctl/coverage_text.hpp"
#include "rule/describe.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;

/// What the change does to the other rules, as to the vendor's that it switches on or off.
json effectsOnOthers(const rule::Changed& changed, const rule::HostConfig& config) {
  json others = json::array();
  for (const auto& rule : changed.after.rules) {
    const auto* before = changed.before.find(rule.name);
    if (rule.name == changed.rule.name || before == nullptr) continue;
    const auto was = rule::effectOf(*before, changed.before, config, {});
    const auto is = rule::effectOf(rule, changed.after, config, {});
    if (was.effective != is.effective) {
      others.push_back(
          {{"name", rule.name}, {"before", was.effective}, {"effective", is.effective}, {"reason", is.reason}});
    }
  }
  return others;
}

void printEffects(const rule::Changed& changed, const json& others, const char* title, std::ostream& out) {
  const auto lost = rule::coverageLost(changed.before, changed.after);
  printLost(lost, title, out);
  for (const auto& other : others) {
    if (std::ranges::find(lost, other["name"].get<std::string>(), &rule::CoverageLost::rule) != lost.end()) continue;
    out << "Rule " << safeUtf8(other["name"].get<std::string>()) << ": in effect was "
        << other["before"].get<std::string>() << ", now is " << other["effective"].get<std::string>();
    if (const auto reason = other["reason"].get<std::string>(); !reason.empty()) out << " (" << safeUtf8(reason) << ")";
    out << "\n";
  }
}

/// Where it is said what the rule is now; of one that is gone, where it stood.
std::string placeOf(const rule::Rule* now, const rule::Rule& rule) {
  if (now == nullptr) return rule.place();
  return now->switched_at.empty() ? now->place() : now->switched_at;
}

constexpr std::array<std::string_view, 5> kTexts = {"name", "description", "status", "action", "on_running"};
constexpr std::array<std::string_view, 10> kLists = {
    "scope.clusters",         "scope.images",      "scope.tags",          "scope.labels",
    "allow_list.directories", "allow_list.images", "allow_list.programs", "allow_list.program_lists",
    "checks.types",           "checks.except"};

std::vector<std::string> splitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

}  // namespace

int failed(const Environment& environment, const std::vector<Error>& errors) {
  for (const auto& error : errors) (void)failed(environment, error);
  return Failed;
}

int report(const rule::Attempt<rule::Changed>& changed, const RulePlace& place, const std::string& outcome,
           const std::string& already, const CommandLine& line, const Environment& environment) {
  if (!changed) return failed(environment, changed.error());
  const auto others = effectsOnOthers(*changed, place.config);
  const auto* now = changed->after.find(changed->rule.name);
  const auto& set = changed->before.find(changed->rule.name) == nullptr ? changed->after : changed->before;
  if (line.json()) {
    printJson(environment, {{"rule", rule::describe(changed->rule, set, place.config, {})},
                            {"changed", changed->written},
                            {"others", others},
                            {"lost", describeLost(rule::coverageLost(changed->before, changed->after))}});
    return Done;
  }
  std::ostream& out = environment.out;
  out << "Rule " << safeUtf8(changed->rule.name) << " is " << (changed->written ? outcome : already) << ": "
      << safeUtf8(placeOf(now, changed->rule)) << "\n";
  if (!changed->written) return Done;
  printEffects(*changed, others, "Protection lost", out);
  out << "holdfastd takes it up within a second: see 'holdfastctl rules list'\n";
  return Done;
}

void warn(const rule::Changed& changed, const RulePlace& place, const Environment& environment) {
  printEffects(changed, effectsOnOthers(changed, place.config), "Protection would be lost", environment.err);
}

bool confirmed(const std::string& question, const Environment& environment) {
  if (!environment.interactive) return false;
  environment.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(environment.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

void addSetOption(CommandLine& line) {
  line.options()(
      "set", boost::program_options::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
      "name, description, status, action, on_running, or a list, with commas: scope.clusters, "
      "scope.images, scope.tags, scope.labels, allow_list.directories, allow_list.images, "
      "allow_list.programs, allow_list.program_lists, checks.types, checks.except. May be given several times");
}

Result<std::vector<rule::Edit>> setEdits(const CommandLine& line) {
  std::vector<rule::Edit> edits;
  if (line.values().count("set") == 0) return edits;
  for (const auto& given : line.values()["set"].as<std::vector<std::string>>()) {
    const auto equals = given.find('=');
    if (equals == std::string::npos) return fail("--set takes KEY=VALUE, not '" + given + "'");
    const std::string key = given.substr(0, equals);
    const std::string value = given.substr(equals + 1);
    if (std::ranges::find(kTexts, key) != kTexts.end())
      edits.push_back(rule::Edit::set(key, value));
    else if (std::ranges::find(kLists, key) != kLists.end())
      edits.push_back(rule::Edit::setList(key, splitAtCommas(value)));
    else
      return fail("--set does not know the key '" + key + "'; see --help, or edit the file");
  }
  return edits;
}

}  // namespace holdfast::holdfastctl
