// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/rules_explain.hpp"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <vector>

#include "base/digest_text.hpp"
#include "base/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/paged.hpp"
#include "rule/decide.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kPatience{3000};

/// A rule that applies to the container, as far as it matters here.
struct Applied {
  std::string name;
  std::string place;
};

struct Rules {
  rule::Profile profile;  // tag N is applied[N - 1]
  std::vector<Applied> applied;
};

std::string textOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> runtimeProgramsOf(const json& list) {
  std::vector<std::string> paths;
  for (const json& path : list.value("runtime_programs", json::array()))
    if (path.is_string()) paths.push_back(path.get<std::string>());
  return paths;
}

/// The lists are read anew: they may be long, and the daemon only names them.
rule::ProgramSet programsOf(const json& allowed) {
  std::vector<Sha256> digests;
  for (const json& program : allowed.value("programs", json::array())) {
    if (const auto digest = sha256FromText(program.is_string() ? program.get<std::string>() : std::string()))
      digests.push_back(*digest);
  }
  for (const json& list : allowed.value("program_lists", json::array())) {
    if (list.is_string()) (void)rule::readProgramList(list.get<std::string>(), digests);
  }
  return rule::makeProgramSet(std::move(digests));
}

/// Out of what the daemon says of the container and of the rules in force.
Rules rulesOf(const control::ContainerReport& report, const json& list) {
  Rules rules;
  const auto all = list.find("rules");
  if (all == list.end() || !all->is_array()) return rules;
  for (const auto& policy : report.rules) {
    for (const json& rule : *all) {
      if (!rule.is_object() || textOf(rule, "name") != policy.name || textOf(rule, "type") != "non-image-program")
        continue;
      rule::ProgramRule one;
      rules.applied.push_back({policy.name, textOf(rule, "file") + ":" + std::to_string(rule.value("line", 0))});
      one.tag = static_cast<std::uint32_t>(rules.applied.size());
      one.action = policy.effective == "block"   ? rule::Action::Block
                   : policy.effective == "alert" ? rule::Action::Alert
                                                 : rule::Action::Allow;
      const auto allowed = rule.value("allow_list", json::object());
      if (allowed.is_object() && allowed.contains("directories") && allowed["directories"].is_array()) {
        for (const json& directory : allowed["directories"])
          if (directory.is_string()) one.directories.push_back(directory.get<std::string>());
      }
      if (allowed.is_object()) one.programs = programsOf(allowed);
      rules.profile.rules.push_back(std::move(one));
    }
  }
  return rules;
}

const char* outcomeOf(rule::Action action) {
  switch (action) {
    case rule::Action::Block:
      return "refused";
    case rule::Action::Alert:
      return "reported";
    case rule::Action::Allow:
      return "allowed";
  }
  return "unknown";
}

/// A program, or an interpreter, by itself.
struct Judged {
  container::Program program;
  bool of_runtime = false;
  rule::Decision decision;
};

Judged judge(container::Program program, const Rules& rules, const std::vector<std::string>& runtime_programs,
             bool overlay_verified) {
  const bool on_overlay = program.origin == kernel::Origin::Image || program.origin == kernel::Origin::Changed ||
                          program.origin == kernel::Origin::Added;
  if (on_overlay && !overlay_verified) program.origin = kernel::Origin::Unknown;
  Judged judged;
  judged.of_runtime = container::isRuntimeProgram(program, runtime_programs);
  // What is not told apart is not judged either.
  const bool of_image = program.origin == kernel::Origin::Image || program.origin == kernel::Origin::Untold ||
                        (on_overlay && program.origin != kernel::Origin::Unknown && program.unchanged) ||
                        judged.of_runtime;
  judged.decision = rule::decide(rules.profile, of_image, program.path,
                                 program.not_by_digest.empty() ? program.digest : std::nullopt);
  judged.program = std::move(program);
  return judged;
}

/// What decides on all of them: the first that is refused, else the first that is reported.
const Judged& deciding(const std::vector<Judged>& all) {
  for (const auto action : {rule::Action::Block, rule::Action::Alert}) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Judged& one) { return one.decision.action == action; });
    if (found != all.end()) return *found;
  }
  return all.front();
}

json decisionJson(const rule::Decision& decision, const Rules& rules) {
  json out = {{"outcome", outcomeOf(decision.action)}, {"rule", nullptr}, {"exempt", json::array()}};
  if (decision.tag != 0) {
    const Applied& rule = rules.applied[decision.tag - 1];
    out["rule"] = {{"name", rule.name}, {"place", rule.place}};
  }
  for (const auto& exempt : decision.exempt)
    out["exempt"].push_back({{"rule", rules.applied[exempt.tag - 1].name}, {"directory", exempt.directory}});
  return out;
}

json toJson(const Judged& judged, const Rules& rules) {
  const auto& program = judged.program;
  json out = {{"path", safeUtf8(program.path)},
              {"origin", kernel::name(program.origin)},
              {"unchanged", program.unchanged},
              {"runtime_program", judged.of_runtime},
              {"layer", program.layer.empty() ? json(nullptr) : json(safeUtf8(program.layer))},
              {"digest", program.digest ? json(digestText(*program.digest)) : json(nullptr)},
              {"not_by_digest", program.not_by_digest},
              {"file_system", safeUtf8(program.file_system)}};
  out.update(decisionJson(judged.decision, rules));
  return out;
}

/// The first of all is the program.
json toJson(const control::ContainerReport& report, const std::vector<Judged>& all, const Rules& rules) {
  json out = toJson(all.front(), rules);
  out["interpreters"] = json::array();
  for (auto one = all.begin() + 1; one != all.end(); ++one) out["interpreters"].push_back(toJson(*one, rules));
  out.update(decisionJson(deciding(all).decision, rules));
  out.update({{"container", report.id},
              {"covered", report.covered},
              {"not_covered", report.not_covered},
              {"not_executable", safeUtf8(all.front().program.not_executable)}});
  return out;
}

