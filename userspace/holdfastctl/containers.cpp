// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <ostream>
#include <string>

#include "base/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/paged.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::holdfastctl {
namespace {

using control::ContainerReport;

std::string shortId(const std::string& id) {
  constexpr std::size_t kShown = 12;  // as the runtimes' own tools have it
  const bool hexadecimal = id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hexadecimal ? id.substr(0, kShown) : id;
}

std::string coverage(const ContainerReport& report) {
  if (!report.covered) return "NO: " + report.not_covered;
  return report.defaulted ? "default rules" : "yes";
}

std::string ruleNames(const ContainerReport& report) {
  std::string names;
  for (const auto& rule : report.rules) names += (names.empty() ? "" : ", ") + rule.name + " (" + rule.effective + ")";
  return names.empty() ? "none" : names;
}

/// "docker/runc", or the one that is known.
std::string runtimeOf(const ContainerReport& report) {
  if (report.engine.empty() || report.runtime.empty()) return orUnknown(report.engine + report.runtime);
  return report.engine + "/" + report.runtime;
}

void printList(const std::vector<ContainerReport>& reports, const Environment& environment) {
  Table table({{"CONTAINER", Fit::Cut},
               {"RUNTIME"},
               {"STATE"},
               {"PROCESSES"},
               {"IMAGE", Fit::Cut},
               {"COVERED", Fit::Cut},
               {"RULES", Fit::Cut}});
  for (const auto& report : reports)
    table.add(
        {report.name.empty() || report.name == report.id ? shortId(report.id) : report.name + " " + shortId(report.id),
         runtimeOf(report), orUnknown(report.state), std::to_string(report.members), orUnknown(report.image),
         coverage(report), ruleNames(report)});
  if (table.empty()) {
    environment.out << "No containers run.\n";
    return;
  }
  table.print(environment.out, environment.width);
  // whole, which the table may have no room for
  std::map<std::string, std::size_t> reasons;
  for (const auto& report : reports)
    if (!report.covered) ++reasons[report.not_covered];
  if (!reasons.empty()) environment.out << "\n";
  for (const auto& [reason, count] : reasons) environment.out << count << " not covered: " << safeUtf8(reason) << "\n";
}

void printRules(std::ostream& out, const char* title, const std::vector<control::RulePolicy>& rules) {
  if (rules.empty()) return;
  out << title << "\n";
  for (const auto& rule : rules) {
    out << "  " << safeUtf8(rule.name) << ": asked " << safeUtf8(rule.requested) << ", in effect "
        << safeUtf8(rule.effective);
    out << (rule.reason.empty() ? "" : ": " + safeUtf8(rule.reason)) << "\n";
  }
}

void printPosture(std::ostream& out, const control::PostureReport& posture) {
  if (posture.findings.empty()) return;
  out << "What makes an escape easy:\n";
  for (const auto& finding : posture.findings) {
    std::string severity = safeUtf8(finding.severity);
    severity.resize(8, ' ');
    out << "  " << severity << safeUtf8(finding.id) << ": " << safeUtf8(finding.about) << "\n";
    for (const auto& detail : finding.details) out << std::string(12, ' ') << safeUtf8(detail) << "\n";
    if (finding.more != 0) out << std::string(12, ' ') << "and " << finding.more << " more\n";
  }
}

/// In a line.
std::string summaryOf(const control::PostureReport& posture) {
  if (!posture.known) return "unknown: " + posture.unknown;
  return posture.findings.empty() ? "nothing that makes an escape easy" : "what makes an escape easy is listed below";
}

void printOne(const ContainerReport& r, const Environment& environment) {
  std::ostream& out = environment.out;
  const auto line = [&out](std::string title, const std::string& text) {
    title.resize(14, ' ');
    out << title << safeUtf8(text) << "\n";
  };
  line("Container", orUnknown(r.id));
  if (r.name != r.id) line("Name", orUnknown(r.name));
  line("Runtime", runtimeOf(r) + ", " + orUnknown(r.state) + ", first process " + std::to_string(r.init_pid));
  line("Image", orUnknown(r.image));
  for (const auto& digest : r.digests) line("  digest", digest);
  line("Pod", r.pod.empty() ? "unknown" : r.pod_namespace + "/" + r.pod);
  line("Control group", r.cgroup_path + " (" + std::to_string(r.cgroup_id) + ")");
  line("Processes", std::to_string(r.members));
  line("Covered", coverage(r));
  line("Profile", std::to_string(r.profile_id) + " of policy generation " + std::to_string(r.generation));
  if (r.overflow != 0) line("Overflow", std::to_string(r.overflow) + " events were only counted");
  line("Posture", summaryOf(r.posture));
  printPosture(out, r.posture);
  printRules(out, "Rules that apply:", r.rules);
  printRules(out, "Rules that do not:", r.skipped);
}

}  // namespace

int containers(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "containers [OPTION]... [ID]",
      "The containers of this host, their images, and whether and under which rules they are covered. ID is\n"
      "an id or the beginning of one, a name, or the number of the control group. Of one container also its\n"
      "posture: what it was given at its start that makes an escape easy.\n",
      "  holdfastctl containers\n"
      "  holdfastctl containers 4f1c9e --output json\n"
      "  holdfastctl containers web\n");
  line.arguments(1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto ask = [&](const control::Request& request) { return line.call(environment, request); };
  if (line.arguments().empty()) {
    const auto reports = fetchContainers(ask);
    if (!reports) return failed(environment, reports.error());
    if (line.json())
      printJson(environment, *reports);
    else
      printList(*reports, environment);
    return Done;
  }
  const auto answer = ask({"containers.show", control::IdParams{line.arguments()[0]}});
  const auto report = answer ? control::read<ContainerReport>(*answer) : tl::unexpected(answer.error());
  if (!report) return failed(environment, report.error());
  if (line.json())
    printJson(environment, *answer);
  else
    printOne(*report, environment);
  return Done;
}

}  // namespace holdfast::holdfastctl
