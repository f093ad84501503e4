// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "alert/json.hpp"
#include "alert_sample.hpp"
#include "base/file.hpp"
#include "base_test_support.hpp"
#include "control/shapes.hpp"
#include "holdfastctl_sample.hpp"

using namespace holdfast;
using nlohmann::json;
using test::Terminal;
using test::widest;

TEST_CASE("wrong use is status 2, says why, and asks the daemon nothing") {
  Terminal terminal;
  for (const holdfastctl::Arguments& arguments : std::vector<holdfastctl::Arguments>{
           {},
           {"frobnicate"},
           {"rules"},
           {"rules", "delete"},
           {"rules", "disable", "a", "b"},
           {"rules", "frobnicate"},
           {"--output", "json"},
           {"status", "--frobnicate"},
           {"status", "--out", "json"},
           {"status", "--output", "yaml"},
           {"status", "extra"},
           {"rules", "show"},
           {"rules", "add"},
           {"rules", "add", "--template", "a", "--from", "b"},
           {"rules", "copy", "a"},
           {"rules", "edit"},
           {"rules", "edit", "a", "--set", "action"},
           {"rules", "edit", "a", "--set", "no.such=key"},
           {"rules", "explain", "a"},
           {"rules", "test", "--image", "a"},
           {"rules", "test", "--rules", "a"},
           {"rules", "test", "--rules", "a", "--image", "a", "--events", "b"},
           {"rules", "test", "--rules", "a", "--image", "a", "--origin", "nowhere"},
           {"alerts", "show"},
           {"alerts", "show", "x"},
           {"alerts", "show", "0"},
           {"alerts", "show", "1; drop"},
           {"alerts", "show", "99999999999999999999"},
           {"alerts", "list", "--severity", "high"},
           {"alerts", "list", "--limit", "0"},
           {"alerts", "list", "--limit", "-1"},
           {"alerts", "list", "--limit", "many"},
           {"alerts", "list", "--since", "yesterday"},
           {"alerts", "follow", "--state", "gone"},
           {"containers", "a", "b"},
       }) {
    CHECK(terminal.run(arguments) == 2);
    CHECK_FALSE(terminal.err.str().empty());
    CHECK(terminal.out.str().empty());
  }
  CHECK(terminal.asked.empty());
}

TEST_CASE("options may come before the command") {
  Terminal terminal;
  terminal.answer = control::ContainerPage{};
  CHECK(terminal.run({"--output", "json", "--socket=/tmp/s", "containers"}) == 0);
  CHECK(terminal.out.str() == "[]\n");
  CHECK(terminal.socket == "/tmp/s");
}

TEST_CASE("that the daemon does not answer is status 2") {
  Terminal terminal;
  terminal.answer = tl::unexpected(Error{"holdfastd does not run\x1b[2J", "/run/s"});
  for (const holdfastctl::Arguments& arguments : std::vector<holdfastctl::Arguments>{{"status"},
                                                                                     {"rules", "list"},
                                                                                     {"rules", "show", "1"},
                                                                                     {"containers"},
                                                                                     {"alerts", "list"},
                                                                                     {"alerts", "show", "1"},
                                                                                     {"alerts", "follow"},
                                                                                     {"metrics"}}) {
    CHECK(terminal.run(arguments) == 2);
    CHECK(terminal.complains("does not run\\x1b[2J"));
  }
}

TEST_CASE("an answer that makes no sense is status 2") {
  Terminal terminal;
  for (const json& answer :
       {json(5), json(nullptr), json({{"hooks", 7}, {"alerts", 7}, {"containers", 7}, {"id", "x"}})}) {
    terminal.answer = answer;
    CHECK(terminal.run({"status"}) == 2);
    CHECK(terminal.run({"containers"}) == 2);
    CHECK(terminal.run({"rules", "list"}) == 2);
    CHECK(terminal.run({"alerts", "list"}) == 2);
    CHECK(terminal.run({"alerts", "show", "1"}) == 2);
  }
}

