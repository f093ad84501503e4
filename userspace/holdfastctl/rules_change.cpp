// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "base/json.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/rule_place.hpp"
#include "rule/change.hpp"
#include "rule/describe.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;

struct Words {
  rule::Edit edit;
  const char* name;
  const char* about;
  const char* done;     // "RULE is …"
  const char* already;  // likewise
};

constexpr Words kEnable = {rule::Edit::Enable, "enable", "Turns a custom rule on.\n", "on now", "on already"};
constexpr Words kDisable = {rule::Edit::Disable, "disable",
                            "Turns a custom rule off: it stays where it stands, and does nothing.\n", "off now",
                            "off already"};
constexpr Words kDelete = {rule::Edit::Delete, "delete",
                           "Deletes a custom rule from its file. 'disable' keeps it for another time.\n", "deleted",
                           "deleted"};

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

std::string scopeOf(const rule::Scope& scope) {
  std::string text;
  const std::pair<const char*, const std::vector<std::string>*> lists[] = {
      {"clusters", &scope.clusters}, {"images", &scope.images}, {"tags", &scope.tags}, {"labels", &scope.labels}};
  for (const auto& [title, values] : lists) {
    for (const auto& value : *values)
      text += (value == values->front() ? std::string(text.empty() ? "" : "; ") + title + " " : ", ") + value;
  }
  return text.empty() ? "all containers" : "containers of " + text;
}

void print(const rule::Changed& changed, const Words& words, const json& others, std::ostream& out) {
  out << "Rule " << safeUtf8(changed.rule.name) << " is " << (changed.written ? words.done : words.already) << ": "
      << safeUtf8(changed.rule.place()) << "\n";
  if (!changed.written) return;
  if (words.edit != rule::Edit::Enable && changed.rule.enabled)
    out << "No longer protected by it: " << safeUtf8(scopeOf(changed.rule.scope)) << "\n";
  for (const auto& other : others) {
    out << "Rule " << safeUtf8(other["name"].get<std::string>()) << ": in effect was "
        << other["before"].get<std::string>() << ", now is " << other["effective"].get<std::string>();
    if (const auto reason = other["reason"].get<std::string>(); !reason.empty()) out << " (" << safeUtf8(reason) << ")";
    out << "\n";
  }
  out << "holdfastd takes it up within a second: see 'holdfastctl rules list'\n";
}

int change(const Arguments& arguments, const Environment& environment, const Words& words) {
  CommandLine line(
      std::string("rules ") + words.name + " [OPTION]... NAME",
      std::string(words.about) +
          "Only the lines of this rule are changed, comments stay. The whole rule set is checked first: with\n"
          "a mistake anywhere nothing is written. Needs no daemon; holdfastd sees the file change.\n",
      std::string("  holdfastctl rules ") + words.name + " web-runs-only-its-image\n");
  addRulePlaceOptions(line);
  line.arguments(1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().empty())
    return line.wrongUse(environment, "which rule? 'holdfastctl rules list' shows their names");
  const auto complain = [&environment](const std::vector<Error>& errors) {
    for (const auto& error : errors) (void)failed(environment, error);
    return static_cast<int>(Failed);
  };
  const auto place = rulePlace(line);
  if (!place) return complain(place.error());
  const auto changed = rule::change(place->sources, place->config, line.arguments()[0], words.edit);
  if (!changed) return complain(changed.error());
  const auto others = effectsOnOthers(*changed, place->config);
  if (line.json()) {
    printJson(environment, {{"rule", rule::describe(changed->rule, changed->before, place->config, {})},
                            {"changed", changed->written},
                            {"others", others}});
  } else {
    print(*changed, words, others, environment.out);
  }
  return Done;
}

}  // namespace

int rulesEnable(const Arguments& arguments, const Environment& environment) {
  return change(arguments, environment, kEnable);
}
int rulesDisable(const Arguments& arguments, const Environment& environment) {
  return change(arguments, environment, kDisable);
}
int rulesDelete(const Arguments& arguments, const Environment& environment) {
  return change(arguments, environment, kDelete);
}

}  // namespace holdfast::holdfastctl
