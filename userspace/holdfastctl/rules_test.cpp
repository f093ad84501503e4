// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <ostream>
#include <sstream>

#include "alert/exemption.hpp"
#include "alert/json.hpp"
#include "base/digest_text.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/change_report.hpp"
#include "holdfastctl/container_program.hpp"
#include "holdfastctl/table.hpp"
#include "rule/decide.hpp"
#include "rule/image_reference.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;
namespace po = boost::program_options;
using Strings = std::vector<std::string>;

constexpr std::size_t kEventsBytesMax = 256UL * 1024 * 1024;
constexpr std::string_view kOrigins[] = {"image", "changed", "added", "volume", "memory", "host", "untold", "unknown"};
constexpr std::string_view kProgramKinds[] = {"exec", "map", "mprotect", "interpreter", "unverified"};

Strings given(const CommandLine& line, const char* option) {
  return line.values().count(option) == 0 ? Strings() : line.values()[option].as<Strings>();
}

const char* wouldBe(rule::Action action) {
  return action == rule::Action::Block ? "block" : action == rule::Action::Alert ? "alert" : "allow";
}

bool isOfImage(std::string_view origin) { return origin == "image" || origin == "untold"; }

/// The container that the options describe, or that the daemon knows.
Result<rule::ImageFacts> factsOf(const CommandLine& line, const Environment& environment) {
  rule::ImageFacts facts;
  if (line.values().count("container") != 0) {
    const auto answer = line.call(environment, {"containers.show", control::IdParams{line.text("container")}});
    if (!answer) return tl::unexpected(answer.error());
    const auto report = control::read<control::ContainerReport>(*answer);
    if (!report) return tl::unexpected(report.error());
    if (!report->image.empty()) facts.reference = report->image;
    facts.digests = report->digests;
  }
  if (line.values().count("image") != 0) {
    facts.reference = line.text("image");
    if (!rule::parseReference(*facts.reference)) return fail("--image is no image reference: " + *facts.reference);
  }
  for (const auto& digest : given(line, "digest")) {
    if (!rule::isDigest(digest)) return fail("--digest takes sha256: and 64 hexadecimal digits, not " + digest);
    facts.digests.push_back(digest);
  }
  for (const auto& label : given(line, "label")) {
    const auto equals = label.find('=');
    if (equals == std::string::npos) return fail("--label takes KEY=VALUE, not " + label);
    facts.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return facts;
}

std::optional<Sha256> programDigest(const CommandLine& line) { return sha256FromText(line.text("program-digest")); }

int testContainer(const CommandLine& line, const rule::RuleSet& set, const rule::HostConfig& config,
                  const Environment& environment) {
  const auto facts = factsOf(line, environment);
  if (!facts) return failed(environment, facts.error());
  const std::string path = line.text("path");
  const std::string origin = line.text("origin");
  json out = {{"rules", json::array()}};
  Table table({{"RULE", Fit::Cut}, {"TYPE"}, {"APPLIES"}, {"ACTION"}, {"WHY NOT", Fit::Cut}});
  for (const auto& judged : rule::judge(set, config, *facts)) {
    const auto& rule = *judged.rule;
    const bool applies = judged.reason.empty();
    table.add({rule.name, rule::name(rule.type), applies ? "yes" : "no", rule::name(rule.action), judged.reason});
    out["rules"].push_back({{"name", rule.name},
                            {"type", rule::name(rule.type)},
                            {"applies", applies},
                            {"action", rule::name(rule.action)},
                            {"reason", safeUtf8(judged.reason)}});
  }
  const auto decision = rule::decide(rule::compile(set, config, *facts), isOfImage(origin), path, programDigest(line));
  const auto* by = set.find(decision.tag);
  if (!path.empty()) {
    out["program"] = {{"path", safeUtf8(path)},
                      {"origin", origin},
                      {"outcome", wouldBe(decision.action)},
                      {"rule", by == nullptr ? json(nullptr) : json(by->name)},
                      {"exempt", json::array()}};
    for (const auto& exempt : decision.exempt)
      out["program"]["exempt"].push_back({{"rule", set.find(exempt.tag)->name}, {"directory", exempt.directory}});
  }
  if (line.json()) {
    printJson(environment, out);
  } else {
    table.print(environment.out, environment.width);
    if (!path.empty()) {
      environment.out << "\n" << safeUtf8(path) << " (" << origin << "): " << wouldBe(decision.action);
      if (by != nullptr) environment.out << ", by rule " << safeUtf8(by->name) << ", " << safeUtf8(by->place());
      environment.out << "\n";
      for (const auto& exempt : decision.exempt)
        environment.out << "  exempt from rule " << safeUtf8(set.find(exempt.tag)->name) << " by "
                        << (exempt.directory.empty() ? "its list of programs" : exempt.directory) << "\n";
    }
  }
  return path.empty() || decision.action == rule::Action::Allow ? Done : Found;
}

/// Why nobody can tell what the rules would have made of a program; empty if the digest does not matter, or is known.
std::string decideByDigest(const rule::Profile& profile, const alert::Alert& alert, const alert::DigestOf& digest_of,
                           rule::Decision& decision) {
  const auto matters = [&](const rule::ProgramRule& rule) {
    return rule.programs.size() > 0 &&
           std::ranges::find(decision.exempt, rule.tag, &rule::Exemption::tag) == decision.exempt.end();
  };
  if (decision.action == rule::Action::Allow || std::ranges::none_of(profile.rules, matters)) return {};
  const auto digest = digest_of(alert);
  if (!digest) return "no digest: " + digest.error().message;
  decision = rule::decide(profile, false, comparedPath(alert), *digest);
  return {};
}

/// What the rules would have made of one alert; null where nobody can tell, which `unknown` has the reason of.
json judgeAlert(const alert::Alert& alert, const rule::RuleSet& set, rule::HostConfig config,
                const alert::DigestOf& digest_of) {
  config.cluster = alert.host.cluster;
  rule::ImageFacts facts;
  if (!alert.container.image.empty()) facts.reference = alert.container.image;
  facts.digests = alert.container.digests;
  const auto profile = rule::compile(set, config, facts);
  const bool by_directory =
      std::ranges::any_of(profile.rules, [](const auto& rule) { return !rule.directories.empty(); });
  json out = {{"id", alert.id},       {"container", alert.container.id}, {"path", alert.path}, {"origin", alert.origin},
              {"count", alert.count}, {"was", alert.effective}};
  out["would"] = nullptr;
  out["rule"] = nullptr;
  auto decision = rule::decide(profile, isOfImage(alert.origin), comparedPath(alert));
  // Alerts of very many files fold into one without a name.
  const std::string unknown = alert.path.empty() && by_directory && !isOfImage(alert.origin)
                                  ? "its name is not known"
                                  : decideByDigest(profile, alert, digest_of, decision);
  out["unknown"] = unknown.empty() ? json(nullptr) : json(safeUtf8(unknown));
  if (!unknown.empty()) return out;
  out["would"] = wouldBe(decision.action);
  if (const auto* by = set.find(decision.tag)) out["rule"] = by->name;
  return out;
}

int testEvents(const CommandLine& line, const rule::RuleSet& set, const rule::HostConfig& config,
               const Environment& environment) {
  const auto content = readFile(line.text("events"), kEventsBytesMax);
  if (!content) return failed(environment, content.error());
  json all = json::array();
  std::size_t others = 0;
  ProgramDigests digests(environment, [&](const auto& request) { return line.call(environment, request); });
  const auto digest_of = [&](const alert::Alert& alert) { return digests.of(alert); };
  int number = 0;
  std::istringstream lines(*content);
  for (std::string text; std::getline(lines, text);) {
    ++number;
    if (text.empty()) continue;
    const auto value = json::parse(text, nullptr, false);
    const auto alert = value.is_object() ? alert::alertFromJson(value) : Result<alert::Alert>(fail("not an alert"));
    if (!alert)
      return failed(environment, Error{"not an alert as 'alerts export' writes it: " + alert.error().message,
                                       line.text("events"), number, 1});
    if (std::ranges::find(kProgramKinds, alert->kind) == std::end(kProgramKinds))
      ++others;
    else
      all.push_back(judgeAlert(*alert, set, config, digest_of));
  }
  const auto differ = std::ranges::count_if(all, [](const json& one) { return one["was"] != one["would"]; });
  if (line.json()) {
    printJson(environment, {{"alerts", all}, {"differ", differ}, {"other_kinds", others}});
    return differ == 0 ? Done : Found;
  }
  Table table({{"ALERT"},
               {"CONTAINER", Fit::Cut},
               {"COUNT"},
               {"WAS"},
               {"WOULD BE"},
               {"RULE", Fit::Cut},
               {"PROGRAM", Fit::Cut},
               {"WHY UNKNOWN", Fit::Cut}});
  for (const json& one : all) {
    if (one["was"] == one["would"]) continue;
    const auto text = [&one](const char* key) {
      return one[key].is_string() ? one[key].get<std::string>() : "unknown";
    };
    table.add({one["id"].dump(), text("container"), one["count"].dump(), text("was"), text("would"),
               one["rule"].is_string() ? text("rule") : "none", text("path"),
               one["unknown"].is_string() ? text("unknown") : ""});
  }
  if (!table.empty()) table.print(environment.out, environment.width);
  environment.out << all.size() << " alerts of programs, " << differ << " would be otherwise; " << others
                  << " alerts of other kinds\n";
  return differ == 0 ? Done : Found;
}

}  // namespace

