// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "holdfastctl/alert_filter.hpp"
#include "holdfastctl/change_report.hpp"
#include "holdfastctl/container_program.hpp"
#include "holdfastctl/suggestion_text.hpp"

namespace holdfast::holdfastctl {

namespace po = boost::program_options;

int rulesSuggest(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "rules suggest [OPTION]...",
      "The narrowest entries of allow lists with which the rules, as they are now, would have raised none of the\n"
      "recorded alerts of programs that are not the image's. Prints a rule file: each rule with its new entries, and\n"
      "above each entry why; at the end the alerts that no entry makes quiet. A program is exempt by its digest if "
      "its\n"
      "container still runs and has it as it was, else by its directory. Changes nothing: an entry exempts what an\n"
      "attacker has put there, too, so look at each first.\n",
      "  holdfastctl rules suggest --since 24h\n"
      "  holdfastctl rules suggest --rule web >new.yaml\n"
      "  holdfastctl alerts export >alerts.jsonl && holdfastctl rules test --rules new.yaml --events alerts.jsonl\n");
  line.options()("since", po::value<std::string>()->default_value("24h")->value_name("TIME"),
                 "alerts seen since: 30m, 2h, 7d, or 2024-05-31T12:00:00Z")(
      "rule", po::value<std::string>()->value_name("NAME"), "only alerts of this rule")(
      "container", po::value<std::string>()->value_name("ID"),
      "only alerts of this container: id, its beginning, or name")("open", "only alerts that nobody has handled")(
      "directory", "whole directories, no single programs by their digests")(
      "image", "where no directory exempts a program, the whole image, whatever it runs")(
      "force",
      "also a directory that anybody may write to, that holds all programs, or is above a name that no rule can say");
  addRulePlaceOptions(line);
  if (const auto done = line.parse(arguments, environment)) return *done;
  auto filter = filterOf(line, environment);
  if (!filter) return line.wrongUse(environment, filter.error().message);
  filter->type = "container-active-defense";
  const auto place = rulePlace(line);
  if (!place) return failed(environment, place.error());
  const auto rules = rule::load(place->sources, place->config);
  if (!rules) return failed(environment, rules.error());
  const auto ask = [&](const control::Request& request) { return line.call(environment, request); };
  ProgramDigests digests(environment, ask);
  const auto given = [&line](const char* option) { return line.values().count(option) != 0; };
  alert::Suggester suggester(*rules, place->config, {given("image"), given("force"), given("directory")},
                             [&](const alert::Alert& alert) { return digests.of(alert); });
  const auto all = forEachAlert(ask, *filter, [&](const alert::Alert& alert) -> Result<void> {
    suggester.add(alert);
    return {};
  });
  if (!all) return failed(environment, all.error());
  const auto suggestion = suggester.finish();
  if (line.json()) {
    printJson(environment, toJson(suggestion, filter->since_real));
    return Done;
  }
  const std::string text = toYaml(suggestion, filter->since_real);
  // Nothing is handed out that 'rules add' would refuse.
  if (const auto right = rule::checkText(text, "the suggestion"); !right) return failed(environment, right.error());
  environment.out << text;
  return Done;
}

}  // namespace holdfast::holdfastctl