std::string originText(const json& one) {
  return textOf(one, "origin") + (one["unchanged"] == true ? ", but with the bytes of the image's" : "") + ", on " +
         textOf(one, "file_system");
}

void print(const json& answer, const control::ContainerReport& report, std::ostream& out) {
  const auto line = [&out](std::string title, const std::string& value) {
    title.resize(14, ' ');
    if (!value.empty()) out << title << safeUtf8(value) << "\n";
  };
  line("Program", textOf(answer, "path"));
  line("Container", report.id);
  line("Origin", originText(answer));
  if (answer["runtime_program"] == true)
    line("Mounted by", "the runtime: a program of the host's, as 'runtime_programs' has it");
  line("Layer", textOf(answer, "layer"));
  const std::string digest = textOf(answer, "digest");
  const std::string ignored = textOf(answer, "not_by_digest");
  line("Digest", digest.empty() || ignored.empty() ? digest : digest + ", which exempts it from no rule: " + ignored);
  for (const auto& interpreter : answer["interpreters"])
    line("Started by", textOf(interpreter, "path") + ": " + originText(interpreter) + "; by itself it would be " +
                           textOf(interpreter, "outcome"));
  line("Would be", textOf(answer, "outcome"));
  if (answer["rule"].is_object())
    line("By rule", textOf(answer["rule"], "name") + ", " + textOf(answer["rule"], "place"));
  for (const auto& exempt : answer["exempt"])
    line("Exempt",
         "from rule " + textOf(exempt, "rule") +
             (textOf(exempt, "directory").empty() ? " by its list of programs"
                                                  : " by its allowed directory " + textOf(exempt, "directory")));
  if (!report.covered) line("Not covered", report.not_covered);
  if (!textOf(answer, "not_executable").empty())
    line("But", "it would not start anyway: " + textOf(answer, "not_executable"));
}

/// What the kernel starts the program by, one after the other, is put behind it: fs/exec.c, exec_binprm(). A path that
/// begins with no slash is taken for one from the root. What keeps one of them from being started keeps the program.
template <typename Find>
void addInterpreters(std::vector<container::Program>& programs, const Find& find) {
  constexpr std::size_t kScriptsMax = 5;
  for (bool is_script = true; is_script && !programs.back().interpreter.empty();) {
    const std::string path = programs.back().interpreter;
    is_script = programs.back().is_script;
    std::string why;
    if (is_script && programs.size() > kScriptsMax) {
      why = "there are more than " + std::to_string(kScriptsMax) + " before it";
    } else if (auto interpreter = find(path)) {
      why = interpreter->not_executable;
      if (!is_script && interpreter->size > container::kInterpreterDigestBytesMax)
        interpreter->not_by_digest = "it is larger than a program interpreter may be";
      programs.push_back(std::move(*interpreter));
    } else {
      why = interpreter.error().message;
    }
    auto& reason = programs.front().not_executable;
    if (reason.empty() && !why.empty()) reason = "its interpreter " + path + ": " + why;
    if (!why.empty()) return;
  }
}

}  // namespace

int explain(const control::ContainerReport& report, const json& list, std::vector<container::Program> programs,
            bool overlay_verified, bool as_json, const Environment& environment) {
  const Rules rules = rulesOf(report, list);
  const auto runtime_programs = runtimeProgramsOf(list);
  std::vector<Judged> all;
  for (auto& program : programs) all.push_back(judge(std::move(program), rules, runtime_programs, overlay_verified));
  const json answer = toJson(report, all, rules);
  if (as_json)
    printJson(environment, answer);
  else
    print(answer, report, environment.out);
  return deciding(all).decision.action == rule::Action::Allow ? Done : Found;
}

int rulesExplain(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "rules explain [OPTION]... CONTAINER PATH",
      "What would happen if a process of the container ran this program now: where the file comes from and the\n"
      "interpreters that the kernel starts it by, which rule decides, and which allowed directory or digest exempts "
      "it.\n"
      "PATH is looked up as the container sees it, from its root. Interpreters of binfmt_misc are not looked for.\n"
      "Needs root and the daemon. Exit status 0 if it would be allowed, 1 if refused or reported.\n",
      "  holdfastctl rules explain web /opt/plugins/geo.so\n"
      "  holdfastctl rules explain 4f1c9e /tmp/x --output json\n");
  line.arguments(2);
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().size() != 2) return line.wrongUse(environment, "which container, and which program in it?");
  const auto shown = line.call(environment, {"containers.show", control::IdParams{line.arguments()[0]}});
  if (!shown) return failed(environment, shown.error());
  const auto report = control::read<control::ContainerReport>(*shown);
  if (!report) return failed(environment, report.error());
  const auto list = fetchRules([&](const control::Request& request) { return line.call(environment, request); });
  if (!list) return failed(environment, list.error());
  const auto status = line.call(environment, {"status"});
  if (!status) return failed(environment, status.error());
  const auto host = control::read<control::StatusReport>(*status);
  if (!host) return failed(environment, host.error());

  const auto find = [&](const std::string& path) {
    return environment.find_program(*report, path, kPatience, container::Links::Followed);
  };
  auto program = find(line.arguments()[1]);
  if (!program) return failed(environment, program.error());
  std::vector<container::Program> programs = {std::move(*program)};
  addInterpreters(programs, find);
  return explain(*report, *list, std::move(programs), host->module.overlay_verified, line.json(), environment);
}

}  // namespace holdfast::holdfastctl
