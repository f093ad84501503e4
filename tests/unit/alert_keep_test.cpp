// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "alert_store_sample.hpp"

using namespace holdfast;
using namespace holdfast::alert;
using std::chrono::hours;
using test::alertOn;
using test::byRoot;
using test::ClockedStore;

namespace {

Keep keepDays(int days) { return {std::chrono::days(days), 100000}; }

}  // namespace

TEST_CASE("alerts expire so long after they were last counted up, and the totals say what is gone") {
  ClockedStore s;
  s.add(alertOn(1, "/tmp/a"));
  s.add(alertOn(2, "/tmp/b"));
  s.pass(hours(20));
  Alert again = alertOn(2, "/tmp/b");
  again.event->number = 3;
  s.add(again);
  CHECK(s.store.expireOld(keepDays(1), 100)->alerts == 0);
  s.pass(hours(5));
  const auto removed = s.store.expireOld(keepDays(1), 100);
  REQUIRE(removed);
  CHECK(removed->alerts == 1);
  CHECK(removed->open == 1);
  CHECK(s.ids() == std::vector<std::int64_t>{2});
  CHECK(s.store.totals()->removed == 1);
  CHECK(s.store.totals()->operations == 3);
  CHECK(s.adds_up());
  // A number is not used again, and a resent event is not a new one.
  s.add(alertOn(1, "/tmp/a"));
  CHECK(s.ids() == std::vector<std::int64_t>{2});
}

TEST_CASE("setting the clock neither lengthens nor shortens anybody's time") {
  ClockedStore s;
  s.add(alertOn(1, "/tmp/a"));
  SECTION("back by ten years, and nothing stays longer") {
    s.clocks->real_ns -= 10ULL * 365 * 86400 * 1'000'000'000;
    s.pass(hours(23));
    CHECK(s.store.expireOld(keepDays(1), 100)->alerts == 0);
    s.pass(hours(2));
    CHECK(s.store.expireOld(keepDays(1), 100)->alerts == 1);
  }
  SECTION("forth by a century, and nothing is removed for that") {
    s.clocks->real_ns += 100ULL * 365 * 86400 * 1'000'000'000;
    CHECK(s.store.expireOld(keepDays(1), 100)->alerts == 0);
    s.pass(hours(25));
    CHECK(s.store.expireOld(keepDays(1), 100)->alerts == 1);
  }
  SECTION("back across a boot: what has passed before counts, and since") {
    s.pass(hours(13));
    REQUIRE(s.store.expireOld(keepDays(1), 100));
    *s.clocks = {"boot-2", 0, s.clocks->real_ns - 5ULL * 365 * 86400 * 1'000'000'000};
    Store later = s.open();
    s.pass(hours(10));
    CHECK(later.expireOld(keepDays(1), 100)->alerts == 0);
    s.pass(hours(2));
    CHECK(later.expireOld(keepDays(1), 100)->alerts == 1);
  }
  SECTION("a host that was off") {
    *s.clocks = {"boot-2", 1000, s.clocks->real_ns + 2ULL * 86400 * 1'000'000'000};
    CHECK(s.store.expireOld(keepDays(1), 100)->alerts == 1);
  }
}

TEST_CASE("of too many, handled ones go first, then the oldest, a bounded number at a time") {
  ClockedStore s;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    s.add(alertOn(i, "/tmp/" + std::to_string(i)));
    s.pass(std::chrono::seconds(1));
  }
  Filter two;
  two.ids = {8, 9};
  REQUIRE(s.store.handle(two, byRoot(State::Handled)));
  const Keep keep{std::chrono::days(365), 5};
  auto removed = s.store.expireSurplus(keep, 3);
  CHECK(removed->alerts == 3);
  CHECK(removed->open == 1);
  CHECK(s.ids() == std::vector<std::int64_t>{2, 3, 4, 5, 6, 7, 10});
  removed = s.store.expireSurplus(keep, 3);
  CHECK(removed->alerts == 2);
  CHECK(s.ids() == std::vector<std::int64_t>{4, 5, 6, 7, 10});
  CHECK(s.store.expireSurplus(keep, 3)->alerts == 0);
  CHECK(s.adds_up());
}

TEST_CASE("a purge removes what was selected, and notices are counted apart") {
  ClockedStore s;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    Alert alert = alertOn(i, "/tmp/" + std::to_string(i));
    alert.count = 10;
    s.add(alert);
  }
  s.add(fromNotice(NoticeKind::BadRuleSet, "x", {"m", "h", ""}, "boot-1"));
  Filter handled;
  handled.ids = {1, 5};
  REQUIRE(s.store.handle(handled, byRoot(State::Handled)));
  Filter filter;
  filter.open = false;
  const auto removed = s.store.purge(filter);
  REQUIRE(removed);
  CHECK(removed->alerts == 2);
  CHECK(removed->open == 0);
  CHECK(removed->operations == 10);
  CHECK(s.ids() == std::vector<std::int64_t>{2, 3, 4});
  CHECK(s.store.totals()->removed_notices == 1);
  CHECK(s.adds_up());
  filter = {};
  filter.limit = 2;
  CHECK(s.store.purge(filter)->open == 2);
  filter.before_real = 1'700'000'000'000'000'000;
  CHECK(s.store.purge(filter)->alerts == 0);
  CHECK(s.ids() == std::vector<std::int64_t>{4});
}

