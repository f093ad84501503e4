// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "base/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/paged.hpp"
#include "holdfastctl/rule_place.hpp"
#include "holdfastctl/table.hpp"
#include "rule/describe.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? safeUtf8(found->get<std::string>()) : std::string();
}

std::string place(const json& rule) {
  const auto line = rule.find("line");
  return text(rule, "file") + (line != rule.end() && line->is_number() ? ":" + line->dump() : "");
}

json array(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : json::array();
}

void printMistakes(std::ostream& out, const json& mistakes, const char* before) {
  for (const json& item : mistakes) {
    const auto mistake = control::read<control::Mistake>(item);
    if (mistake)
      out << before << safeUtf8(Error{mistake->message, mistake->file, mistake->line, mistake->column}.text()) << "\n";
  }
}

void printList(const json& answer, const Environment& environment) {
  std::ostream& out = environment.out;
  Table table(
      {{"RULE", Fit::Cut}, {"TYPE"}, {"STATUS"}, {"ASKED"}, {"IN EFFECT"}, {"FILE", Fit::Cut}, {"REASON", Fit::Cut}});
  for (const json& rule : array(answer, "rules"))
    table.add({text(rule, "name"), text(rule, "type"), text(rule, "status"), text(rule, "requested"),
               text(rule, "effective"), place(rule), text(rule, "reason")});
  if (table.empty())
    out << "There are no rules.\n";
  else
    table.print(out, environment.width);
  const json errors = array(answer, "errors");
  if (!errors.empty())
    out << (table.empty() ? "\nA rule set was refused:\n"
                          : "\nA newer rule set was refused, the one above stays in force:\n");
  printMistakes(out, errors, "  ");
  printMistakes(out, array(answer, "warnings"), "warning: ");
}

std::string joined(const json& values) {
  std::string out;
  for (const json& value : values)
    if (value.is_string()) out += (out.empty() ? "" : ", ") + safeUtf8(value.get<std::string>());
  return out;
}

void printOne(const json& rule, std::ostream& out) {
  const auto line = [&out](std::string title, const std::string& value) {
    title.resize(14, ' ');
    if (!value.empty()) out << title << value << "\n";
  };
  line("Rule", text(rule, "name"));
  line("Description", text(rule, "description"));
  line("Type", text(rule, "type"));
  line("Status", text(rule, "status"));
  line("Asked", text(rule, "requested"));
  line("In effect", text(rule, "effective"));
  line("Reason", text(rule, "reason"));
  line("From", place(rule) + (rule.value("system", false) ? " (ships with Holdfast)" : ""));
  const auto lists = [&](const char* title, const char* key, std::initializer_list<const char*> names,
                         const char* none) {
    const auto found = rule.find(key);
    bool any = false;
    for (const char* name : names) {
      const std::string values = found != rule.end() && found->is_object() ? joined(array(*found, name)) : "";
      if (!values.empty()) line(any ? "" : title, std::string(name) + ": " + values);
      any = any || !values.empty();
    }
    if (!any) line(title, none);
  };
  line("On running", text(rule, "on_running"));
  if (rule.contains("checks")) lists("Checks", "checks", {"types", "except"}, "all");
  if (const auto risks = rule.find("risks"); risks != rule.end() && risks->is_object()) {
    for (const auto& [kind, parameters] : risks->items()) {
      std::string what = safeUtf8(kind);
      for (const char* name : {"levels", "ids"}) {
        const std::string values = parameters.is_object() ? joined(array(parameters, name)) : "";
        if (!values.empty()) what += std::string(" ") + name + ": " + values;
      }
      line(kind == risks->begin().key() ? "Risks" : "", what);
    }
  }
  lists("Scope", "scope", {"clusters", "images", "tags", "labels"}, "all containers");
  lists("Allow list", "allow_list", {"directories", "images", "programs", "program_lists"}, "empty");
  line("Interceptable", text(rule, "interceptable"));
  const auto containers = rule.find("containers");
  if (containers == rule.end()) return;
  if (containers->empty()) line("Containers", "none runs under it");
  for (const json& one : *containers) {
    line(one == containers->front() ? "Containers" : "",
         text(one, "name") + ", " + orUnknown(text(one, "image")) + ", in effect " + text(one, "effective"));
  }
}

/// What the rule files say of a rule, when there is no daemon to tell what is in force.
Result<json> fromFiles(const CommandLine& line, const std::string& name) {
  const auto place = rulePlace(line);
  if (!place) return tl::unexpected(place.error().front());
  const auto set = rule::load(place->sources, place->config);
  if (!set) return tl::unexpected(set.error().front());
  const auto* rule = set->find(name);
  if (rule == nullptr) return fail("there is no rule with this name");
  return rule::describe(*rule, *set, place->config, "holdfastd does not answer: this is what the files say");
}

/// The containers that are under the rule now, and whether this host can intercept.
void addAssets(json& rule, const std::string& name, const json& status,
               const Result<std::vector<control::ContainerReport>>& reports) {
  const auto host = control::read<control::StatusReport>(status);
  if (host) rule["interceptable"] = host->interceptable;
  if (!reports) return;
  rule["containers"] = json::array();
  for (const auto& report : *reports) {
    for (const auto& policy : report.rules) {
      if (policy.name != name) continue;
      rule["containers"].push_back(
          {{"id", report.id}, {"name", report.name}, {"image", report.image}, {"effective", policy.effective}});
    }
  }
}

}  // namespace

int rulesList(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "rules list [OPTION]...",
      "The rules in force, the action asked for and the action in effect, with the reason where they differ,\n"
      "and the mistakes of a newer rule set that was refused.\n",
      "  holdfastctl rules list\n"
      "  holdfastctl rules list --output json | jq -r '.rules[].name'\n");
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto answer = fetchRules([&](const control::Request& request) { return line.call(environment, request); });
  if (!answer) return failed(environment, answer.error());
  if (line.json())
    printJson(environment, *answer);
  else
    printList(*answer, environment);
  return Done;
}

int rulesShow(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "rules show [OPTION]... NAME",
      "One rule: what it says, where it stands, what is in effect, and which containers run under it now.\n"
      "Without the daemon what the files say, and no more.\n",
      "  holdfastctl rules show web-runs-only-its-image\n");
  addRulePlaceOptions(line);
  line.arguments(1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().empty())
    return line.wrongUse(environment, "which rule? 'holdfastctl rules list' shows their names");
  const std::string& name = line.arguments()[0];
  const auto status = line.call(environment, {"status"});
  auto rule = status ? line.call(environment, {"rules.show", control::NameParams{name}}) : fromFiles(line, name);
  if (!status) (void)failed(environment, status.error());
  if (!rule) return failed(environment, rule.error());
  if (!rule->is_object()) return failed(environment, Error{"holdfastd's answer is no rule"});
  const auto ask = [&](const control::Request& request) { return line.call(environment, request); };
  if (status) addAssets(*rule, name, *status, fetchContainers(ask));
  if (line.json())
    printJson(environment, *rule);
  else
    printOne(*rule, environment.out);
  return Done;
}

}  // namespace holdfast::holdfastctl
