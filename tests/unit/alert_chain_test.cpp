// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>

#include "alert/output.hpp"
#include "alert_store_sample.hpp"
#include "rule/check_catalogue.hpp"

using namespace holdfast;
using namespace holdfast::alert;
using test::ClockedStore;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

/// What containers did, in the order of their telling.
class Story {
 public:
  /// The alert's id.
  std::int64_t tell(const std::string& item, std::uint64_t seconds, std::uint64_t cgroup = 42) {
    kernel::Event event = test::sampleEvent(++number_);
    event.kind = kernel::EventKind::Escape;
    event.origin = kernel::Origin::Unknown;
    event.check = static_cast<std::uint32_t>(*rule::findCheckItem(item));
    event.path = item;
    event.ino = event.check;
    return add(event, seconds, cgroup);
  }
  std::int64_t dropped(std::uint64_t seconds) { return add(test::sampleEvent(++number_), seconds, 42); }
  std::int64_t add(kernel::Event event, std::uint64_t seconds, std::uint64_t cgroup) {
    event.time_boot = event.time_boot_last = 1'000'000 * kSecond + seconds * kSecond;
    event.cgroup_id = cgroup;
    auto context = test::sampleContext(nullptr);
    context.container.cgroup_id = cgroup;
    bench_.add(fromEvent(event, context));
    return bench_.store.list({})->front().id;
  }
  /// "suspicious after AS1, PT2"
  [[nodiscard]] std::string of(std::int64_t id) const {
    const auto alert = *bench_.store.get(id);
    std::string text = name(alert.severity);
    for (const auto& link : alert.chain) text += (&link == alert.chain.data() ? " after " : ", ") + link.item;
    return text;
  }

  ClockedStore bench_;

 private:
  std::uint64_t number_ = 0;
};

}  // namespace

TEST_CASE("chain: every item has a stage, and an alert tells it") {
  CHECK(std::string(rule::name(rule::checkItems()[*rule::findCheckItem("AS1")].stage)) == "precondition");
  CHECK(std::string(rule::name(rule::checkItems()[*rule::findCheckItem("UH1")].stage)) == "boundary");
  CHECK(std::string(rule::name(rule::checkItems()[*rule::findCheckItem("UH4")].stage)) == "host execution");
  CHECK(std::string(rule::name(rule::checkItems()[*rule::findCheckItem("PS2")].stage)) == "reconnaissance");
  CHECK(test::sampleAlert(1).stage == "precondition");  // a program that is not the image's
  auto event = test::sampleEvent(1);
  event.kind = kernel::EventKind::Running;
  CHECK(fromEvent(event, test::sampleContext(nullptr)).stage.empty());
  event.kind = kernel::EventKind::Defaulted;
  CHECK(fromEvent(event, test::sampleContext(nullptr)).stage.empty());
}

TEST_CASE("chain: the second of two stages within a minute is one level more severe") {
  Story story;
  const auto first = story.tell("AS1", 0);
  CHECK(story.of(first) == "reminder");
  SECTION("of another stage") {
    const auto second = story.tell("PS3", 60);
    CHECK(story.of(second) == "suspicious after AS1");
    CHECK(story.of(first) == "reminder");
    const auto alert = *story.bench_.store.get(second);
    CHECK(alert.chain == std::vector<ChainLink>{{first, "AS1", "precondition", 1'000'000 * kSecond}});
    CHECK(chainText(alert) == "AS1 (" + std::to_string(first) + ")");
    Filter filter;
    filter.severity = "suspicious";
    CHECK(story.bench_.store.list(filter)->size() == 1);
    CHECK(story.of(story.tell("BP1", 60)) == "urgent after AS1, PS3");
  }
  SECTION("not of the same") { CHECK(story.of(story.tell("RD1", 1)) == "reminder"); }
  SECTION("not later") { CHECK(story.of(story.tell("PS3", 61)) == "reminder"); }
  SECTION("not of another container") { CHECK(story.of(story.tell("PS3", 1, 43)) == "reminder"); }
  SECTION("what is urgent stays so, and lists the chain") {
    CHECK(story.of(story.tell("NS1", 1)) == "urgent after AS1");
  }
  SECTION("not of another boot") {
    kernel::Event event = test::sampleEvent(99);
    event.boot_id = "0f0f0f0f-0000-4000-8000-000000000002";
    event.kind = kernel::EventKind::Escape;
    event.check = static_cast<std::uint32_t>(*rule::findCheckItem("PS3"));
    CHECK(story.of(story.add(event, 1, 42)) == "reminder");
  }
}

TEST_CASE("chain: a program that was brought along counts, a controller's own alert does not") {
  Story story;
  auto notice = fromNotice(NoticeKind::ImageUnknown, "x", {"m", "h", ""}, "0f0f0f0f-0000-4000-8000-000000000001",
                           test::sampleContext(nullptr).container);
  notice.container.cgroup_id = 42;
  notice.first_boot = notice.last_boot = 1'000'000 * kSecond;
  story.bench_.add(notice);
  CHECK(story.of(story.dropped(0)) == "urgent");
  CHECK(story.of(story.tell("PS3", 1)) == "suspicious after exec");
}