TEST_CASE("a copy is a store of its own, private, and overwrites nothing") {
  ClockedStore s;
  for (std::uint64_t i = 1; i <= 20; ++i) s.add(alertOn(i, "/tmp/" + std::to_string(i)));
  const Store reader = *Store::open(s.file, {.read_only = true});
  const auto file = s.directory / "copy.db";
  REQUIRE(reader.copy(file));
  s.add(alertOn(21, "/tmp/later"));
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  auto copy = Store::open(file);
  REQUIRE(copy);
  CHECK(copy->totals()->alerts == 20);
  const Alert more = alertOn(22, "/tmp/more");
  CHECK(copy->add({&more, 1}) == 1U);
  CHECK_FALSE(reader.copy(file));
  CHECK(copy->totals()->alerts == 21);
  std::filesystem::create_symlink(s.directory / "elsewhere", s.directory / "link");
  CHECK_FALSE(reader.copy(s.directory / "link"));
  CHECK_FALSE(std::filesystem::exists(s.directory / "elsewhere"));
  CHECK_FALSE(reader.copy(s.directory / "no-such-directory" / "copy.db"));
}

TEST_CASE("a copy that is made while alerts come is of one moment") {
  ClockedStore s;
  std::thread adder([&] {
    for (std::uint64_t i = 1; i <= 200; ++i) {
      const Alert one = alertOn(i, "/tmp/" + std::to_string(i));
      (void)s.store.add({&one, 1});
    }
  });
  for (int i = 0; i < 5; ++i) {
    const auto file = s.directory / ("copy" + std::to_string(i));
    const Store reader = *Store::open(s.file, {.read_only = true});
    REQUIRE(reader.copy(file));
    const auto copy = Store::open(file);
    REQUIRE(copy);
    Filter all;
    all.limit = kListMax;
    CHECK(copy->list(all)->size() == copy->totals()->alerts);
  }
  adder.join();
}

TEST_CASE("a store of the first schema is brought forward, and a copy of it kept") {
  test::ScratchDirectory directory;
  const auto file = directory / "alerts.db";
  {
    const auto db = test::raw(file);
    std::ifstream sql(std::string(HOLDFAST_FIXTURES) + "/store-1.sql");
    REQUIRE(sql);
    test::run(db.get(), {std::istreambuf_iterator<char>(sql), {}});
  }
  auto store = Store::open(file);
  REQUIRE(store);
  const auto alert = store->get(1);
  REQUIRE(alert);
  CHECK(alert->open);
  CHECK(alert->handling.empty());
  CHECK(alert->count == 3);
  CHECK(alert->path == "/tmp/evil");
  const auto stats = store->stats({});
  REQUIRE(stats);
  CHECK(stats->all.operations == 3);
  CHECK(stats->all.alerts == 2);
  CHECK(store->handle({}, byRoot(State::Handled))->ids.size() == 2);
  CHECK(store->totals()->removed == 0);

  const auto kept = directory / "alerts.db.schema-1";
  struct stat status {};
  REQUIRE(::stat(kept.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::filesystem::copy_file(kept, directory / "again.db");
  CHECK(Store::open(directory / "again.db")->get(1)->count == 3);
  // A copy is never overwritten.
  { const Store closed = std::move(*store); }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
  std::filesystem::copy_file(kept, file);
  REQUIRE(Store::open(file));
  CHECK(std::filesystem::exists(directory / "alerts.db.schema-1.2"));
}

TEST_CASE("a store whose copy cannot be made is left as it is") {
  test::ScratchDirectory directory;
  const auto file = directory / "alerts.db";
  {
    const auto db = test::raw(file);
    std::ifstream sql(std::string(HOLDFAST_FIXTURES) + "/store-1.sql");
    test::run(db.get(), {std::istreambuf_iterator<char>(sql), {}});
  }
  for (int i = 1; i <= 9; ++i)
    std::ofstream(directory / ("alerts.db.schema-1" + (i == 1 ? std::string() : "." + std::to_string(i)))) << "kept";
  const auto store = Store::open(file);
  REQUIRE_FALSE(store);
  CHECK(store.error().message.find("copies") != std::string::npos);
  sqlite3_stmt* statement = nullptr;
  const auto db = test::raw(file);
  REQUIRE(sqlite3_prepare_v2(db.get(), "PRAGMA user_version", -1, &statement, nullptr) == SQLITE_OK);
  CHECK(sqlite3_step(statement) == SQLITE_ROW);
  CHECK(sqlite3_column_int(statement, 0) == 1);
  sqlite3_finalize(statement);
}

TEST_CASE("outputs begin with what is new, go on where they were, and are forgotten when they are off") {
  ClockedStore s;
  s.add(alertOn(1, "/tmp/a"));
  REQUIRE(s.store.useOutputs({"journal"}));
  CHECK((*s.store.served("journal"))->revision == *s.store.revision());
  CHECK_FALSE((*s.store.served("audit")).has_value());
  s.add(alertOn(2, "/tmp/b"));
  CHECK(s.store.changedSince((*s.store.served("journal"))->revision) == 1U);
  REQUIRE(s.store.useOutputs({"journal", "audit"}));
  CHECK((*s.store.served("journal"))->revision == 1);
  CHECK((*s.store.served("audit"))->revision == 2);
  REQUIRE(s.store.setServed("journal", {2, 1}));
  CHECK((*s.open().served("journal"))->delivered == 1);
  REQUIRE(s.store.useOutputs({"audit"}));
  CHECK_FALSE((*s.store.served("journal")).has_value());
}
