// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "alert/exemption.hpp"
#include "alert/json.hpp"
#include "base/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/alert_filter.hpp"
#include "holdfastctl/change_report.hpp"
#include "holdfastctl/container_program.hpp"

namespace holdfast::holdfastctl {
namespace {

using alert::Exemption;

Result<alert::Alert> fetch(const CommandLine& line, const Environment& environment, std::int64_t id) {
  const auto answer = line.call(environment, {"alerts.show", control::AlertParams{id}});
  if (!answer) return tl::unexpected(answer.error());
  return alert::alertFromJson(*answer);
}

std::string meaningOf(const Exemption& exemption, const alert::Alert& alert) {
  switch (exemption.list) {
    case Exemption::List::Programs:
      return "That is what is in " + safeUtf8(alert.path) +
             ", under whatever name; anything else is judged as before.\n";
    case Exemption::List::Directories:
      return "That is all in the directory and below it, also what is put there later.\n";
    case Exemption::List::Images:
      break;
  }
  return "That is the whole image: nothing in containers of it is judged by this rule any more.\n";
}

}  // namespace

int alertsAllowList(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "alerts allow-list [OPTION]... ID",
      "Exempts what an alert is about from its rule, from now on: writes the narrowest entry into the allow list\n"
      "of the rule, in its file, and marks the alert. That is the program by the digest of what is in it, wherever it\n"
      "is, if its container runs and has it as it was; else its directory, or the image where no directory helps.\n"
      "Rules that ship with Holdfast take none. Only the lines of the entry are changed, and the whole rule set is\n"
      "checked first.\n",
      "  holdfastctl alerts allow-list 17\n"
      "  holdfastctl alerts allow-list 17 --directory\n"
      "  holdfastctl alerts allow-list 17 --image\n");
  addRulePlaceOptions(line);
  line.options()("directory", "exempt all in the directory of the program, and below it")(
      "image", "exempt the image, whatever the program")(
      "force",
      "also a directory that anybody may write to, that holds all programs, or is above a name that no rule can say");
  line.arguments(1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto given = [&line](const char* option) { return line.values().count(option) != 0; };
  const auto ids = idsOf(line.arguments());
  if (!ids) return line.wrongUse(environment, ids.error().message);
  if (ids->empty()) return line.wrongUse(environment, "which alert? 'holdfastctl alerts list' shows their ids");
  if (given("directory") && given("image")) return line.wrongUse(environment, "either --directory or --image");

  const auto alert = fetch(line, environment, ids->front());
  if (!alert) return failed(environment, alert.error());
  ProgramDigests digests(environment, [&](const auto& request) { return line.call(environment, request); });
  const auto exemption = alert::narrowestExemption(
      *alert, given("image"), given("force"),
      given("directory") ? alert::DigestOf() : [&](const auto& of) { return digests.of(of); });
  if (!exemption) return failed(environment, exemption.error());
  const auto place = rulePlace(line);
  if (!place) return failed(environment, place.error());
  const auto rules = rule::load(place->sources, place->config);
  if (!rules) return failed(environment, rules.error());
  const std::string& rule_name = alert->rule->name;
  const std::string list = name(exemption->list);
  if (const auto* rule = rules->find(rule_name); rule != nullptr && rule->system) {
    return failed(
        environment,
        Error{"rule '" + rule_name +
                  "' ships with Holdfast and takes no allow list: make a rule of your own of this type, which "
                  "takes its place, with " +
                  list + ": [" + exemption->value + "] in its allow_list; or see 'holdfastctl alerts ignore'",
              rule->file, rule->line});
  }
  const auto changed =
      rule::change(place->sources, place->config, rule_name, {rule::Edit::add("allow_list." + list, exemption->value)});
  if (!changed) return failed(environment, changed.error());
  const auto* now = changed->after.find(rule_name);
  const std::string where = now == nullptr ? changed->rule.place() : now->place();
  const std::string what = list + ": " + exemption->value + " in " + where;
  alert::Filter filter;
  filter.ids = *ids;
  const auto marked = line.call(environment, {"alerts.allow-listed", control::HandleParams{toJson(filter), what}});
  if (line.json()) {
    printJson(environment, {{"rule", rule_name},
                            {"list", list},
                            {"value", exemption->value},
                            {"because", safeUtf8(exemption->because)},
                            {"place", where},
                            {"written", changed->written}});
  } else {
    environment.out << "Rule " << safeUtf8(rule_name) << (changed->written ? " allows now" : " allows already")
                    << ", under " << safeUtf8(what) << "\n"
                    << meaningOf(*exemption, *alert);
    if (!exemption->because.empty()) environment.out << "Nothing narrower: " << safeUtf8(exemption->because) << ".\n";
    if (changed->written) environment.out << "holdfastd takes it up within a second: see 'holdfastctl rules list'\n";
  }
  if (!marked) {
    environment.err << "The entry is written; but the alert could not be marked:\n";
    return failed(environment, marked.error());
  }
  return Done;
}

}  // namespace holdfast::holdfastctl
