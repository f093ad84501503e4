// SPDX-License-Identifier: Apache-2.0
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

namespace {

json page(std::int64_t first, int count) {
  json alerts = json::array();
  for (int i = 0; i < count; ++i) {
    auto alert = test::sampleAlert(7);
    alert.id = first + i;
    alerts.push_back(toJson(alert));
  }
  return json{{"alerts", std::move(alerts)}, {"more", false}};
}

}  // namespace

TEST_CASE("alerts are handled by id or by filter, never all by mistake") {
  Terminal terminal;
  terminal.answer = json(control::HandleReport{2, 1});
  CHECK(terminal.run({"alerts", "handle", "17", "18", "--note", "tested"}) == 0);
  CHECK(terminal.asked.back().name == "alerts.handle");
  CHECK(terminal.asked.back().params["filter"]["ids"] == json({17, 18}));
  CHECK(terminal.asked.back().params["note"] == "tested");
  CHECK(terminal.says("2 alerts handled; of these 1 keeps its state, which says what happened."));
  CHECK(terminal.run({"alerts", "ignore", "--rule", "web", "--since", "2h"}) == 0);
  CHECK(terminal.asked.back().name == "alerts.ignore");
  CHECK(terminal.asked.back().params["filter"]["rule"] == "web");
  CHECK(terminal.run({"alerts", "handle", "--all", "-o", "json"}) == 0);
  CHECK_FALSE(terminal.asked.back().params["filter"].contains("ids"));
  CHECK(json::parse(terminal.out.str())["handled"] == 2);

  const auto asked = terminal.asked.size();
  CHECK(terminal.run({"alerts", "handle"}) == 2);
  CHECK(terminal.complains("--all"));
  CHECK(terminal.run({"alerts", "handle", "17", "--rule", "web"}) == 2);
  CHECK(terminal.run({"alerts", "handle", "17x"}) == 2);
  CHECK(terminal.run({"alerts", "handle", "0"}) == 2);
  CHECK(terminal.run({"alerts", "handle", "17", "--note", std::string(2000, 'x')}) == 2);
  CHECK(terminal.run({"alerts", "handle", "--severity", "high"}) == 2);
  CHECK(terminal.asked.size() == asked);
  terminal.answer = tl::unexpected(Error{"only root may ask for 'alerts.handle'"});
  CHECK(terminal.run({"alerts", "handle", "17"}) == 2);
  CHECK(terminal.complains("only root"));
}

TEST_CASE("who handled an alert is shown, whatever they wrote") {
  Terminal terminal;
  auto alert = test::sampleAlert(7);
  alert.open = false;
  alert.handling = {{alert::State::Handled, {0, 1000, "alice"}, 1'700'000'000'000'000'000, "note\x1b[2J"},
                    {alert::State::Ignored, {0, {}, ""}, 1'700'000'000'000'000'000, ""}};
  terminal.answer = toJson(alert);
  CHECK(terminal.run({"alerts", "show", "7"}) == 0);
  CHECK(terminal.says("Seen to       handled by alice (1000) as user 0, 2023-11-14T22:13:20.000Z"));
  CHECK(terminal.says("  note        note\\x1b[2J"));
  CHECK(terminal.says("ignored by user 0"));
  CHECK(terminal.says("since boot"));
  alert.open = true;
  terminal.answer = toJson(alert);
  CHECK(terminal.run({"alerts", "show", "7"}) == 0);
  CHECK(terminal.says("process terminated, nobody has handled it"));
}

TEST_CASE("statistics are tables, with unknown shown as such") {
  Terminal terminal;
  const auto share = [](const json& value) {
    return json{{"value", value}, {"alerts", 3}, {"open", 2}, {"operations", 40}};
  };
  terminal.answer = json{{"alerts", 3},
                         {"open", 2},
                         {"operations", 40},
                         {"by", {{"type", {share("Container Active Defense")}}, {"image", {share(nullptr)}}}}};
  CHECK(terminal.run({"alerts", "stats", "--since", "7d"}) == 0);
  CHECK(terminal.says("3 alerts for 40 operations; nobody has handled 2"));
  CHECK(terminal.says("Container Active Defense"));
  CHECK(terminal.says("IMAGE"));
  CHECK(terminal.says("\n-"));
  CHECK(terminal.run({"alerts", "stats", "-o", "json"}) == 0);
  CHECK(json::parse(terminal.out.str())["by"]["type"][0]["alerts"] == 3);
  terminal.answer = json::array();
  CHECK(terminal.run({"alerts", "stats"}) == 2);
}

