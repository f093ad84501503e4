// SPDX-License-Identifier: Apache-2.0
#include <ostream>
#include <utility>

#include "base/json.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/doctor_checks.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;

const char* word(const Judgement& judgement) {
  if (!judgement.findings.empty()) return "found";
  return judgement.unknown.empty() ? "ok" : "unknown";
}

void print(const Ailment& finding, const Environment& environment) {
  constexpr std::size_t kIndent = 12;
  std::ostream& out = environment.out;
  std::string severity = alert::name(finding.severity);
  severity.resize(kIndent, ' ');
  const std::string head = wrapped(safeUtf8(finding.what) + " [" + finding.check + "]", kIndent, environment.width);
  out << severity << head.substr(kIndent);
  out << wrapped(safeUtf8(finding.meaning), kIndent, environment.width);
  for (const auto& command : finding.commands) out << std::string(kIndent, ' ') << "# " << safeUtf8(command) << "\n";
  out << "\n";
}

void print(const FunctionNeeds& function, std::ostream& out) {
  out << "  " << function.function << "\n";
  for (const auto& need : function.prerequisites) {
    const bool no = need.met == Prerequisite::Met::No;
    out << "    " << (no ? "NO   " : need.met == Prerequisite::Met::Yes ? "yes  " : "?    ") << need.name;
    if (!need.why.empty()) out << ": " << safeUtf8(need.why);
    out << "\n";
  }
}

void print(const std::vector<CheckResult>& results, const std::vector<FunctionNeeds>& functions,
           const Environment& environment) {
  std::ostream& out = environment.out;
  std::size_t found = 0;
  for (const auto& result : results) {
    for (const auto& finding : result.judgement.findings) print(finding, environment);
    found += result.judgement.findings.size();
  }
  if (found == 0) out << "Nothing wrong was found, of " << results.size() << " things that were looked at.\n\n";
  bool first = true;
  for (const auto& [check, judgement] : results) {
    if (judgement.unknown.empty()) continue;
    if (std::exchange(first, false)) out << "Could not be told:\n";
    out << "  " << check->about << "? " << safeUtf8(judgement.unknown) << " [" << check->name << "]\n";
  }
  out << (first ? "" : "\n") << "What the functions need:\n";
  for (const auto& function : functions) print(function, out);
}

json report(const std::vector<CheckResult>& results, const std::vector<FunctionNeeds>& functions) {
  json out = {{"ok", true}, {"findings", json::array()}, {"checks", json::array()}, {"functions", json::array()}};
  for (const auto& [check, judgement] : results) {
    json row = {{"check", check->name}, {"about", check->about}, {"result", word(judgement)}};
    row["unknown"] = judgement.unknown.empty() ? json() : json(safeUtf8(judgement.unknown));
    out["checks"].push_back(std::move(row));
    for (const auto& finding : judgement.findings) {
      out["ok"] = false;
      json commands = json::array();
      for (const auto& command : finding.commands) commands.push_back(safeUtf8(command));
      out["findings"].push_back({{"check", finding.check},
                                 {"severity", alert::name(finding.severity)},
                                 {"what", safeUtf8(finding.what)},
                                 {"meaning", safeUtf8(finding.meaning)},
                                 {"commands", std::move(commands)}});
    }
  }
  for (const auto& function : functions) {
    json needs = json::array();
    for (const auto& need : function.prerequisites) {
      json met;
      if (need.met != Prerequisite::Met::Unknown) met = need.met == Prerequisite::Met::Yes;
      needs.push_back({{"name", need.name}, {"met", met}, {"why", safeUtf8(need.why)}});
    }
    out["functions"].push_back({{"function", function.function}, {"prerequisites", std::move(needs)}});
  }
  return out;
}

}  // namespace

int doctor(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "doctor [OPTION]...",
      "What is wrong with Holdfast on this host: the kernel, the module and how it was built, the\n"
      "controller, the store, the clock, the rules; for each what it means and the commands that mend it\n"
      "on Debian. Below that, what each function needs and whether this host has it. Changes nothing.\n"
      "Works without the controller and as far as it can without root. Exit status 1 if it found something.\n",
      "  holdfastctl doctor\n"
      "  holdfastctl doctor --output json | jq -r '.findings[] | .check, .commands[]'\n");
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto facts = gatherFacts(environment, line.text("socket"));
  const auto results = examine(facts);
  const auto functions = functionNeeds(facts, results);
  if (line.json())
    printJson(environment, report(results, functions));
  else
    print(results, functions, environment);
  for (const auto& result : results)
    if (!result.judgement.findings.empty()) return Found;
  return Done;
}

}  // namespace holdfast::holdfastctl
