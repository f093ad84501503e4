// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "alert/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/alert_filter.hpp"

namespace holdfast::holdfastctl {
namespace {

namespace po = boost::program_options;

struct Words {
  const char* name;     // of the command
  const char* request;  // of the control socket
  const char* about;
  const char* done;  // "N alerts …"
};

constexpr Words kHandle = {"handle", "alerts.handle",
                           "Marks alerts as handled: somebody has looked and done what was to be done.\n", "handled"};
constexpr Words kIgnore = {"ignore", "alerts.ignore",
                           "Marks alerts as ignored: looked at, and nothing needs to be done.\n", "ignored"};

int handle(const Arguments& arguments, const Environment& environment, const Words& words) {
  CommandLine line(
      std::string("alerts ") + words.name + " [OPTION]... [ID]...",
      std::string(words.about) +
          "Who did it, when, and the note stay with the alert. The states 'blocked', 'process terminated',\n"
          "'process not exists' and 'allow-listed' say what happened and stay; such an alert is handled by its note\n"
          "alone. What happens again after that is a new alert. Instead of ids a filter selects alerts: of those the\n"
          "ones that nobody has handled yet. Only root may do this.\n",
      std::string("  holdfastctl alerts ") + words.name + " 17 18 --note 'test of the new image'\n" +
          "  holdfastctl alerts " + words.name + " --rule web-runs-only-its-image --since 2h\n");
  addFilterOptions(line);
  line.options()("all", "all that nobody has handled")("note", po::value<std::string>()->value_name("TEXT"),
                                                       "why, or what was done; up to 1024 bytes");
  line.arguments(-1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  auto filter = filterOf(line, environment);
  if (!filter) return line.wrongUse(environment, filter.error().message);
  auto ids = idsOf(line.arguments());
  if (!ids) return line.wrongUse(environment, ids.error().message);
  const bool all = line.values().count("all") != 0;
  if (ids->size() > alert::kListMax) return line.wrongUse(environment, "at most 1000 ids at once");
  if (!ids->empty() && (all || narrows(*filter))) return line.wrongUse(environment, "either ids or a filter, not both");
  if (ids->empty() && !all && !narrows(*filter))
    return line.wrongUse(environment, "which alerts? Ids, a filter, or --all");
  if (line.text("note").size() > alert::kNoteMax) return line.wrongUse(environment, "a note has at most 1024 bytes");
  filter->ids = std::move(*ids);

  const auto answer =
      line.call(environment, {words.request, control::HandleParams{toJson(*filter), line.text("note")}});
  if (!answer) return failed(environment, answer.error());
  if (line.json()) {
    printJson(environment, *answer);
    return Done;
  }
  const auto report = control::read<control::HandleReport>(*answer);
  if (!report) return failed(environment, report.error());
  environment.out << report->handled << (report->handled == 1 ? " alert " : " alerts ") << words.done;
  if (report->state_kept != 0)
    environment.out << "; of these " << report->state_kept << (report->state_kept == 1 ? " keeps its" : " keep their")
                    << " state, which says what happened";
  environment.out << ".\n";
  return Done;
}

}  // namespace

int alertsHandle(const Arguments& arguments, const Environment& environment) {
  return handle(arguments, environment, kHandle);
}
int alertsIgnore(const Arguments& arguments, const Environment& environment) {
  return handle(arguments, environment, kIgnore);
}

}  // namespace holdfast::holdfastctl
