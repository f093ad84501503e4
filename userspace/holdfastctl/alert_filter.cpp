// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/alert_filter.hpp"

#include <charconv>

#include "alert/json.hpp"
#include "holdfastctl/since.hpp"

namespace holdfast::holdfastctl {

namespace po = boost::program_options;

void addFilterOptions(CommandLine& line) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  line.options()("container", text("ID"), "only of this container: id, its beginning, or name")("rule", text("NAME"),
                                                                                                "only of this rule")(
      "type", text("TYPE"),
      "container-active-defense, container-escape-prevention, risk-image-blocking or "
      "protection-status")("severity", text("SEVERITY"), "urgent, suspicious or reminder")(
      "state", text("STATE"),
      "unhandled, handled, ignored, allow-listed, blocked, process-terminated or "
      "process-not-exists")("kind", text("KIND"), "what happened: exec, map, mprotect, interpreter, ptrace, ...")(
      "open", "only those that nobody has handled")("since", text("TIME"),
                                                    "seen since: 30m, 2h, 7d, or 2024-05-31T12:00:00Z");
}

Result<alert::Filter> filterOf(const CommandLine& line, const Environment& environment) {
  alert::Filter filter;
  filter.container = line.text("container");
  filter.rule = line.text("rule");
  filter.type = line.text("type");
  filter.severity = line.text("severity");
  filter.state = line.text("state");
  filter.kind = line.text("kind");
  if (line.values().count("open") != 0) filter.open = true;
  if (const std::string since = line.text("since"); !since.empty()) {
    const auto time = parseSince(since, environment.now());
    if (!time) return tl::unexpected(time.error());
    filter.since_real = *time;
  }
  if (line.values().count("limit") != 0) filter.limit = line.values()["limit"].as<std::size_t>();
  // The same check as the daemon's, so that wrong use is told from what could not be done.
  return alert::filterFromJson(toJson(filter));
}

bool narrows(const alert::Filter& filter) {
  return !filter.container.empty() || !filter.rule.empty() || !filter.type.empty() || !filter.severity.empty() ||
         !filter.state.empty() || !filter.kind.empty() || filter.open || filter.since_real != 0 ||
         filter.before_real != 0 || !filter.ids.empty();
}

Result<std::vector<std::int64_t>> idsOf(const Arguments& arguments) {
  std::vector<std::int64_t> ids;
  for (const std::string& text : arguments) {
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || id < 1)
      return fail("an alert's id is a number, not '" + text + "'");
    ids.push_back(id);
  }
  return ids;
}

}  // namespace holdfast::holdfastctl
