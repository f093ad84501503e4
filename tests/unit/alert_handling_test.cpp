// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>

#include "alert/json.hpp"
#include "alert_store_sample.hpp"

using namespace holdfast;
using namespace holdfast::alert;
using test::alertOn;
using test::byRoot;
using test::ClockedStore;

namespace {

Alert reported(std::uint64_t number, const std::string& path) {
  Alert alert = alertOn(number, path);
  alert.verdict = "alert";
  alert.state = State::Unhandled;
  return alert;
}

Filter ids(std::vector<std::int64_t> list) {
  Filter filter;
  filter.ids = std::move(list);
  return filter;
}

}  // namespace

TEST_CASE("who handled an alert, when and why stays with it, and shows in JSON") {
  ClockedStore s;
  s.add(reported(1, "/tmp/a"));
  const auto before = *s.store.revision();
  const auto done = s.store.handle(ids({1}), byRoot(State::Handled, "looked at"));
  REQUIRE(done);
  CHECK(done->ids == std::vector<std::int64_t>{1});
  CHECK(done->state_kept == 0);
  const Alert alert = *s.store.get(1);
  CHECK(alert.state == State::Handled);
  CHECK_FALSE(alert.open);
  REQUIRE(alert.handling.size() == 1);
  CHECK(alert.handling[0] == byRoot(State::Handled, "looked at"));
  CHECK(alert.revision > before);  // followers and outputs hear of it
  const auto json = toJson(alert);
  CHECK(json["open"] == false);
  CHECK(json["handling"][0]["by"] == nlohmann::json({{"uid", 0}, {"login_uid", 1000}, {"name", "alice"}}));
  CHECK(json["handling"][0]["at"] == "2023-11-14T22:15:00.000Z");
  CHECK(toJson(*alertFromJson(json)) == json);
  // A person may think again; what was thought before stays.
  REQUIRE(s.store.handle(ids({1}), byRoot(State::Ignored)));
  CHECK(s.store.get(1)->state == State::Ignored);
  CHECK(s.store.get(1)->handling.size() == 2);
}

TEST_CASE("states that say what happened stay, and are handled by the note") {
  ClockedStore s;
  s.add(alertOn(1, "/tmp/a"));
  Alert blocked = alertOn(2, "/tmp/b");
  blocked.state = State::Blocked;
  s.add(blocked);
  CHECK(s.store.get(1)->open);
  const auto done = s.store.handle(ids({1, 2}), byRoot(State::Handled, "x"));
  REQUIRE(done);
  CHECK(done->state_kept == 2);
  CHECK(s.store.get(1)->state == State::ProcessTerminated);
  CHECK(s.store.get(2)->state == State::Blocked);
  CHECK_FALSE(s.store.get(1)->open);
  REQUIRE(s.store.handle(ids({1}), byRoot(State::AllowListed)));
  CHECK(s.store.get(1)->handling.back().action == State::AllowListed);
  s.add(reported(3, "/tmp/c"));
  REQUIRE(s.store.handle(ids({3}), byRoot(State::AllowListed)));
  CHECK(s.store.get(3)->state == State::AllowListed);
  CHECK(s.store.handle(ids({3}), byRoot(State::Handled))->state_kept == 1);
  CHECK(s.store.get(3)->state == State::AllowListed);
}

TEST_CASE("what happens again after it was handled is a new alert, refused or reported") {
  ClockedStore s;
  s.add(alertOn(1, "/tmp/a"));
  s.add(reported(2, "/tmp/b"));
  REQUIRE(s.store.handle({}, byRoot(State::Handled)));
  Alert again = alertOn(1, "/tmp/a");
  again.event->number = 3;
  s.add(again);
  Alert other = reported(2, "/tmp/b");
  other.event->number = 4;
  s.add(other);
  CHECK(s.ids() == std::vector<std::int64_t>{1, 2, 3, 4});
  CHECK(s.store.get(1)->count == 1);
  CHECK(s.store.get(3)->open);
  again.event->number = 5;
  s.add(again);  // into the open one
  CHECK(s.store.get(3)->count == 2);
  CHECK(s.adds_up());
}

