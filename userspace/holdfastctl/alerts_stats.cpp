// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ostream>

#include "alert/json.hpp"
#include "holdfastctl/alert_filter.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;

std::string countOf(const json& share, const char* key) { return std::to_string(share.value(key, std::uint64_t{0})); }

void print(const json& stats, const Environment& environment) {
  environment.out << countOf(stats, "alerts") << " alerts for " << countOf(stats, "operations")
                  << " operations; nobody has handled " << countOf(stats, "open") << "\n";
  const json by = stats.value("by", json::object());
  for (const char* property : {"type", "severity", "state", "rule", "container", "image", "day"}) {
    std::string title = property;
    std::ranges::transform(title, title.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    Table table({{title, Fit::Cut}, {"ALERTS"}, {"OPEN"}, {"OPERATIONS"}});
    for (const json& share : by.value(property, json::array())) {
      const auto value = share.find("value");
      const bool known = value != share.end() && value->is_string();
      table.add({known ? value->get<std::string>() : "-", countOf(share, "alerts"), countOf(share, "open"),
                 countOf(share, "operations")});
    }
    if (table.empty()) continue;
    environment.out << "\n";
    table.print(environment.out, environment.width);
  }
}

}  // namespace

int alertsStats(const Arguments& arguments, const Environment& environment) {
  CommandLine line("alerts stats [OPTION]...",
                   "How many alerts are stored, for how many operations, and how many of them nobody has handled: by\n"
                   "type, severity, state, rule, container, image and day (UTC, of the last operation).\n",
                   "  holdfastctl alerts stats --since 7d\n"
                   "  holdfastctl alerts stats --output json | jq '.by.container[:10]'\n");
  addFilterOptions(line);
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto filter = filterOf(line, environment);
  if (!filter) return line.wrongUse(environment, filter.error().message);
  const auto answer = line.call(environment, {"alerts.stats", toJson(*filter)});
  if (!answer) return failed(environment, answer.error());
  if (!answer->is_object()) return failed(environment, Error{"holdfastd's answer is no statistics"});
  if (line.json())
    printJson(environment, *answer);
  else
    print(*answer, environment);
  return Done;
}

}  // namespace holdfast::holdfastctl