TEST_CASE("chain: an alert that is counted up rises once and never falls") {
  Story story;
  const auto repeated = story.tell("PS3", 0);
  const auto other = story.tell("AS1", 100);
  CHECK(story.of(other) == "reminder");
  const auto revision = story.bench_.store.get(repeated)->revision;
  CHECK(story.tell("PS3", 130) == other);  // no new alert
  CHECK(story.of(repeated) == "suspicious after AS1");
  CHECK(story.bench_.store.get(repeated)->revision > revision);
  story.tell("PS3", 135);
  story.tell("PS3", 1000);
  CHECK(story.of(repeated) == "suspicious after AS1");
  CHECK(story.bench_.store.get(repeated)->count == 4);
  CHECK(story.bench_.adds_up());
}

TEST_CASE("chain: it goes on where the controller before left off, and is bounded") {
  Story story;
  for (std::uint64_t i = 0; i < 20; ++i) {
    kernel::Event event = test::sampleEvent(1000 + i);
    event.path = "/tmp/" + std::to_string(i);
    event.ino = 100 + i;
    (void)story.add(event, i, 42);
  }
  story.bench_.store = story.bench_.open();
  const auto alert = *story.bench_.store.get(story.tell("PS3", 20));
  REQUIRE(alert.chain.size() == 8);
  CHECK(alert.chain.front().alert == 13);
  CHECK(alert.chain.back().alert == 20);
  CHECK(alert.severity == Severity::Suspicious);
}

TEST_CASE("chain: what is resent after a failure is not raised by itself") {
  Story story;
  const auto first = story.tell("AS1", 0);
  kernel::Event event = test::sampleEvent(1);
  const Alert again = fromEvent(event, test::sampleContext(nullptr));
  CHECK(story.bench_.store.add({&again, 1}) == 0U);
  CHECK(story.of(first) == "reminder");
}

TEST_CASE("chain: looking for it reads an index only") {
  Story story;
  const auto db = test::raw(story.bench_.file);
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(
              db.get(),
              "EXPLAIN QUERY PLAN SELECT id, item, last_boot FROM alerts WHERE cgroup_id = ? AND boot_id "
              "= ? AND stage = ? AND stage != '' AND last_boot BETWEEN ? AND ? ORDER BY last_boot DESC LIMIT ?",
              -1, &statement, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
  const std::string plan = reinterpret_cast<const char*>(sqlite3_column_text(statement, 3));
  CHECK(plan.find("alerts_stage (cgroup_id=? AND boot_id=? AND stage=? AND last_boot>? AND last_boot<?)") !=
        std::string::npos);
  CHECK(sqlite3_step(statement) == SQLITE_DONE);  // nothing is sorted
  sqlite3_finalize(statement);
}

TEST_CASE("chain: a store of the second schema is brought forward") {
  test::ScratchDirectory directory;
  const auto file = directory / "alerts.db";
  {
    const auto db = test::raw(file);
    std::ifstream sql(std::string(HOLDFAST_FIXTURES) + "/store-2.sql");
    REQUIRE(sql);
    test::run(db.get(), {std::istreambuf_iterator<char>(sql), {}});
  }
  auto store = Store::open(file);
  REQUIRE(store);
  CHECK(std::filesystem::exists(directory / "alerts.db.schema-2"));
  const auto alert = store->get(1);
  REQUIRE(alert);
  CHECK(alert->severity == Severity::Urgent);
  CHECK(alert->chain.empty());
  CHECK(alert->stage.empty());
  CHECK(alert->handling.size() == 1);
  const Alert more = test::sampleAlert(9);
  CHECK(store->add({&more, 1}) == 1U);
  CHECK(store->get(3)->stage == "precondition");
}

TEST_CASE("a risky start is told once, whatever became of the alert, and again of another start") {
  ClockedStore s;
  const auto start = [](std::uint32_t pid, const std::string& message) {
    ContainerFacts container = test::sampleContext(nullptr).container;
    container.cgroup_id = 42;
    Alert alert = fromNotice(NoticeKind::RiskyStart, message, {"m", "h", ""}, "boot-1", container);
    alert.tgid = pid;
    alert.start_time = 500;
    return alert;
  };
  const Alert first = start(7, "started with privileged");
  CHECK(s.store.add({&first, 1}) == 1U);
  const auto stored = *s.store.get(1);
  CHECK(stored.type == AlertType::ContainerEscapePrevention);
  CHECK(stored.severity == Severity::Reminder);
  CHECK(stored.technique == "T1610");
  CHECK(stored.open);
  CHECK(s.store.add({&first, 1}) == 0U);
  Filter all;
  REQUIRE(s.store.handle(all, test::byRoot(State::Handled)));
  Alert later = start(7, "started with privileged; host-root");
  later.first_boot = later.last_boot = first.first_boot + std::uint64_t{365} * 86400 * kSecond;
  CHECK(s.store.add({&later, 1}) == 0U);
  CHECK(s.store.get(1)->count == 1);
  CHECK(s.store.get(1)->revision == 2);
  const Alert other = start(8, "started with privileged");
  CHECK(s.store.add({&other, 1}) == 1U);
  CHECK(s.store.totals()->notices == 2);
  CHECK(s.adds_up());
}
