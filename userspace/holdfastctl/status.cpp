// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <ostream>
#include <utility>

#include "base/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::holdfastctl {
namespace {

using control::StatusReport;

void line(std::ostream& out, const char* title, const std::string& text) {
  out << fmt::format("{:<14}{}\n", title, safeUtf8(text));
}

void printModule(std::ostream& out, const control::ModuleReport& module) {
  if (!module.loaded) return line(out, "Module", "not loaded: nothing is enforced");
  line(out, "Module",
       fmt::format("version {}, policy generation {}, queries wait {} ms at most", module.version, module.generation,
                   module.query_timeout_ms));
  const std::pair<bool, const char*> remarks[] = {{module.disabled, "disabled on the kernel's command line"},
                                                  {module.locked, "locked until reboot"},
                                                  {module.silent, "the controller was too slow and is not asked"},
                                                  {!module.attached, "a mandatory hook is not attached"},
                                                  {!module.overlay_verified, "overlay not verified"},
                                                  {module.overlay_mismatch, "overlay's cross-check failed"},
                                                  {!module.policy, "no policy yet"}};
  for (const auto& [applies, remark] : remarks)
    if (applies) out << "  - " << remark << "\n";
}

void printRuleSet(std::ostream& out, const control::RuleSetReport& set) {
  line(out, "Rule set",
       set.generation == 0 ? std::string("none of this controller is in force")
                           : fmt::format("generation {}, {} rules of {} files, loaded {}", set.generation, set.rules,
                                         set.files.size(), set.loaded_at));
  if (!set.errors.empty())
    out << (set.generation == 0 ? "  A rule set was refused:\n"
                                : "  A newer rule set was refused, this one stays in force:\n");
  for (const auto& mistake : set.errors)
    out << "    " << safeUtf8(Error{mistake.message, mistake.file, mistake.line, mistake.column}.text()) << "\n";
  for (const auto& mistake : set.warnings)
    out << "    warning: " << safeUtf8(Error{mistake.message, mistake.file, mistake.line, mistake.column}.text())
        << "\n";
}

void printHooks(std::ostream& out, const StatusReport& report) {
  if (!report.module.loaded) return;
  std::size_t attached = 0;
  for (const auto& hook : report.hooks) attached += hook.attached ? 1 : 0;
  line(out, "Hooks",
       fmt::format(
           "{} of {} attached, {}", attached, report.hooks.size(),
           report.module.canary_at.empty() ? "not tried yet" : "all shown to fire at " + report.module.canary_at));
  for (const auto& hook : report.hooks)
    if (!hook.attached)
      out << "  - not attached: " << safeUtf8(hook.symbol) << (hook.mandatory ? "\n" : " (optional)\n");
}

/// "title: a 1, b 2", without those that are zero.
using Counts = std::initializer_list<std::pair<const char*, std::uint64_t>>;
std::string nonZero(const Counts& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    if (count != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  return text.empty() ? "" : ": " + text;
}

void printCounters(std::ostream& out, const StatusReport& report) {
  const auto& c = report.counters;
  const auto& e = report.events;
  const auto& s = report.store;
  line(out, "Containers",
       fmt::format("{}{}", report.containers.total,
                   nonZero({{"not covered", report.containers.not_covered},
                            {"unclassified programs", report.unclassified},
                            {"started under the default profile", c.defaulted}})));
  for (const auto& [reason, count] : report.containers.not_covered_because)
    out << fmt::format("  - {} not covered: {}\n", count, safeUtf8(reason));
  if (report.module.loaded) {
    line(out, "Members", fmt::format("{} processes{}", c.members, nonZero({{"adopted", c.adopted}})));
    line(out, "Judged",
         fmt::format("{} execs, {} mappings{}", c.execs, c.maps,
                     nonZero({{"refused", c.denied}, {"reported", c.alerted}})));
    line(out, "Queries",
         fmt::format("{}{}", c.queries,
                     nonZero({{"answered", c.queries_answered},
                              {"timed out", c.queries_timed_out},
                              {"pending", c.queries_pending},
                              {"not asked", c.queries_refused}})));
    line(out, "Events",
         fmt::format("{} seen = {} delivered + {} folded + {} queued + {} overflow", e.seen, e.delivered, e.folded,
                     e.queued, e.overflow));
  }
  line(out, "Alerts",
       fmt::format(
           "{} for {} operations{}", s.alerts, s.operations,
           nonZero(
               {{"removed", s.removed}, {"of Holdfast itself", s.notices}, {"of these removed", s.removed_notices}})));
  if (!report.store_problem.empty()) out << "  - cannot be stored: " << safeUtf8(report.store_problem) << "\n";
  for (const auto& output : report.outputs) {
    if (!output.on) continue;
    line(out, "Output",
         fmt::format("{}: delivered {}, waiting {}{}", output.name, output.delivered, output.waiting,
                     output.problem.empty() ? "" : "; " + output.problem));
  }
  if (report.clock.steps != 0)
    line(out, "Clock",
         fmt::format("set {} times, the last time by {} ms, {} s ago", report.clock.steps, report.clock.last_ms,
                     report.clock.seconds_ago));
}

/// Whether the table of functions has said already why this rule is not in effect.
bool saidOfFunction(const control::RulePolicy& rule, const StatusReport& report) {
  return std::ranges::any_of(report.functions, [&](const control::FunctionReport& function) {
    return function.name == rule.type && !function.in_effect && function.reason == rule.reason;
  });
}

void print(const StatusReport& report, const Environment& environment, bool all) {
  std::ostream& out = environment.out;
  line(out, "Interceptable", report.interceptable);
  for (const auto& reason : report.reasons) out << "  - " << safeUtf8(reason) << "\n";
  if (!report.reasons.empty()) out << "  'holdfastctl doctor' says what mends it.\n";
  printModule(out, report.module);
  printHooks(out, report);
  line(out, "Controller",
       fmt::format("version {}, pid {}, since {}", report.controller.version, report.controller.pid,
                   report.controller.since));
  printRuleSet(out, report.controller.rule_set);
  printCounters(out, report);

  Table functions({{"FUNCTION"}, {"SWITCH"}, {"IN EFFECT"}, {"RULES"}, {"REASON", Fit::Cut}});
  for (const auto& function : report.functions)
    functions.add({function.name, function.on ? "on" : "off", function.in_effect ? "yes" : "no",
                   fmt::format("{} of {}", function.rules_in_effect, function.rules), function.reason});
  Table rules({{"RULE", Fit::Cut}, {"ASKED"}, {"IN EFFECT"}, {"REASON", Fit::Cut}});
  for (const auto& rule : report.policy)
    if (all || !saidOfFunction(rule, report)) rules.add({rule.name, rule.requested, rule.effective, rule.reason});
  Table hooks({{"HOOK"}, {"ATTACHED"}, {"MANDATORY"}, {"CALLS"}});
  for (const auto& hook : report.hooks)
    if (all)
      hooks.add({hook.symbol + (hook.tracepoint ? " (tracepoint)" : ""), hook.attached ? "yes" : "NO",
                 hook.mandatory ? "yes" : "no", std::to_string(hook.hits)});
  for (const Table* table : {&functions, &rules, &hooks}) {
    if (table->empty()) continue;
    out << "\n";
    table->print(out, environment.width);
  }
}

}  // namespace

int status(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "status [OPTION]...",
      "Whether this host can intercept (Normal or Abnormal, with the reasons), the state of module, hooks,\n"
      "controller and rule set, the counters that are not zero, and of each function and rule what is asked for,\n"
      "what is in effect and why. Exit status 1 if Abnormal; 'holdfastctl doctor' says what mends it.\n",
      "  holdfastctl status\n"
      "  holdfastctl status --all    # with every rule and hook\n"
      "  holdfastctl status --output json | jq .events\n");
  line.options()("all", "with every rule, and a table of the hooks");
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto answer = line.call(environment, {"status"});
  if (!answer) return failed(environment, answer.error());
  const auto report = control::read<StatusReport>(*answer);
  if (!report) return failed(environment, report.error());
  if (line.json())
    printJson(environment, *answer);
  else
    print(*report, environment, line.values().count("all") != 0);
  return report->interceptable == "Normal" ? Done : Found;
}

}  // namespace holdfast::holdfastctl
