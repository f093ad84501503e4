// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "alert/json.hpp"
#include "alert/siem.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/alert_filter.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;
namespace po = boost::program_options;

using Form = json (*)(const alert::Alert&);

Form formOf(const std::string& name) {
  if (name == "native") return [](const alert::Alert& alert) { return toJson(alert); };
  if (name == "ecs") return &alert::toEcs;
  if (name == "ocsf") return &alert::toOcsf;
  return nullptr;
}

Result<std::vector<alert::Alert>> page(const CommandLine& line, const Environment& environment,
                                       const alert::Filter& filter) {
  const auto answer = line.call(environment, {"alerts.list", toJson(filter)});
  if (!answer) return tl::unexpected(answer.error());
  const auto list = answer->find("alerts");
  if (list == answer->end() || !list->is_array()) return fail("holdfastd's answer is no list of alerts");
  std::vector<alert::Alert> alerts;
  for (const json& item : *list) {
    auto alert = alert::alertFromJson(item);
    if (!alert) return tl::unexpected(alert.error());
    alerts.push_back(std::move(*alert));
  }
  return alerts;
}

/// Each that is there now, once and in order; what comes meanwhile is not among them.
Result<void> exportAll(const CommandLine& line, const Environment& environment, alert::Filter filter, Form form) {
  filter.limit = 1;
  const auto newest = page(line, environment, filter);
  if (!newest) return tl::unexpected(newest.error());
  if (newest->empty()) return {};
  filter.before_id = newest->front().id + 1;
  filter.after_id = 0;
  filter.limit = alert::kListMax;
  for (;;) {
    const auto alerts = page(line, environment, filter);
    if (!alerts) return tl::unexpected(alerts.error());
    if (alerts->empty()) return {};
    for (const auto& alert : *alerts) {
      if (alert.id <= filter.after_id) return fail("holdfastd's answer is out of order");
      filter.after_id = alert.id;
      environment.out << form(alert).dump(-1, ' ', true, json::error_handler_t::replace) << "\n";
    }
    if (!environment.out) return fail("the output cannot be written");
  }
}

}  // namespace

int alertsExport(const Arguments& arguments, const Environment& environment) {
  CommandLine line("alerts export [OPTION]...",
                   "All alerts as JSON lines to standard output, the oldest first: in Holdfast's own form, as Elastic\n"
                   "Common Schema 8.17 or as Open Cybersecurity Schema Framework 1.3 (Detection Finding).\n",
                   "  holdfastctl alerts export >alerts.jsonl\n"
                   "  holdfastctl alerts export --format ocsf --since 1d | gzip >findings.jsonl.gz\n");
  addFilterOptions(line);
  line.options()("format", po::value<std::string>()->default_value("native")->value_name("native|ecs|ocsf"),
                 "which form");
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto filter = filterOf(line, environment);
  if (!filter) return line.wrongUse(environment, filter.error().message);
  const Form form = formOf(line.text("format"));
  if (form == nullptr) return line.wrongUse(environment, "--format is native, ecs or ocsf");
  const auto done = exportAll(line, environment, *filter, form);
  return done ? Done : failed(environment, done.error());
}

}  // namespace holdfast::holdfastctl
