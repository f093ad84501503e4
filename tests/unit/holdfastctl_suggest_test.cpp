// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "alert/json.hpp"
#include "alert_sample.hpp"
#include "holdfastctl_sample.hpp"
#include "rule/load.hpp"

using namespace holdfast;
using nlohmann::json;

namespace {

/// Asks for a suggestion on these alerts; what is printed is a rule file.
std::string suggested(test::Terminal& terminal, const test::RuleFiles& files, const std::vector<json>& alerts,
                      holdfastctl::Arguments options = {}) {
  terminal.queued = {{{"alerts", {alerts.back()}}}, {{"alerts", alerts}}, {{"alerts", json::array()}}};
  options.insert(options.begin(), {"rules", "suggest"});
  CHECK(terminal.run(files.with(options)) == 0);
  return terminal.out.str();
}

/// The paths that rules would still raise an alert for.
std::vector<std::string> replayed(test::Terminal& terminal, const test::RuleFiles& files, const std::string& rules,
                                  const std::vector<json>& alerts) {
  std::string lines;
  for (const auto& alert : alerts) lines += alert.dump(-1, ' ', true) + "\n";
  const auto events = files.scratch.write("alerts.jsonl", lines).string();
  const auto file = files.scratch.write("suggested.yaml", rules).string();
  CHECK(terminal.run({"rules", "test", "--rules", file, "--events", events, "--output", "json"}) != 2);
  std::vector<std::string> loud;
  const auto report = json::parse(terminal.out.str());
  for (const auto& one : report["alerts"])
    if (one["would"] != "allow") loud.push_back(one["path"]);
  return loud;
}

json recorded(std::int64_t id, const std::string& path, const std::string& origin = "added") {
  auto event = test::sampleEvent(1);
  event.path = path;
  event.ancestors = {{9, "ba\nsh"}, {1, "init"}};
  rule::Rule rule = test::sampleRule();
  rule.name = "web";
  auto alert = alert::fromEvent(event, test::sampleContext(&rule));
  alert.id = id;
  alert.origin = origin;
  return toJson(alert);
}

}  // namespace

TEST_CASE("recorded events raise nothing under the suggestion but what it says that no entry makes quiet") {
  test::Terminal terminal;
  const test::RuleFiles files;
  const std::vector<json> alerts = {recorded(1, "/opt/app/tool"), recorded(2, "/opt/app/lib/x.so"),
                                    recorded(3, "/srv/with blank/x"), recorded(4, "/tmp/evil")};
  const auto rules = suggested(terminal, files, alerts);
  INFO(rules);
  CHECK(replayed(terminal, files, rules, alerts) == std::vector<std::string>{"/tmp/evil"});
  CHECK(rules.find("# - 1 time in 1 alert (4)") != std::string::npos);
  CHECK(rules.find("'/tmp' may be written to") != std::string::npos);

  const auto forced = suggested(terminal, files, alerts, {"--force"});
  CHECK(replayed(terminal, files, forced, alerts).empty());
  CHECK(forced.find("No entry") == std::string::npos);
}

TEST_CASE(
    "programs in memory, without a name, and of the host are exempt with their image, and a replay of all is empty") {
  test::Terminal terminal;
  const test::RuleFiles files;
  const std::vector<json> alerts = {recorded(1, "/memfd:x (deleted)", "memory"), recorded(2, "/opt/app/x (deleted)"),
                                    recorded(3, "/opt/app/of-host", "host"), recorded(4, "/tmp/evil"),
                                    recorded(5, "/opt/app/tool")};
  const auto forced = suggested(terminal, files, alerts, {"--force"});
  INFO(forced);
  CHECK(replayed(terminal, files, forced, alerts) ==
        std::vector<std::string>{"/memfd:x (deleted)", "/opt/app/x (deleted)", "/opt/app/of-host"});
  CHECK(forced.find("No entry") != std::string::npos);

  const auto rules = suggested(terminal, files, alerts, {"--image", "--force"});
  INFO(rules);
  CHECK(replayed(terminal, files, rules, alerts).empty());
  CHECK(rules.find("No entry") == std::string::npos);
}

