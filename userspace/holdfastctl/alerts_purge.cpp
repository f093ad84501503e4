// SPDX-License-Identifier: Apache-2.0
#include <istream>
#include <ostream>
#include <string>

#include "alert/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/alert_filter.hpp"
#include "holdfastctl/since.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;
namespace po = boost::program_options;

/// The filter, without alerts that come from now on: who is asked has not seen them.
Result<alert::Filter> untilNow(const CommandLine& line, const Environment& environment, alert::Filter filter) {
  alert::Filter newest;
  newest.limit = 1;
  const auto answer = line.call(environment, {"alerts.list", toJson(newest)});
  if (!answer) return tl::unexpected(answer.error());
  const auto list = answer->find("alerts");
  if (list == answer->end() || !list->is_array()) return fail("holdfastd's answer is no list of alerts");
  if (list->empty()) {
    filter.before_id = 1;
    return filter;
  }
  const auto alert = alert::alertFromJson(list->front());
  if (!alert) return tl::unexpected(alert.error());
  filter.before_id = alert->id + 1;
  return filter;
}

Result<std::uint64_t> count(const CommandLine& line, const Environment& environment, const alert::Filter& filter) {
  const auto answer = line.call(environment, {"alerts.stats", toJson(filter)});
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->is_object()) return fail("holdfastd's answer is no statistics");
  return answer->value("alerts", std::uint64_t{0});
}

Result<control::PurgeReport> purge(const CommandLine& line, const Environment& environment, alert::Filter filter) {
  control::PurgeReport sum;
  filter.limit = alert::kListMax;
  do {
    const auto answer = line.call(environment, {"alerts.purge", toJson(filter)});
    if (!answer) return tl::unexpected(answer.error());
    const auto part = control::read<control::PurgeReport>(*answer);
    if (!part) return tl::unexpected(part.error());
    sum.removed += part->removed;
    sum.open += part->open;
    sum.operations += part->operations;
    sum.more = part->more && part->removed != 0;
  } while (sum.more);
  return sum;
}

/// No without a terminal: who pipes something in has not read the question.
bool confirmed(const Environment& environment, const std::string& question) {
  if (!environment.interactive) return false;
  environment.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(environment.in, answer);
  return answer == "y" || answer == "yes";
}

}  // namespace

int alertsPurge(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "alerts purge [OPTION]...",
      "Removes alerts for good: of those that the filter selects, the ones that somebody has handled. What was\n"
      "removed stays in the totals. Asks first, unless --yes. Only root may do this. See also 'alerts backup' and\n"
      "'alerts export', and keep_days and keep_count in holdfast.yaml.\n",
      "  holdfastctl alerts purge --older-than 90d\n"
      "  holdfastctl alerts purge --state ignored --yes\n"
      "  holdfastctl alerts purge --rule old-rule --unhandled\n");
  addFilterOptions(line);
  line.options()("before", po::value<std::string>()->value_name("TIME"), "last seen before: 2024-05-31T12:00:00Z")(
      "older-than", po::value<std::string>()->value_name("AGE"), "last seen before so long: 12h, 90d")(
      "all", "whatever it is")("unhandled", "also those that nobody has handled")("yes,y", "do not ask");
  if (const auto done = line.parse(arguments, environment)) return *done;
  auto filter = filterOf(line, environment);
  if (!filter) return line.wrongUse(environment, filter.error().message);
  const std::string before = line.text("before").empty() ? line.text("older-than") : line.text("before");
  if (!line.text("before").empty() && !line.text("older-than").empty())
    return line.wrongUse(environment, "either --before or --older-than");
  if (!before.empty()) {
    const auto time = parseSince(before, environment.now());
    if (!time) return line.wrongUse(environment, time.error().message);
    filter->before_real = *time;
  }
  if (!narrows(*filter) && line.values().count("all") == 0)
    return line.wrongUse(environment, "which alerts? A filter, or --all");
  if (filter->open) return line.wrongUse(environment, "--open: to remove what nobody has handled, say --unhandled");

  auto selected = untilNow(line, environment, *filter);
  if (!selected) return failed(environment, selected.error());
  auto open = *selected;
  open.open = true;
  const auto left = count(line, environment, open);
  if (!left) return failed(environment, left.error());
  const bool unhandled = line.values().count("unhandled") != 0;
  if (!unhandled) selected->open = false;
  const auto wanted = count(line, environment, *selected);
  if (!wanted) return failed(environment, wanted.error());

  if (*wanted != 0 && line.values().count("yes") == 0) {
    const std::string question = "Remove " + std::to_string(*wanted) + " alerts for good" +
                                 (unhandled ? ", of which nobody has handled " + std::to_string(*left) : "") + "?";
    if (!confirmed(environment, question))
      return failed(environment, Error{"nothing was removed; --yes does it without asking"});
  }
  const auto removed = *wanted == 0 ? control::PurgeReport{} : purge(line, environment, *selected);
  if (!removed) return failed(environment, removed.error());
  const std::uint64_t kept = unhandled ? 0 : *left;
  if (line.json()) {
    printJson(environment, {{"removed", removed->removed},
                            {"open", removed->open},
                            {"operations", removed->operations},
                            {"kept_unhandled", kept}});
    return Done;
  }
  environment.out << removed->removed << " alerts for " << removed->operations << " operations were removed.\n";
  if (kept != 0)
    environment.out << kept << " stay, as nobody has handled them: handle them, or remove them with --unhandled.\n";
  return Done;
}

}  // namespace holdfast::holdfastctl
