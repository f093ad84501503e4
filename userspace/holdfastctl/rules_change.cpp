// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "holdfastctl/change_report.hpp"

namespace holdfast::holdfastctl {
namespace {

CommandLine changeLine(const std::string& name, const std::string& about) {
  CommandLine line(
      "rules " + name + " [OPTION]... NAME",
      about +
          "Only the lines of this rule are changed, comments stay. The whole rule set is checked first: "
          "with\na mistake anywhere nothing is written. Needs no daemon; holdfastd sees the file change.\n",
      "  holdfastctl rules " + name + " web-runs-only-its-image\n");
  addRulePlaceOptions(line);
  line.arguments(1);
  return line;
}

int noName(const CommandLine& line, const Environment& environment) {
  return line.wrongUse(environment, "which rule? 'holdfastctl rules list' shows their names");
}

int setStatus(const Arguments& arguments, const Environment& environment, bool on) {
  CommandLine line = changeLine(
      on ? "enable" : "disable",
      on ? "Turns a custom rule on.\n" : "Turns a custom rule off: it stays where it stands, and does nothing.\n");
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().empty()) return noName(line, environment);
  const auto place = rulePlace(line);
  if (!place) return failed(environment, place.error());
  const auto changed = rule::change(place->sources, place->config, line.arguments()[0], {rule::Edit::status(on)});
  return report(changed, *place, on ? "on now" : "off now", on ? "on already" : "off already", line, environment);
}

}  // namespace

int rulesEnable(const Arguments& arguments, const Environment& environment) {
  return setStatus(arguments, environment, true);
}

int rulesDisable(const Arguments& arguments, const Environment& environment) {
  return setStatus(arguments, environment, false);
}

int rulesDelete(const Arguments& arguments, const Environment& environment) {
  CommandLine line = changeLine(
      "delete",
      "Deletes a custom rule from its file; 'disable' keeps it for another time. Says what loses protection, and\n"
      "asks, in a terminal; elsewhere it needs --yes.\n");
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