TEST_CASE("status' exit status is whether the host can intercept") {
  Terminal terminal;
  control::StatusReport report;
  report.reasons = {"the module is not loaded"};
  terminal.answer = json(report);
  CHECK(terminal.run({"status"}) == 1);
  report.interceptable = "Normal";
  terminal.answer = json(report);
  CHECK(terminal.run({"status"}) == 0);
  report.module.loaded = true;
  report.hooks.push_back({"security_bprm_check", true, true, false, 12345});
  terminal.answer = json(report);
  CHECK(terminal.run({"status"}) == 0);
  CHECK(terminal.says("1 of 1 attached"));
  CHECK_FALSE(terminal.says("security_bprm_check"));
  CHECK(terminal.run({"status", "--all"}) == 0);
  CHECK(terminal.says("security_bprm_check"));
  CHECK(terminal.run({"status", "--output", "json"}) == 0);
}

TEST_CASE("containers are asked for until there are no more, and a daemon that repeats itself is an error") {
  Terminal terminal;
  const auto page = [](std::vector<std::uint64_t> ids) {
    control::ContainerPage out{{}, true};
    for (const auto id : ids) out.containers.emplace_back().cgroup_id = id;
    return json(out);
  };
  terminal.queued = {page({3, 5}), page({8})};
  terminal.answer = control::ContainerPage{};
  CHECK(terminal.run({"containers", "--output", "json"}) == 0);
  CHECK(json::parse(terminal.out.str()).size() == 3);
  REQUIRE(terminal.asked.size() == 3);
  CHECK(terminal.asked[0].params == json({{"after", 0}}));
  CHECK(terminal.asked[1].params == json({{"after", 5}}));
  CHECK(terminal.asked[2].params == json({{"after", 8}}));

  terminal.answer = page({3, 5});
  CHECK(terminal.run({"containers"}) == 2);
  CHECK(terminal.complains("nothing new"));
  CHECK(terminal.asked.size() == 5);
}

TEST_CASE("rules are asked for until there are no more, of one generation") {
  Terminal terminal;
  const auto page = [](int count, bool more, int generation) {
    json rules = json::array();
    for (int i = 0; i < count; ++i) rules.push_back({{"name", "rule"}});
    return json{{"rules", rules}, {"more", more}, {"generation", generation}};
  };
  terminal.queued = {page(2, true, 7), page(3, true, 7), page(0, false, 7)};
  CHECK(terminal.run({"rules", "list", "--output", "json"}) == 0);
  const auto list = json::parse(terminal.out.str());
  CHECK(list["rules"].size() == 5);
  CHECK_FALSE(list.contains("more"));
  REQUIRE(terminal.asked.size() == 3);
  CHECK(terminal.asked[2].params == json({{"after", 5}}));

  terminal.queued = {page(2, true, 7), page(3, false, 8)};
  CHECK(terminal.run({"rules", "list"}) == 2);
  CHECK(terminal.complains("changed"));
  terminal.queued = {page(2, true, 7), page(0, true, 7)};
  CHECK(terminal.run({"rules", "list"}) == 2);
  CHECK(terminal.complains("nothing new"));
}

TEST_CASE("hostile names neither break the table nor reach the terminal") {
  Terminal terminal;
  control::ContainerReport report;
  report.id = "a\nb\x1b]0;pwned\x07" + std::string(300, 'x');
  report.image = std::string(300, 'i');
  report.not_covered = "root is the host's";
  terminal.answer = control::ContainerPage{{report}};
  CHECK(terminal.run({"containers"}) == 0);
  const std::string text = terminal.out.str();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.substr(text.find("\n\n")) == "\n\n1 not covered: root is the host's\n");
  CHECK(std::count(text.begin(), text.end(), '\n') == 4);
  CHECK(widest(text) <= 100);
  terminal.answer = json(report);
  CHECK(terminal.run({"containers", "a"}) == 0);
  CHECK(terminal.out.str().find('\x1b') == std::string::npos);
  CHECK(terminal.says("NO: root is the host's"));
  CHECK(terminal.asked.back().params == json({{"id", "a"}}));
  CHECK(terminal.run({"containers", "a", "--output", "json"}) == 0);
  CHECK(terminal.out.str().find('\x1b') == std::string::npos);
}

