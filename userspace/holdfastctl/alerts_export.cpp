// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "alert/json.hpp"
#include "alert/siem.hpp"
#include "holdfastctl/alert_filter.hpp"
#include "holdfastctl/paged.hpp"

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
  const auto done =
      forEachAlert([&](const control::Request& request) { return line.call(environment, request); }, *filter,
                   [&](const alert::Alert& alert) -> Result<void> {
                     environment.out << form(alert).dump(-1, ' ', true, json::error_handler_t::replace) << "\n";
                     if (!environment.out) return fail("the output cannot be written");
                     return {};
                   });
  return done ? Done : failed(environment, done.error());
}

}  // namespace holdfast::holdfastctl
