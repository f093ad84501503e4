// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/selftest_judge.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ostream>
#include <utility>

#include "base/json.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;

struct Check {
  const char* name;
  const char* description;
  const char* kind;  // of the event, null if the action must succeed without one
  const char* origin;
};

constexpr std::array kChecks = {
    Check{"image-exec", "start the image's own program", nullptr, nullptr},
    Check{"copied-exec", "start a copy of it in the container's layer", "exec", "added"},
    Check{"tmpfs-exec", "start a copy of it on a tmpfs", "exec", "memory"},
    Check{"memfd-exec", "start a copy of it in a memfd", "exec", "memory"},
    Check{"copied-map", "map a copied file executable", "map", "added"},
    // Nothing of the file may be read at mprotect: the kernel does not tell an added file from a changed one there.
    Check{"copied-mprotect", "make a mapped copied file executable", "mprotect", "changed"},
    Check{"image-exec-again", "start the image's own program again", nullptr, nullptr},
};

using Key = std::pair<std::string, std::string>;

std::string outcomeOf(const std::map<std::string, int>& outcomes, const char* name) {
  const auto found = outcomes.find(name);
  if (found == outcomes.end()) return "not tried";
  if (found->second == 0) return "ran";
  return found->second == EPERM ? "refused" : std::string("failed: ") + std::strerror(found->second);
}

}  // namespace

std::map<std::string, int> parseProbe(std::string_view output) {
  std::map<std::string, int> outcomes;
  while (!output.empty()) {
    const std::string_view line = output.substr(0, output.find('\n'));
    output.remove_prefix(std::min(line.size() + 1, output.size()));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    int value = 0;
    const char* end = line.data() + line.size();
    const auto parsed = std::from_chars(line.data() + space + 1, end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end) outcomes[std::string(line.substr(0, space))] = value;
  }
  return outcomes;
}

Verdict judge(const std::map<std::string, int>& outcomes, const control::SelftestReport& report) {
  std::map<Key, std::uint64_t> arrived;
  for (const auto& event : report.events)
    if (event.verdict == "deny") arrived[{event.kind, event.origin}] += event.count;

  Verdict verdict;
  verdict.ok = true;
  for (const Check& check : kChecks) {
    Finding finding{check.name,
                    check.description,
                    check.kind != nullptr,
                    outcomeOf(outcomes, check.name),
                    check.kind != nullptr,
                    false,
                    false};
    if (finding.event_expected) {
      // Each event accounts for one action.
      auto& left = arrived[{check.kind, check.origin}];
      finding.event_arrived = left > 0;
      left -= left > 0 ? 1 : 0;
    }
    finding.ok = finding.outcome == (finding.expected_refused ? "refused" : "ran") &&
                 finding.event_arrived == finding.event_expected;
    verdict.ok = verdict.ok && finding.ok;
    verdict.findings.push_back(std::move(finding));
  }
  for (const auto& [key, left] : arrived)
    if (left > 0) verdict.surprises.push_back(std::to_string(left) + " x " + key.first + " of origin " + key.second);
  for (const auto& event : report.events)
    if (event.verdict != "deny")
      verdict.surprises.push_back(event.kind + " of origin " + event.origin + ", verdict " + event.verdict);
  verdict.ok = verdict.ok && verdict.surprises.empty();
  return verdict;
}

json toJson(const Verdict& verdict) {
  json checks = json::array();
  for (const Finding& finding : verdict.findings)
    checks.push_back({{"name", finding.name},
                      {"description", finding.description},
                      {"expected", finding.expected_refused ? "refused" : "ran"},
                      {"outcome", finding.outcome},
                      {"event_expected", finding.event_expected},
                      {"event_arrived", finding.event_arrived},
                      {"ok", finding.ok}});
  return {{"ok", verdict.ok}, {"checks", std::move(checks)}, {"surprises", verdict.surprises}};
}

void print(const Verdict& verdict, std::ostream& out, std::size_t width) {
  Table table({{"ACTION", Fit::Cut}, {"EXPECTED"}, {"HAPPENED", Fit::Cut}, {"EVENT"}, {"RESULT"}});
  for (const Finding& finding : verdict.findings) {
    const char* event = finding.event_expected ? (finding.event_arrived ? "arrived" : "MISSING") : "none due";
    table.add({finding.description, finding.expected_refused ? "refused" : "ran", finding.outcome, event,
               finding.ok ? "ok" : "WRONG"});
  }
  table.print(out, width);
  for (const auto& surprise : verdict.surprises) out << "Not expected: " << safeUtf8(surprise) << "\n";
  out << (verdict.ok ? "\nThis host intercepts as it should.\n"
                     : "\nThis host does NOT intercept as it should: see 'holdfastctl status'.\n");
}

}  // namespace holdfast::holdfastctl