TEST_CASE("custom rules are turned off, on and deleted in their files, and what that means is said") {
  Terminal terminal;
  const test::RuleFiles files;
  const auto& file = files.file;
  const auto& scratch = files.scratch;
  const auto run = [&](holdfastctl::Arguments words) { return terminal.run(files.with(std::move(words))); };
  CHECK(run({"rules", "disable", "web"}) == 0);
  CHECK(terminal.says("Rule web is off now: " + file.string() +
                      ":3\nProtection lost: rule web, block before, none after: all containers: its status is off\n"));
  CHECK(run({"rules", "disable", "web"}) == 0);
  CHECK(terminal.says("off already"));
  CHECK(run({"rules", "enable", "web", "--output", "json"}) == 0);
  CHECK(json::parse(terminal.out.str())["changed"] == true);
  // without a custom rule the vendor's is in effect again
  // nobody is there to be asked
  CHECK(run({"rules", "delete", "web"}) == 2);
  CHECK(terminal.complains(
      "Protection would be lost: rule web, block before, none after: all containers: it is deleted\n"));
  CHECK(terminal.complains("nothing is deleted without --yes"));
  terminal.interactive = true;
  terminal.in.str("n\n");
  CHECK(run({"rules", "delete", "web"}) == 2);
  terminal.in.str("y\n");
  CHECK(run({"rules", "delete", "web"}) == 0);
  terminal.interactive = false;
  CHECK(terminal.says("Protection lost: rule web, block before, none after: all containers: it is deleted\n"));
  CHECK(terminal.says("Rule vendor: in effect was none, now is alert"));
  // the vendor's has switches of its own
  const auto switches = (scratch / "system-rules.yaml").string();
  CHECK(run({"rules", "disable", "vendor"}) == 0);
  CHECK(
      terminal.says("Rule vendor is off now: " + switches +
                    ":4\nProtection lost: rule vendor, alert before, none after: all containers: its status is off\n"));
  CHECK(run({"rules", "enable", "vendor", "--exclude-cluster", "dev", "--exclude-cluster", "ci"}) == 0);
  CHECK(terminal.says("Rule vendor is on now: " + switches + ":4\n"));
  CHECK(run({"rules", "enable", "vendor", "--include-cluster", "dev", "--output", "json"}) == 0);
  CHECK(json::parse(terminal.out.str())["lost"].empty());
  CHECK_THAT(readFile(switches, 4096).value(), Catch::Contains("{ status: on, exclude_clusters: [\"ci\"] }"));
  CHECK(run({"rules", "delete", "vendor"}) == 2);
  CHECK(run({"rules", "disable", "vendor", "--exclude-cluster", "dev"}) == 2);
  CHECK(run({"rules", "delete", "web", "--yes"}) == 2);
  CHECK(terminal.complains("there is no rule \"web\""));
  CHECK(terminal.asked.empty());
}

TEST_CASE("rule files are checked without the daemon") {
  Terminal terminal;
  const test::ScratchDirectory directory;
  const auto good = directory.write(
      "good.yaml", "version: 1\nrules:\n  - name: web\n    type: non-image-program\n    action: block\n");
  const auto bad = directory.write(
      "bad.yaml", "version: 1\nrules:\n  - name: bad\n    type: non-image-program\n    actoin: block\n");
  CHECK(terminal.run({"rules", "check", good.string()}) == 0);
  CHECK(terminal.says("No mistakes: 1 rule in 1 file"));
  CHECK(terminal.run({"rules", "check", good.string(), bad.string()}) == 1);
  CHECK(terminal.says("bad.yaml:5:5: "));
  CHECK(terminal.run({"rules", "check", "--output", "json", bad.string()}) == 1);
  const json errors = json::parse(terminal.out.str())["errors"];
  CHECK(std::any_of(errors.begin(), errors.end(), [](const json& error) { return error["line"] == 5; }));
  CHECK(terminal.run({"rules", "check", (directory / "missing.yaml").string()}) == 2);
  CHECK(terminal.run({"rules", "check", "--config", (directory / "missing.yaml").string()}) == 1);
  CHECK(terminal.asked.empty());
}

