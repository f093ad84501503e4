// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "alert/exemption.hpp"
#include "alert/json.hpp"
#include "base/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/alert_filter.hpp"
#include "holdfastctl/rule_place.hpp"
#include "rule/change.hpp"

namespace holdfast::holdfastctl {
namespace {

using alert::Exemption;

Result<alert::Alert> fetch(const CommandLine& line, const Environment& environment, std::int64_t id) {
  const auto answer = line.call(environment, {"alerts.show", control::AlertParams{id}});
  if (!answer) return tl::unexpected(answer.error());
  return alert::alertFromJson(*answer);
}

const char* nameOf(Exemption::List list) { return list == Exemption::List::Directories ? "directories" : "images"; }

}  // namespace

int alertsAllowList(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "alerts allow-list [OPTION]... ID",
      "Exempts what an alert is about from its rule, from now on: writes the narrowest entry into the allow list\n"
      "of the rule, in its file, and marks the alert. That is the directory of the program, or the image where no\n"
      "directory helps. Rules that ship with Holdfast take none. Only the lines of the entry are changed, and the\n"
      "whole rule set is checked first.\n",
      "  holdfastctl alerts allow-list 17\n"
      "  holdfastctl alerts allow-list 17 --image\n");
  addRulePlaceOptions(line);
  line.options()("image", "exempt the image, whatever the program")(
      "force", "also a directory that anybody may write to, or that holds all programs");
  line.arguments(1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto ids = idsOf(line.arguments());
  if (!ids) return line.wrongUse(environment, ids.error().message);
  if (ids->empty()) return line.wrongUse(environment, "which alert? 'holdfastctl alerts list' shows their ids");

  const auto alert = fetch(line, environment, ids->front());
  if (!alert) return failed(environment, alert.error());
  const auto exemption =
      alert::narrowestExemption(*alert, line.values().count("image") != 0, line.values().count("force") != 0);
  if (!exemption) return failed(environment, exemption.error());
  const auto complain = [&environment](const std::vector<Error>& errors) {
    for (const auto& error : errors) (void)failed(environment, error);
    return static_cast<int>(Failed);
  };
  const auto place = rulePlace(line);
  if (!place) return complain(place.error());
  const auto rules = rule::load(place->sources, place->config);
  if (!rules) return complain(rules.error());
  const std::string& rule_name = alert->rule->name;
  if (const auto* rule = rules->find(rule_name); rule != nullptr && rule->system) {
    return failed(
        environment,
        Error{"rule '" + rule_name +
                  "' ships with Holdfast and takes no allow list: make a rule of your own of this type, which "
                  "takes its place, with " +
                  nameOf(exemption->list) + ": [" + exemption->value +
                  "] in its allow_list; or see 'holdfastctl alerts ignore'",
              rule->file, rule->line});
  }
  const auto changed =
      rule::change(place->sources, place->config, rule_name,
                   {rule::Edit::add(std::string("allow_list.") + nameOf(exemption->list), exemption->value)});
  if (!changed) return complain(changed.error());
  const auto* now = changed->after.find(rule_name);
  const std::string where = now == nullptr ? changed->rule.place() : now->place();
  const std::string what = std::string(nameOf(exemption->list)) + ": " + exemption->value + " in " + where;
  alert::Filter filter;
  filter.ids = *ids;
  const auto marked = line.call(environment, {"alerts.allow-listed", control::HandleParams{toJson(filter), what}});
  if (line.json()) {
    printJson(environment, {{"rule", rule_name},
                            {"list", nameOf(exemption->list)},
                            {"value", exemption->value},
                            {"place", where},
                            {"written", changed->written}});
  } else {
    environment.out << "Rule " << safeUtf8(rule_name) << (changed->written ? " allows now" : " allows already")
                    << ", under " << safeUtf8(what) << "\n";
    if (exemption->list == Exemption::List::Images)
      environment.out << "That is the whole image: nothing in containers of it is judged by this rule any more.\n";
    if (changed->written) environment.out << "holdfastd takes it up within a second: see 'holdfastctl rules list'\n";
  }
  if (!marked) {
    environment.err << "The entry is written; but the alert could not be marked:\n";
    return failed(environment, marked.error());
  }
  return Done;
}

}  // namespace holdfast::holdfastctl
