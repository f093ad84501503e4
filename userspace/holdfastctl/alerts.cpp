// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "alert/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/alert_filter.hpp"
#include "holdfastctl/alert_text.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;
namespace po = boost::program_options;

Result<void> printList(const json& answer, const Environment& environment) {
  Table table(
      {{"ID"}, {"LAST (UTC)"}, {"SEVERITY"}, {"STATE"}, {"CONTAINER", Fit::Cut}, {"COUNT"}, {"WHAT", Fit::Cut}});
  for (const json& item : answer["alerts"]) {
    const auto alert = alert::alertFromJson(item);
    if (!alert) return tl::unexpected(alert.error());
    table.add(rowOf(*alert));
  }
  if (table.empty()) {
    environment.out << "No alerts.\n";
    return {};
  }
  table.print(environment.out, environment.width);
  const auto more = answer.find("more");
  if (more != answer.end() && *more == true) environment.out << "There may be more: see --limit and --since.\n";
  return {};
}

/// The list, put together from as many answers as it takes: each fits one message.
Result<json> fetchList(const CommandLine& line, const Environment& environment, alert::Filter filter) {
  json list;
  for (std::size_t left = filter.limit;;) {
    filter.limit = left;
    auto page = line.call(environment, {"alerts.list", toJson(filter)});
    if (!page) return page;
    const auto alerts = page->find("alerts");
    if (alerts == page->end() || !alerts->is_array()) return fail("holdfastd's answer is no list of alerts");
    const std::size_t got = alerts->size();
    if (list.is_null()) {
      list = std::move(*page);
    } else {
      list["more"] = (*page)["more"];
      for (auto& item : *alerts) list["alerts"].push_back(std::move(item));
    }
    if (got == 0 || got >= left || list["more"] != true) return list;
    const auto oldest = alert::alertFromJson(list["alerts"].back());
    if (!oldest) return tl::unexpected(oldest.error());
    filter.before_id = oldest->id;
    left -= got;
  }
}

}  // namespace

int alertsList(const Arguments& arguments, const Environment& environment) {
  CommandLine line("alerts list [OPTION]...", "Alerts, the newest first. All filters given must match.\n",
                   "  holdfastctl alerts list\n"
                   "  holdfastctl alerts list --container web --since 1h\n"
                   "  holdfastctl alerts list --severity urgent --state unhandled --output json | jq '.alerts[].id'\n");
  addFilterOptions(line);
  line.options()("limit", po::value<std::size_t>()->default_value(100)->value_name("N"), "at most so many, up to 1000");
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto filter = filterOf(line, environment);
  if (!filter) return line.wrongUse(environment, filter.error().message);
  const auto answer = fetchList(line, environment, *filter);
  if (!answer) return failed(environment, answer.error());
  if (line.json()) {
    printJson(environment, *answer);
    return Done;
  }
  const auto printed = printList(*answer, environment);
  return printed ? Done : failed(environment, printed.error());
}

int alertsShow(const Arguments& arguments, const Environment& environment) {
  CommandLine line("alerts show [OPTION]... ID",
                   "One alert in full: container, program and origin, rule with file and line, process with its\n"
                   "ancestors, how often, and what to do next. ID is the number that 'alerts list' shows.\n",
                   "  holdfastctl alerts show 17\n"
                   "  holdfastctl alerts show 17 --output json\n");
  line.arguments(1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().empty())
    return line.wrongUse(environment, "which alert? 'holdfastctl alerts list' shows their ids");
  const auto ids = idsOf(line.arguments());
  if (!ids) return line.wrongUse(environment, ids.error().message);
  const control::AlertParams params{ids->front()};
  const auto answer = line.call(environment, {"alerts.show", params});
  if (!answer) return failed(environment, answer.error());
  if (line.json()) {
    printJson(environment, *answer);
    return Done;
  }
  const auto alert = alert::alertFromJson(*answer);
  if (!alert) return failed(environment, alert.error());
  environment.out << fullText(*alert, environment.width);
  return Done;
}

int alertsFollow(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "alerts follow [OPTION]...",
      "Alerts as they come, until interrupted; an alert that is counted up comes again. With --output json\n"
      "one object a line. A reader that is too slow is cut off, and the exit status is 2.\n",
      "  holdfastctl alerts follow\n"
      "  holdfastctl alerts follow --severity urgent --output json | while read -r alert; do ...; done\n");
  addFilterOptions(line);
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto filter = filterOf(line, environment);
  if (!filter) return line.wrongUse(environment, filter.error().message);
  const auto followed =
      environment.follow(line.text("socket"), {"alerts.follow", toJson(*filter)}, [&](const json& item) {
        if (line.json()) {
          environment.out << item.dump(-1, ' ', true, json::error_handler_t::replace) << std::endl;
        } else if (const auto alert = alert::alertFromJson(item)) {
          environment.out << lineOf(*alert) << std::endl;
        }
        return environment.out.good();
      });
  return followed ? Done : failed(environment, followed.error());
}

}  // namespace holdfast::holdfastctl