TEST_CASE("a filter selects what nobody has handled, ids must all be there, and all is done or nothing") {
  ClockedStore s;
  for (std::uint64_t i = 1; i <= 5; ++i) s.add(alertOn(i, "/tmp/" + std::to_string(i)));
  const auto missing = s.store.handle(ids({1, 99}), byRoot(State::Handled));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("there is no alert 99") == 0);
  CHECK(s.store.get(1)->open);
  REQUIRE(s.store.handle(ids({1}), byRoot(State::Handled, "first")));
  Filter all;
  all.limit = 1;  // of lists, not of this
  CHECK(s.store.handle(all, byRoot(State::Handled))->ids == std::vector<std::int64_t>{2, 3, 4, 5});
  CHECK(s.store.get(1)->handling.size() == 1);
  Filter rule;
  rule.rule = "no-such' OR 1=1 --";
  CHECK(s.store.handle(rule, byRoot(State::Handled))->ids.empty());
  Filter open;
  open.open = true;
  CHECK(s.store.list(open)->empty());
  open.open = false;
  CHECK(s.store.list(open)->size() == 5);
}

TEST_CASE("an alert does not grow without end by being handled") {
  ClockedStore s;
  s.add(alertOn(1, "/tmp/a"));
  for (std::size_t i = 0; i < kHandlingMax; ++i) REQUIRE(s.store.handle(ids({1}), byRoot(State::Handled)));
  const auto one_more = s.store.handle(ids({1}), byRoot(State::Handled));
  REQUIRE_FALSE(one_more);
  CHECK(one_more.error().message.find("nothing was changed") != std::string::npos);
}

TEST_CASE("what a rule allowed comes as handled, and folds with its like") {
  ClockedStore s;
  Alert allowed = alertOn(1, "/tmp/a");
  allowed.verdict = "allow";
  allowed.state = State::Handled;
  s.add(allowed);
  allowed.event->number = 2;
  s.add(allowed);
  CHECK(s.ids().size() == 1);
  CHECK(s.store.get(1)->count == 2);
  CHECK_FALSE(s.store.get(1)->open);
}

TEST_CASE("statistics count alerts, operations and what is open, once each") {
  ClockedStore s;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    Alert alert = alertOn(i, "/tmp/" + std::to_string(i));
    alert.count = i;
    alert.container.name = i % 2 == 0 ? "web" : "db";
    if (i == 6) alert.last_real += 86'400'000'000'000;
    s.add(alert);
  }
  s.add(fromNotice(NoticeKind::BadRuleSet, "x", {"m", "h", ""}, "boot-1"));
  REQUIRE(s.store.handle(ids({1, 2}), byRoot(State::Handled)));
  const auto stats = s.store.stats({});
  REQUIRE(stats);
  CHECK(stats->all.alerts == 7);
  CHECK(stats->all.open == 5);
  CHECK(stats->all.operations == 21);
  const auto json = toJson(*stats);
  for (const char* property : {"type", "severity", "state", "rule", "container", "image", "day"}) {
    std::uint64_t alerts = 0;
    std::uint64_t operations = 0;
    for (const auto& share : json["by"][property]) {
      alerts += share["alerts"].get<std::uint64_t>();
      operations += share["operations"].get<std::uint64_t>();
    }
    CHECK(alerts == 7);
    CHECK(operations == 21);
  }
  CHECK(json["by"]["container"][0]["alerts"] == 3);
  CHECK(json["by"]["image"][0]["value"] == "registry.example/web:1");
  const auto days = json["by"]["day"];
  CHECK(std::any_of(days.begin(), days.end(), [](const auto& day) { return day["value"] == "2023-11-15"; }));
  Filter web;
  web.container = "web";
  CHECK(s.store.stats(web)->all.operations == 12);
}

TEST_CASE("statistics of many values are bounded and complete") {
  ClockedStore s;
  std::vector<Alert> batch;
  for (std::uint64_t i = 1; i <= kSharesMax + 50; ++i) {
    batch.push_back(alertOn(i, "/tmp/x"));
    batch.back().container.name = "container" + std::to_string(i);
    batch.back().container.cgroup_id = i;
  }
  REQUIRE(s.store.add(batch));
  const auto json = toJson(*s.store.stats({}));
  const auto& containers = json["by"]["container"];
  REQUIRE(containers.size() == kSharesMax + 1);
  CHECK(containers.back()["value"] == "others");
  CHECK(containers.back()["alerts"] == 50);
}