TEST_CASE("a list that takes several answers is one, and no longer than asked for") {
  Terminal terminal;
  const auto page = [](std::int64_t newest, int count, bool more) {
    json alerts = json::array();
    for (int i = 0; i < count; ++i) {
      auto alert = test::sampleAlert(7);
      alert.id = newest - i;
      alerts.push_back(toJson(alert));
    }
    return json{{"alerts", std::move(alerts)}, {"more", more}};
  };
  terminal.queued = {page(50, 20, true), page(30, 20, true), page(10, 10, false)};
  CHECK(terminal.run({"alerts", "list", "--limit", "100", "--output", "json"}) == 0);
  const auto all = json::parse(terminal.out.str());
  CHECK(all["alerts"].size() == 50);
  CHECK(all["alerts"].back()["id"] == 1);
  CHECK(all["more"] == false);
  REQUIRE(terminal.asked.size() == 3);
  CHECK(terminal.asked[1].params == json({{"limit", 80}, {"before_id", 31}}));

  terminal.queued = {page(50, 20, true), page(30, 5, true)};
  CHECK(terminal.run({"alerts", "list", "--limit", "25"}) == 0);
  CHECK(terminal.says("There may be more"));
  CHECK(terminal.queued.empty());
  // neither an answer without end nor one of another shape is followed
  terminal.queued = {page(50, 20, true), page(0, 0, true)};
  CHECK(terminal.run({"alerts", "list", "--output", "json"}) == 0);
  terminal.queued = {page(50, 1, true), json{{"alerts", 7}}};
  CHECK(terminal.run({"alerts", "list"}) == 2);
}

TEST_CASE("alerts are listed, shown in full and followed") {
  Terminal terminal;
  auto alert = test::sampleAlert(7);
  alert.id = 17;
  alert.count = 1000;
  alert.ancestors = {{99, "bash"}, {1, "init"}};
  const json value = toJson(alert);
  terminal.answer = json{{"alerts", json::array({value})}, {"more", false}};
  CHECK(terminal.run({"alerts", "list", "--severity", "urgent", "--since", "1h", "--container", "web"}) == 0);
  CHECK(
      terminal.asked.back().params ==
      json({{"severity", "urgent"}, {"container", "web"}, {"limit", 100}, {"since_real", 1'699'996'400'000'000'000}}));
  CHECK(terminal.says("process terminated"));
  CHECK(widest(terminal.out.str()) <= 100);

  terminal.answer = value;
  CHECK(terminal.run({"alerts", "show", "17"}) == 0);
  for (const char* text :
       {"Non mirror native program startup", "/tmp/evil", "added", "/etc/holdfast/rules.d/web.yaml:3", "deny", "1000",
        "bash (99)", "What to do next", "registry.example/web:1", "asked block"})
    CHECK(terminal.says(text));
  CHECK(widest(terminal.out.str()) <= 100);
  CHECK(terminal.run({"alerts", "show", "17", "--output", "json"}) == 0);
  CHECK(json::parse(terminal.out.str()) == value);

  terminal.stream = {value, value};
  CHECK(terminal.run({"alerts", "follow", "-o", "json"}) == 0);
  CHECK(json::parse(terminal.out.str().substr(0, terminal.out.str().find('\n'))) == value);
  terminal.answer = tl::unexpected(Error{"too slow: ..."});
  CHECK(terminal.run({"alerts", "follow"}) == 2);
  CHECK(terminal.says("#17 web x1000: refused to start: /tmp/evil"));
  CHECK(terminal.complains("too slow"));
}

TEST_CASE("metrics are printed as Prometheus reads them") {
  Terminal terminal;
  terminal.answer = json::array({{{"name", "holdfast_members"},
                                  {"type", "gauge"},
                                  {"help", "Members."},
                                  {"samples", json::array({{{"labels", json::object()}, {"value", 3}}})}}});
  CHECK(terminal.run({"metrics"}) == 0);
  CHECK(terminal.out.str() == "# HELP holdfast_members Members.\n# TYPE holdfast_members gauge\nholdfast_members 3\n");
  CHECK(terminal.asked.back().name == "metrics");
  CHECK(terminal.run({"metrics", "--output", "json"}) == 0);
  CHECK(json::parse(terminal.out.str())[0]["name"] == "holdfast_members");
  terminal.answer = json(5);
  CHECK(terminal.run({"metrics"}) == 2);
}