TEST_CASE("an export has each alert that was there once, in order, in the form asked for") {
  Terminal terminal;
  for (const std::string form : {"native", "ecs", "ocsf"}) {
    terminal.asked.clear();
    terminal.queued = {page(30, 1), page(1, 20), page(21, 10), page(0, 0)};
    CHECK(terminal.run({"alerts", "export", "--format", form, "--rule", "web"}) == 0);
    REQUIRE(terminal.asked.size() == 4);
    // Bounded by the newest at the beginning: what comes meanwhile would never end.
    CHECK(terminal.asked[1].params == json({{"rule", "web"}, {"after_id", 0}, {"before_id", 31}, {"limit", 1000}}));
    CHECK(terminal.asked[3].params["after_id"] == 30);
    std::istringstream lines(terminal.out.str());
    std::int64_t id = 0;
    for (std::string line; std::getline(lines, line);) {
      const json one = json::parse(line);
      const json native = form == "native" ? one : form == "ecs" ? one["holdfast"] : one["unmapped"]["holdfast"];
      CHECK(native["id"] == ++id);
      CHECK(one.contains(form == "native" ? "operation" : form == "ecs" ? "@timestamp" : "class_uid"));
    }
    CHECK(id == 30);
  }
  terminal.queued = {page(0, 0)};
  CHECK(terminal.run({"alerts", "export"}) == 0);
  CHECK(terminal.out.str().empty());
  CHECK(terminal.run({"alerts", "export", "--format", "xml"}) == 2);
  // An answer that goes round in circles, or is none.
  terminal.queued = {page(30, 1), page(1, 5), page(5, 1)};
  CHECK(terminal.run({"alerts", "export"}) == 2);
  terminal.queued = {json{{"alerts", 7}}};
  CHECK(terminal.run({"alerts", "export"}) == 2);
}

TEST_CASE("a purge says what, asks, leaves what nobody has handled, and is told so") {
  Terminal terminal;
  const json stats_open = {{"alerts", 3}};
  const json stats_handled = {{"alerts", 1500}};
  const json first = control::PurgeReport{1000, 0, 4000, true};
  const json second = control::PurgeReport{500, 0, 500, false};
  terminal.queued = {page(90, 1), stats_open, stats_handled};
  CHECK(terminal.run({"alerts", "purge", "--older-than", "90d"}) == 2);  // nobody to ask
  CHECK(terminal.complains("nothing was removed"));
  CHECK(terminal.asked.size() == 3);

  terminal.interactive = true;
  terminal.in.str("n\n");
  terminal.queued = {page(90, 1), stats_open, stats_handled};
  CHECK(terminal.run({"alerts", "purge", "--older-than", "90d"}) == 2);
  CHECK(terminal.complains("Remove 1500 alerts for good? [y/N]"));
  CHECK(terminal.asked.size() == 6);
  terminal.in.clear();
  terminal.in.str("y\n");
  terminal.asked.clear();
  terminal.queued = {page(90, 1), stats_open, stats_handled, first, second};
  CHECK(terminal.run({"alerts", "purge", "--older-than", "90d"}) == 0);
  CHECK(terminal.says("1500 alerts for 4500 operations were removed."));
  CHECK(terminal.says("3 stay, as nobody has handled them"));
  REQUIRE(terminal.asked.size() == 5);
  CHECK(terminal.asked[3].name == "alerts.purge");
  CHECK(terminal.asked[3].params["open"] == false);
  CHECK(terminal.asked[3].params["before_id"] == 91);
  CHECK(terminal.asked[3].params["before_real"] == 1'692'224'000'000'000'000);

  terminal.queued = {page(90, 1), stats_open, stats_handled, second};
  CHECK(terminal.run({"alerts", "purge", "--all", "--unhandled", "--yes", "-o", "json"}) == 0);
  CHECK_FALSE(terminal.complains("[y/N]"));
  CHECK_FALSE(terminal.asked.back().params.contains("open"));
  CHECK(json::parse(terminal.out.str())["removed"] == 500);

  const auto asked = terminal.asked.size();
  for (const holdfastctl::Arguments& wrong : std::vector<holdfastctl::Arguments>{
           {}, {"--yes"}, {"--older-than", "soon"}, {"--before", "1d", "--older-than", "1d"}, {"--open", "--yes"}}) {
    holdfastctl::Arguments arguments = {"alerts", "purge"};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    CHECK(terminal.run(arguments) == 2);
  }
  CHECK(terminal.asked.size() == asked);
}

