// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "holdfastctl/change_report.hpp"
#include "rule/change_system.hpp"

namespace holdfast::holdfastctl {
namespace {

constexpr const char* kChanges =
    "Only the lines of this rule are changed, comments stay; of a rule that ships with Holdfast, those\n"
    "in system-rules.yaml.\n";
constexpr const char* kDeletes =
    "Only the lines of this rule go, comments stay; rules that ship with Holdfast stay too.\n";

CommandLine changeLine(const std::string& name, const std::string& about) {
  CommandLine line("rules " + name + " [OPTION]... NAME",
                   about +
                       "The whole rule set is checked first: with a mistake anywhere nothing is written. Needs\n"
                       "no daemon; holdfastd sees the file change.\n",
                   "  holdfastctl rules " + name + " web-runs-only-its-image\n");
  addRulePlaceOptions(line);
  line.arguments(1);
  return line;
}

int noName(const CommandLine& line, const Environment& environment) {
  return line.wrongUse(environment, "which rule? 'holdfastctl rules list' shows their names");
}

std::vector<std::string> values(const CommandLine& line, const char* option) {
  return line.values().count(option) != 0 ? line.values()[option].as<std::vector<std::string>>()
                                          : std::vector<std::string>{};
}

/// A rule that ships with Holdfast has switches, the others are changed where they stand.
rule::Attempt<rule::Changed> apply(const CommandLine& line, const RulePlace& place, bool on) {
  const std::string& name = line.arguments()[0];
  const rule::SystemChange wanted{on, values(line, "exclude-cluster"), values(line, "include-cluster")};
  const auto now = rule::load(place.sources, place.config);
  if (!now) return tl::unexpected(now.error());
  const auto* rule = now->find(name);
  const bool system = rule != nullptr && rule->system;
  return system || !wanted.exclude.empty() || !wanted.include.empty()
             ? rule::changeSystem(place.sources, place.config, name, wanted)
             : rule::change(place.sources, place.config, name, {rule::Edit::status(on)});
}

int setStatus(CommandLine line, const Arguments& arguments, const Environment& environment, bool on) {
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().empty()) return noName(line, environment);
  const auto place = rulePlace(line);
  if (!place) return failed(environment, place.error());
  return report(apply(line, *place, on), *place, on ? "on now" : "off now", on ? "on already" : "off already", line,
                environment);
}

}  // namespace

int rulesEnable(const Arguments& arguments, const Environment& environment) {
  namespace po = boost::program_options;
  CommandLine line = changeLine("enable", std::string("Turns a rule on.\n") + kChanges);
  line.options()("exclude-cluster", po::value<std::vector<std::string>>()->value_name("CLUSTER"),
                 "of a rule that ships with Holdfast: not in this cluster; may be repeated")(
      "include-cluster", po::value<std::vector<std::string>>()->value_name("CLUSTER"), "and in this one again");
  return setStatus(std::move(line), arguments, environment, true);
}

int rulesDisable(const Arguments& arguments, const Environment& environment) {
  return setStatus(
      changeLine("disable", std::string("Turns a rule off: it stays where it stands, and does nothing.\n") + kChanges),
      arguments, environment, false);
}

int rulesDelete(const Arguments& arguments, const Environment& environment) {
  CommandLine line = changeLine(
      "delete",
      std::string(
          "Deletes a custom rule from its file; 'disable' keeps it for another time. Says what loses protection, and\n"
          "asks, in a terminal; elsewhere it needs --yes.\n") +
          kDeletes);
  line.options()("yes,y", "do not ask");
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().empty()) return noName(line, environment);
  const auto place = rulePlace(line);
  if (!place) return failed(environment, place.error());
  const auto& name = line.arguments()[0];
  if (line.values().count("yes") == 0) {
    const auto would = rule::change(place->sources, place->config, name, {rule::Edit::remove()}, rule::Mode::Try);
    if (!would) return failed(environment, would.error());
    warn(*would, *place, environment);
    if (!environment.interactive) return failed(environment, Error{"nothing is deleted without --yes"});
    if (!confirmed("Delete it?", environment)) return failed(environment, Error{"nothing is deleted"});
  }
  const auto changed = rule::change(place->sources, place->config, name, {rule::Edit::remove()});
  return report(changed, *place, "deleted", "deleted", line, environment);
}

}  // namespace holdfast::holdfastctl