TEST_CASE("programs that are there still are exempt by their digests, and a replay knows them") {
  test::Terminal terminal;
  const test::RuleFiles files;
  terminal.programs = {test::sampleProgram("/opt/app/tool", 1), test::sampleProgram("/tmp/evil", 2),
                       test::sampleProgram("/opt/changed/tool", 3)};
  terminal.programs[2].changed_at = ~0ULL;
  const std::vector<json> alerts = {recorded(1, "/opt/app/tool"), recorded(2, "/tmp/evil"),
                                    recorded(3, "/opt/changed/tool"), recorded(4, "/opt/gone/tool")};
  const auto rules = suggested(terminal, files, alerts);
  INFO(rules);
  const auto set = rule::checkText(rules, "x");
  REQUIRE(set);
  const auto& allowed = set->find("web")->allow_list;
  CHECK(allowed.programs == std::vector<std::string>{digestText(Sha256{1}), digestText(Sha256{2})});
  CHECK(allowed.directories == std::vector<std::string>{"/opt/changed", "/opt/gone"});
  CHECK(rules.find("# nothing narrower: it was changed after the alert") != std::string::npos);
  CHECK(replayed(terminal, files, rules, alerts).empty());

  const auto directories = suggested(terminal, files, alerts, {"--directory"});
  CHECK(directories.find("sha256:") == std::string::npos);
  CHECK(replayed(terminal, files, directories, alerts) == std::vector<std::string>{"/tmp/evil"});

  // What has gone since may have been one of the listed.
  terminal.programs.clear();
  CHECK(replayed(terminal, files, rules, alerts) == std::vector<std::string>{"/opt/app/tool", "/tmp/evil"});
  const auto report = json::parse(terminal.out.str());
  CHECK(report["alerts"][0]["would"] == nullptr);
  CHECK(report["alerts"][0]["unknown"].get<std::string>().starts_with("no digest: "));
  CHECK(report["alerts"][2]["unknown"] == nullptr);
  CHECK(terminal.run({"rules", "test", "--rules", (files.scratch / "suggested.yaml").string(), "--events",
                      (files.scratch / "alerts.jsonl").string()}) == 1);
  CHECK(terminal.says("unknown"));
  CHECK(terminal.says("WHY UNKNOWN"));
  // One that is another's now would be refused.
  terminal.programs = {test::sampleProgram("/opt/app/tool", 9), test::sampleProgram("/tmp/evil", 2)};
  CHECK(replayed(terminal, files, rules, alerts) == std::vector<std::string>{"/opt/app/tool"});
  CHECK(json::parse(terminal.out.str())["alerts"][0]["would"] == "block");
}

TEST_CASE("the same is so for a vendor's rule, whose suggestion can be added as it is") {
  test::Terminal terminal;
  const test::RuleFiles files;
  std::filesystem::remove(files.file);
  const std::vector<json> alerts = {recorded(1, "/opt/app/tool")};
  const auto rules = suggested(terminal, files, alerts);
  CHECK(replayed(terminal, files, rules, alerts).empty());
  CHECK(terminal.run(files.with({"rules", "add", "--from", (files.scratch / "suggested.yaml").string()})) == 0);
  // Now the rules as they are would not raise it.
  terminal.queued = {{{"alerts", alerts}}, {{"alerts", alerts}}, {{"alerts", json::array()}}};
  CHECK(terminal.run(files.with({"rules", "suggest", "--output", "json"})) == 0);
  const auto answer = json::parse(terminal.out.str());
  CHECK(answer["quiet_already"] == 1);
  CHECK(answer["rules"].empty());
}