TEST_CASE("a backup is made without the daemon, and overwrites nothing") {
  Terminal terminal;
  const test::ScratchDirectory directory;
  const auto store = directory / "alerts.db";
  {
    auto opened = alert::Store::open(store);
    const auto alert = test::sampleAlert(1);
    REQUIRE(opened->add({&alert, 1}));
  }
  const std::string file = directory / "copy.db";
  CHECK(terminal.run({"alerts", "backup", file, "--store", store.string()}) == 0);
  CHECK(terminal.says("copied to " + file));
  CHECK(alert::Store::open(file)->get(1)->path == "/tmp/evil");
  CHECK(terminal.run({"alerts", "backup", file, "--store", store.string()}) == 2);
  CHECK(terminal.complains("copy.db"));
  CHECK(terminal.run({"alerts", "backup", "--store", store.string()}) == 2);
  CHECK(terminal.run({"alerts", "backup", file + "2", "--store", (directory / "none").string()}) == 2);
  CHECK_FALSE(std::filesystem::exists(directory / "none"));
  CHECK(terminal.asked.empty());
}

TEST_CASE("what an alert is about is exempt from its rule by the narrowest entry, which is said") {
  Terminal terminal;
  const test::RuleFiles files;
  const auto& file = files.file;
  const auto run = [&](holdfastctl::Arguments words) {
    words.insert(words.begin(), {"alerts", "allow-list", "7"});
    return terminal.run(files.with(std::move(words)));
  };
  const auto about = [](const std::string& path, const std::string& rule) {
    auto alert = test::sampleAlert(7);
    alert.id = 7;
    alert.path = path;
    alert.rule->name = rule;
    return toJson(alert);
  };
  const auto text = [&] { return *readFile(file, 1 << 20); };

  terminal.queued = {about("/opt/app/tool", "web"), json(control::HandleReport{1, 0})};
  CHECK(run({}) == 0);
  CHECK(terminal.says("Rule web allows now, under directories: /opt/app in " + file.string() + ":3"));
  CHECK(text().find("/opt/app") != std::string::npos);
  CHECK(terminal.asked.back().name == "alerts.allow-listed");
  CHECK(terminal.asked.back().params["filter"]["ids"] == json({7}));
  CHECK(terminal.asked.back().params["note"] == "directories: /opt/app in " + file.string() + ":3");
  CHECK(terminal.says("Nothing narrower: in the container: No such file"));
  const std::string first = text();
  terminal.queued = {about("/opt/app/tool", "web"), json(control::HandleReport{1, 0})};
  CHECK(run({"--directory"}) == 0);
  CHECK(terminal.says("allows already"));
  CHECK_FALSE(terminal.says("Nothing narrower"));
  CHECK(text() == first);

  // By its digest, if that can be had and is wanted.
  terminal.programs = {test::sampleProgram("/tmp/tool", 1)};
  terminal.queued = {about("/tmp/tool", "web"), json(control::HandleReport{1, 0})};
  CHECK(run({}) == 0);
  CHECK(terminal.says("Rule web allows now, under programs: " + digestText(Sha256{1})));
  CHECK(terminal.says("That is what is in /tmp/tool"));
  CHECK(text().find(digestText(Sha256{1})) != std::string::npos);
  terminal.queued = {about("/tmp/tool", "web")};
  CHECK(run({"--directory"}) == 2);
  CHECK(terminal.complains("--force"));
  CHECK(run({"--directory", "--image"}) == 2);
  const std::string once = text();

  // Refused, and nothing is written or marked.
  terminal.programs.clear();
  const auto asked = terminal.asked.size();
  terminal.queued = {about("/tmp/tool", "web")};
  CHECK(run({}) == 2);
  CHECK(terminal.complains("--force"));
  terminal.queued = {about("/opt/app/tool", "vendor")};
  CHECK(run({}) == 2);
  CHECK(terminal.complains("make a rule of your own"));
  terminal.queued = {about("/opt/app/tool", "gone")};
  CHECK(run({}) == 2);
  CHECK(terminal.asked.size() == asked + 3);
  CHECK(text() == once);

  terminal.queued = {about("/tmp/tool", "web"), json(control::HandleReport{1, 0})};
  CHECK(run({"--image"}) == 0);
  CHECK(terminal.says("That is the whole image"));
  CHECK(text().find("registry.example/web:1") != std::string::npos);
}
