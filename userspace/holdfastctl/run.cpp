// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <ostream>

#include "base/json.hpp"
#include "holdfastctl/environment.hpp"

namespace holdfast::holdfastctl {
namespace {

struct Command {
  const char* group;
  const char* name;  // null: the group is the command
  const char* summary;
  int (*run)(const Arguments&, const Environment&);
};

constexpr std::array kCommands = {
    Command{"status", nullptr, "can this host intercept? module, hooks, controller, rules, counters", &status},
    Command{"doctor", nullptr, "what is wrong with this host, and the commands that mend it", &doctor},
    Command{"selftest", nullptr, "harmless actions in a scratch container; each must be noticed", &selftest},
    Command{"rules", "check", "check rule files, those installed or others, without the daemon", &rulesCheck},
    Command{"rules", "list", "the rules in force, and what is in effect of each", &rulesList},
    Command{"rules", "show", "one rule", &rulesShow},
    Command{"rules", "explain", "what would happen if a container ran a program now, and why", &rulesExplain},
    Command{"rules", "test", "what rules would do with a container, a program or recorded alerts", &rulesTest},
    Command{"rules", "suggest", "the narrowest allow entries that would have kept recorded alerts quiet",
            &rulesSuggest},
    Command{"rules", "add", "add a rule, from a template or a file", &rulesAdd},
    Command{"rules", "edit", "change a custom rule, in an editor or key by key", &rulesEdit},
    Command{"rules", "copy", "copy a rule under another name", &rulesCopy},
    Command{"rules", "enable", "turn a rule on, in its file", &rulesEnable},
    Command{"rules", "disable", "turn a rule off, in its file", &rulesDisable},
    Command{"rules", "delete", "delete a custom rule from its file", &rulesDelete},
    Command{"containers", nullptr, "what runs, from which image, and whether it is covered", &containers},
    Command{"alerts", "list", "alerts, the newest first", &alertsList},
    Command{"alerts", "show", "one alert in full, and what to do next", &alertsShow},
    Command{"alerts", "follow", "alerts as they come", &alertsFollow},
    Command{"alerts", "handle", "somebody has seen to it: who, when, and a note", &alertsHandle},
    Command{"alerts", "ignore", "likewise, and nothing needs to be done", &alertsIgnore},
    Command{"alerts", "allow-list", "exempt what an alert is about from its rule, in the rule's file",
            &alertsAllowList},
    Command{"alerts", "stats", "how many, by type, severity, state, rule, container, image, day", &alertsStats},
    Command{"alerts", "export", "all as JSON lines: native, ECS, OCSF", &alertsExport},
    Command{"alerts", "backup", "a copy of the store", &alertsBackup},
    Command{"alerts", "purge", "remove alerts for good", &alertsPurge},
    Command{"metrics", nullptr, "counters, latencies and status for Prometheus", &metrics},
};

void help(std::ostream& out, const std::string& group) {
  out << "Usage: holdfastctl COMMAND [OPTION]...\n\nHoldfast lets a container run only what its image shipped. "
         "Commands:\n\n";
  for (const Command& command : kCommands) {
    if (!group.empty() && group != command.group) continue;
    std::string name = command.group;
    if (command.name != nullptr) name += std::string(" ") + command.name;
    name.resize(18, ' ');
    out << "  " << name << command.summary << "\n";
  }
  out << "\nEach takes --help, which shows its options and examples, and --output table|json.\n"
         "Begin with 'holdfastctl status'. Root may do all, members of the group holdfast may look.\n"
         "Exit status: 0 done, 1 found something, 2 wrong use or could not be done.\n";
}

int wrongUse(const Environment& environment, const std::string& why) {
  environment.err << "holdfastctl: " << safeUtf8(why) << "\nSee 'holdfastctl --help'\n";
  return Failed;
}

/// Options before the command are as good as after it: they are moved to the end.
Arguments commandFirst(Arguments arguments) {
  const std::size_t count = arguments.size();
  for (std::size_t moved = 0; moved < count && arguments[0].starts_with("-");) {
    const std::string& option = arguments[0];
    const bool valued = option == "--output" || option == "-o" || option == "--socket";
    const std::size_t words = std::min<std::size_t>(valued ? 2 : 1, count);
    std::rotate(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(words), arguments.end());
    moved += words;
  }
  return arguments;
}

bool asksForHelp(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

}  // namespace

std::vector<Arguments> commands() {
  std::vector<Arguments> all;
  for (const Command& command : kCommands) {
    all.push_back({command.group});
    if (command.name != nullptr) all.back().emplace_back(command.name);
  }
  return all;
}

int run(const Arguments& given, const Environment& environment) {
  const Arguments arguments = commandFirst(given);
  if (arguments.empty()) {
    help(environment.err, "");
    return Failed;
  }
  const std::string& group = arguments[0];
  if (asksForHelp(group)) {
    help(environment.out, "");
    return Done;
  }
  if (group == "--version") {
    environment.out << "holdfastctl " HOLDFAST_VERSION "\n";
    return Done;
  }
  bool known = false;
  for (const Command& command : kCommands) {
    if (group != command.group) continue;
    known = true;
    if (command.name == nullptr) return command.run({arguments.begin() + 1, arguments.end()}, environment);
    if (arguments.size() > 1 && arguments[1] == command.name)
      return command.run({arguments.begin() + 2, arguments.end()}, environment);
  }
  if (!known) return wrongUse(environment, "there is no command '" + group + "'");
  if (arguments.size() > 1 && asksForHelp(arguments[1])) {
    help(environment.out, group);
    return Done;
  }
  return wrongUse(environment, arguments.size() > 1
                                   ? "there is no command '" + group + " " + arguments[1] + "'"
                                   : "'" + group + "' needs one more word, as in '" + group + " list'");
}

}  // namespace holdfast::holdfastctl
