// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <ostream>

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
  line(out, "Hooks", module.canary_at.empty() ? "not tried yet" : "all shown to fire at " + module.canary_at);
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

void printCounters(std::ostream& out, const StatusReport& report) {
  const auto& c = report.counters;
  const auto& e = report.events;
  const auto& s = report.store;
  line(out, "Containers",
       fmt::format("{}, of these not covered {}; unclassified programs {}", report.containers.total,
                   report.containers.not_covered, report.unclassified));
  line(out, "Members", fmt::format("{} processes, adopted {}", c.members, c.adopted));
  line(out, "Judged",
       fmt::format("{} execs, {} mappings: refused {}, reported {}", c.execs, c.maps, c.denied, c.alerted));
  line(out, "Queries",
       fmt::format("{}: answered {}, timed out {}, pending {}; not asked {}, defaulted {}", c.queries,
                   c.queries_answered, c.queries_timed_out, c.queries_pending, c.queries_refused, c.defaulted));
  line(out, "Events",
       fmt::format("{} seen = {} delivered + {} folded + {} queued + {} overflow", e.seen, e.delivered, e.folded,
                   e.queued, e.overflow));
  line(out, "Alerts",
       fmt::format("{} for {} operations ({} events, {} folded), removed {}; {} of Holdfast itself, removed {}",
                   s.alerts, s.operations, s.events, s.folded, s.removed, s.notices, s.removed_notices));
  for (const auto& output : report.outputs) {
    if (!output.on) continue;
    line(out, "Output",
         fmt::format("{}: delivered {}, waiting {}{}", output.name, output.delivered, output.waiting,
                     output.problem.empty() ? "" : "; " + output.problem));
  }
}

void print(const StatusReport& report, const Environment& environment) {
  std::ostream& out = environment.out;
  line(out, "Interceptable", report.interceptable);
  for (const auto& reason : report.reasons) out << "  - " << safeUtf8(reason) << "\n";
  printModule(out, report.module);
  line(out, "Controller",
       fmt::format("version {}, pid {}, since {}", report.controller.version, report.controller.pid,
                   report.controller.since));
  printRuleSet(out, report.controller.rule_set);
  printCounters(out, report);

  Table rules({{"RULE", Fit::Cut}, {"ASKED"}, {"IN EFFECT"}, {"REASON", Fit::Cut}});
  for (const auto& rule : report.policy) rules.add({rule.name, rule.requested, rule.effective, rule.reason});
  if (!rules.empty()) {
    out << "\n";
    rules.print(out, environment.width);
  }
  Table hooks({{"HOOK"}, {"ATTACHED"}, {"MANDATORY"}, {"CALLS"}});
  for (const auto& hook : report.hooks)
    hooks.add({hook.symbol + (hook.tracepoint ? " (tracepoint)" : ""), hook.attached ? "yes" : "NO",
               hook.mandatory ? "yes" : "no", std::to_string(hook.hits)});
  if (!hooks.empty()) {
    out << "\n";
    hooks.print(out, environment.width);
  }
}

}  // namespace

int status(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "status [OPTION]...",
      "Whether this host can intercept (Normal or Abnormal, with the reasons), the state of module, hooks,\n"
      "controller and rule set, and the counters. Exit status 1 if Abnormal.\n",
      "  holdfastctl status\n"
      "  holdfastctl status --output json | jq .events\n");
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto answer = line.call(environment, {"status"});
  if (!answer) return failed(environment, answer.error());
  const auto report = control::read<StatusReport>(*answer);
  if (!report) return failed(environment, report.error());
  if (line.json())
    printJson(environment, *answer);
  else
    print(*report, environment);
  return report->interceptable == "Normal" ? Done : Found;
}

}  // namespace holdfast::holdfastctl