int rulesTest(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "rules test --rules FILE (--container ID | --image REF [OPTION]... | --events FILE)",
      "What would happen under the rules of these files, which need not be installed and are judged together, alone:\n"
      "which apply to a container and which do not, what becomes of a program (--path, --origin), or, of alerts that\n"
      "were exported, what would have been otherwise. Changes nothing. --container needs the daemon, and so do alerts\n"
      "of programs that rules name by their digests: these are read from the containers, if they still run. Labels "
      "are\n"
      "not known of either, give them with --label. Exit status 1 if the program would be refused or reported, or an\n"
      "alert would be otherwise.\n",
      "  holdfastctl rules test --rules new.yaml --image registry.example/web:1.2 --path /tmp/x --origin added\n"
      "  holdfastctl rules test --rules new.yaml --events alerts.jsonl\n");
  line.options()("rules", po::value<Strings>()->composing()->value_name("FILE"),
                 "a rule file; may be given several times")("container", po::value<std::string>()->value_name("ID"),
                                                            "a container that runs here")(
      "image", po::value<std::string>()->value_name("REF"), "the reference of a container's image")(
      "digest", po::value<Strings>()->composing()->value_name("sha256:..."), "a digest of the image")(
      "label", po::value<Strings>()->composing()->value_name("KEY=VALUE"), "a label of the container or its pod")(
      "cluster", po::value<std::string>()->value_name("NAME"), "the host's cluster")(
      "path", po::value<std::string>()->value_name("PATH"), "a program, as the container names it")(
      "origin", po::value<std::string>()->default_value("added")->value_name("ORIGIN"),
      "image, changed, added, volume, memory, host, untold or unknown")(
      "program-digest", po::value<std::string>()->value_name("sha256:..."), "the digest of the program's bytes")(
      "events", po::value<std::string>()->value_name("FILE"), "alerts, one JSON object a line");
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.values().count("rules") == 0) return line.wrongUse(environment, "which rules? --rules FILE");
  const bool described =
      line.values().count("image") + line.values().count("digest") + line.values().count("container") > 0;
  if (described == (line.values().count("events") != 0))
    return line.wrongUse(environment, "either a container (--container, --image or --digest) or --events is needed");
  if (std::ranges::find(kOrigins, line.text("origin")) == std::end(kOrigins))
    return line.wrongUse(environment, "there is no origin '" + line.text("origin") + "'");
  if (line.values().count("program-digest") != 0 && !programDigest(line))
    return line.wrongUse(environment, "--program-digest takes sha256: and 64 lower-case hexadecimal digits");
  const auto files = given(line, "rules");
  const auto set = rule::checkFiles({files.begin(), files.end()});
  if (!set) return failed(environment, set.error());
  rule::HostConfig config;
  config.cluster = line.text("cluster");
  return described ? testContainer(line, *set, config, environment) : testEvents(line, *set, config, environment);
}

}  // namespace holdfast::holdfastctl