TEST_CASE("the rule is suggested whole: what it says already stays") {
  test::Terminal terminal;
  const test::RuleFiles files;
  files.scratch.write("rules.d/web.yaml",
                      "version: 1\nrules:\n  - name: web\n    type: non-image-program\n    action: block\n"
                      "    description: \"first\\nsecond # 'third'\"\n    on_running: stop\n"
                      "    scope: { images: [registry.example/web], tags: [\"*\"] }\n"
                      "    allow_list:\n      directories: [/opt/old]\n      images: [web-debug]\n"
                      "      programs: [\"" +
                          digestText(Sha256{7}) + "\"]\n      program_lists: [" +
                          files.scratch.write("list", hexOf(Sha256{8}) + "\n").string() + "]\n");
  const auto before = rule::load({files.scratch / "vendor", files.scratch / "rules.d"}, {});
  const auto text = suggested(terminal, files, {recorded(1, "/opt/app/tool")});
  INFO(text);
  const auto after = rule::checkText(text, "x");
  REQUIRE(before);
  REQUIRE(after);
  const auto& was = *before->find("web");
  const auto& is = *after->find("web");
  CHECK(is.description == was.description);
  CHECK(is.on_running == was.on_running);
  CHECK(is.scope.images == was.scope.images);
  CHECK(is.scope.tags == was.scope.tags);
  CHECK(is.allow_list.images == was.allow_list.images);
  CHECK(is.allow_list.programs == was.allow_list.programs);
  CHECK(is.allow_list.program_set == was.allow_list.program_set);
  CHECK(is.allow_list.program_set.size() == 2);
  CHECK(is.allow_list.directories == std::vector<std::string>{"/opt/old", "/opt/app"});
}

TEST_CASE("what a container calls its files can neither break the suggestion nor add to it") {
  test::Terminal terminal;
  const test::RuleFiles files;
  const std::vector<std::string> directories = {
      "/opt/a # comment", "/opt/\"quoted\"", "/opt/'single'",    "/opt/b: [c]",
      "/opt/- d",         "/opt/{e}, f",     "/opt/back\\slash", "/opt/\xc3\xa4\xf0\x9f\x90\xb3",
      "/opt/%YAML",       "/opt/&x",         "/opt/!t",          "/opt/|"};
  std::vector<json> alerts;
  std::int64_t id = 0;
  for (const auto& directory : directories) alerts.push_back(recorded(++id, directory + "/tool"));
  const std::size_t named = alerts.size();
  for (const std::string path :
       {"/opt/a\n        - /\n#/x", "/opt/\xff\xfe/x", "/opt/\r- \x1b[2J/x", "/opt/\xe2\x80\xa8- /usr/x",
        "/opt/a\n  - { name: forged, type: non-image-program, action: alert }/x", "/opt/*/x"})
    alerts.push_back(recorded(++id, path));
  // Not even if the daemon handed out what it never does.
  json raw = alerts.front();
  raw["id"] = ++id;
  raw["operation"]["path"] = "/opt/r\n        - /usr\n#/x";
  raw["process"]["comm"] = "x\n  - name: forged";
  raw["container"]["name"] = "x\nversion: 2";
  alerts.push_back(raw);

  const auto text = suggested(terminal, files, alerts);
  INFO(text);
  const auto set = rule::checkText(text, "x");
  REQUIRE(set);
  REQUIRE(set->rules.size() == 1);
  CHECK(set->rules[0].name == "web");
  auto sorted = directories;
  std::ranges::sort(sorted);
  CHECK(set->rules[0].allow_list.directories == sorted);
  CHECK(set->rules[0].allow_list.images.empty());
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(replayed(terminal, files, text, alerts).size() == alerts.size() - named);
  CHECK(json::parse([&] {
          (void)suggested(terminal, files, alerts, {"--output", "json"});
          return terminal.out.str();
        }())["unhelped"]
            .size() >= 2);
}

TEST_CASE("which alerts are meant is asked of the daemon") {
  test::Terminal terminal;
  const test::RuleFiles files;
  (void)suggested(terminal, files, {recorded(1, "/opt/app/tool")},
                  {"--rule", "web", "--container", "shop", "--since", "2h", "--open"});
  REQUIRE(terminal.asked.size() == 3);
  const auto& params = terminal.asked[1].params;
  CHECK(params["type"] == "container-active-defense");
  CHECK(params["rule"] == "web");
  CHECK(params["container"] == "shop");
  CHECK(params["open"] == true);
  CHECK(params["since_real"] == 1'700'000'000'000'000'000 - 7'200'000'000'000);
  CHECK(terminal.run(files.with({"rules", "suggest", "--since", "soon"})) == 2);
  terminal.answer = tl::unexpected(Error{"holdfastd does not run"});
  CHECK(terminal.run(files.with({"rules", "suggest"})) == 2);
  CHECK(terminal.complains("holdfastd does not run"));
}
