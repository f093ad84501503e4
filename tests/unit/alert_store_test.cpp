// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <memory>

#include "alert/json.hpp"
#include "alert/store.hpp"
#include "alert/store_sql.hpp"
#include "alert_sample.hpp"

using namespace holdfast;
using namespace holdfast::alert;
using test::sampleAlert;

namespace {

constexpr const char* kBoot = "0f0f0f0f-0000-4000-8000-000000000001";

struct Bench {
  test::ScratchDirectory directory;
  std::filesystem::path file = directory / "alerts.db";
  Store store = open({});

  Store open(const StoreOptions& options) const {
    auto opened = Store::open(file, options);
    REQUIRE(opened);
    return std::move(*opened);
  }
};

using Raw = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
Raw raw(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  return {db, &sqlite3_close};
}
void run(sqlite3* db, const char* sql) { REQUIRE(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK); }

std::uint64_t sumOfCounts(const Store& store) {
  std::uint64_t sum = 0;
  Filter filter;
  filter.limit = kListMax;
  const auto alerts = store.list(filter);
  REQUIRE(alerts);
  for (const Alert& alert : *alerts) sum += alert.event ? alert.count : 0;
  return sum;
}

Alert other(std::uint64_t number, const std::string& path) {
  Alert alert = sampleAlert(number);
  alert.path = path;
  alert.ino = 1000 + number;
  return alert;
}

}  // namespace

TEST_CASE("the same event twice is one event") {
  Bench bench;
  const std::vector<Alert> batch = {sampleAlert(1), sampleAlert(2), sampleAlert(2)};
  CHECK(bench.store.add(batch) == 1U);
  CHECK(bench.store.add(batch) == 0U);
  const auto totals = bench.store.totals();
  REQUIRE(totals);
  CHECK(totals->events == 2);
  CHECK(totals->alerts == 1);
  CHECK(totals->folded == 1);
  CHECK(totals->operations == 2);
  CHECK(bench.store.lastNumber(kBoot, 77) == 2U);
  CHECK(bench.store.lastNumber(kBoot, 78) == 0U);
}

TEST_CASE("what ran already is one alert, whenever it is found again under the same rule") {
  Bench bench;
  std::uint64_t number = 0;
  const auto running = [&number](std::uint32_t tgid, const std::string& path = "/tmp/evil") {
    Alert alert = other(1, path);
    alert.event->number = ++number;
    alert.kind = kernel::name(kernel::EventKind::Running);
    alert.verdict = "alert";
    alert.state = State::Unhandled;
    alert.tgid = tgid;
    alert.start_time = 1000 + tgid;
    return alert;
  };
  Alert later = running(7);
  later.event->load_id = 78;  // of the module, loaded again
  later.first_boot = later.last_boot = later.first_boot + std::uint64_t{365} * 86400 * 1'000'000'000;
  later.rule->rule_set = 9;
  later.rule->line = 99;
  CHECK(bench.store.add(std::vector{running(7), running(7), later, running(8)}) == 1U);
  CHECK(bench.store.totals()->alerts == 1);
  CHECK(bench.store.add(std::vector{running(7, "/tmp/evil2")}) == 1U);
  CHECK(bench.store.totals()->alerts == 2);

  // Other rules have something new to say of it.
  Alert of_other_rule = running(7);
  of_other_rule.rule->name = "other";
  CHECK(bench.store.add(std::vector{of_other_rule}) == 1U);
  CHECK(bench.store.totals()->alerts == 3);

  // Seen to: the process is not told of again, another one is.
  const auto db = raw(bench.file);
  run(db.get(), "UPDATE alerts SET state = 'handled'");
  CHECK(bench.store.add(std::vector{running(7)}) == 1U);
  CHECK(bench.store.totals()->alerts == 3);
  CHECK(bench.store.add(std::vector{running(70), running(7000)}) == 1U);
  CHECK(bench.store.totals()->alerts == 4);
  CHECK(sumOfCounts(bench.store) == bench.store.totals()->operations);
}

TEST_CASE("the sum of counts is the number of operations") {
  Bench bench;
  std::uint64_t operations = 0;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    Alert alert = number % 3 == 0 ? other(number, "/tmp/" + std::to_string(number)) : sampleAlert(number);
    alert.count = number % 7 + 1;
    operations += alert.count;
    REQUIRE(bench.store.add({&alert, 1}));
  }
  const auto totals = bench.store.totals();
  CHECK(totals->operations == operations);
  CHECK(totals->events == 200);
  CHECK(totals->events == totals->alerts + totals->folded);
  CHECK(sumOfCounts(bench.store) == operations);
}

TEST_CASE("numbers of another load or boot are other events") {
  Bench bench;
  std::vector<Alert> batch = {sampleAlert(1), sampleAlert(1), sampleAlert(1)};
  batch[1].event->load_id = UINT64_MAX;
  batch[2].event->boot_id = batch[2].boot_id = "another";
  CHECK(bench.store.add(batch) == 2U);  // times of another boot do not compare: a row of its own
  CHECK(bench.store.totals()->operations == 3);
  CHECK(bench.store.lastNumber(kBoot, UINT64_MAX) == 1U);
}

TEST_CASE("settled events are not taken again") {
  Bench bench;
  const std::vector<Alert> batch = {sampleAlert(1), sampleAlert(2), sampleAlert(3)};
  REQUIRE(bench.store.add(batch));
  REQUIRE(bench.store.settle(kBoot, 77, 2));
  REQUIRE(bench.store.settle(kBoot, 77, 1));  // never goes back
  CHECK(bench.store.add(batch) == 0U);
  CHECK(bench.store.totals()->operations == 3);
  CHECK(bench.store.lastNumber(kBoot, 77) == 3U);
  REQUIRE(bench.store.settle("never seen", 1, 9));
  CHECK(bench.store.lastNumber("never seen", 1) == 9U);
}

TEST_CASE("what differs does not fold") {
  Bench bench;
  std::vector<Alert> batch(6, sampleAlert(1));
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].event->number = i + 1;
  batch[1].container.cgroup_id = 43;
  batch[2].rule->name = "other";
  batch[3].kind = "map";
  batch[4].path = "/tmp/other";
  batch[5].verdict = "alert";
  CHECK(bench.store.add(batch) == 6U);
}

TEST_CASE("a window closes, whatever the wall clock says") {
  Bench bench;
  Alert late = sampleAlert(2);
  late.first_boot += static_cast<std::uint64_t>(std::chrono::nanoseconds(std::chrono::hours(2)).count());
  late.first_real = late.last_real = 1;
  const std::vector<Alert> batch = {sampleAlert(1), late};
  CHECK(bench.store.add(batch) == 2U);
}

TEST_CASE("a container cannot fill the store with names") {
  test::ScratchDirectory directory;
  StoreOptions options;
  options.objects_max = 10;
  auto store = Store::open(directory / "alerts.db", options);
  REQUIRE(store);
  std::vector<Alert> batch;
  for (std::uint64_t i = 1; i <= 500; ++i) batch.push_back(other(i, "/tmp/" + std::to_string(i)));
  REQUIRE(store->add(batch));
  CHECK(store->totals()->alerts == 11);
  CHECK(store->totals()->operations == 500);
  const auto newest = store->list({});
  REQUIRE(newest);
  CHECK(newest->front().path.empty());
  CHECK(newest->front().count == 490);
  CHECK(sumOfCounts(*store) == 500);
}

TEST_CASE("a change after a revision is found, once, in order") {
  Bench bench;
  const std::vector<Alert> batch = {sampleAlert(1), other(2, "/tmp/b")};
  REQUIRE(bench.store.add(batch));
  Filter filter;
  filter.after_revision = 0;
  auto found = bench.store.list(filter);
  REQUIRE(found->size() == 2);
  filter.after_revision = found->back().revision;
  CHECK(bench.store.list(filter)->empty());
  CHECK(*bench.store.revision() == filter.after_revision);
  const Alert again = sampleAlert(3);
  REQUIRE(bench.store.add({&again, 1}));
  found = bench.store.list(filter);
  REQUIRE(found->size() == 1);
  CHECK(found->front().count == 2);
  CHECK(found->front().id == 1);
  CHECK(found->front().last_boot == again.last_boot);
}

TEST_CASE("lists are filtered by exact values, hostile ones too") {
  Bench bench;
  std::vector<Alert> batch = {sampleAlert(1), other(2, "/tmp/b"), other(3, "/tmp/c")};
  batch[1].container = {43, "fedcba9876543210", "x' OR '1'='1", "", "", {}, "", "", ""};
  batch[2].severity = Severity::Reminder;
  REQUIRE(bench.store.add(batch));
  const auto count = [&](const Filter& filter) { return bench.store.list(filter)->size(); };
  Filter filter;
  CHECK(count(filter) == 3);
  filter.container = "fedc";
  CHECK(count(filter) == 1);
  filter.container = "fed";
  CHECK(count(filter) == 0);
  filter.container = "%";
  CHECK(count(filter) == 0);
  filter.container = "x' OR '1'='1";
  CHECK(count(filter) == 1);
  filter = {};
  filter.severity = "reminder";
  CHECK(count(filter) == 1);
  filter = {};
  filter.since_real = UINT64_MAX;
  CHECK(count(filter) == 0);
  filter = {};
  filter.limit = 2;
  CHECK(count(filter) == 2);
  CHECK(bench.store.list(filter)->front().id == 3);
  filter.before_id = 2;
  CHECK(count(filter) == 1);
  CHECK(bench.store.list(filter)->front().id == 1);
  CHECK(bench.store.get(2)->path == "/tmp/b");
  CHECK_FALSE(bench.store.get(99));
}

TEST_CASE("the controller's own alerts fold and are counted apart") {
  Bench bench;
  const Alert notice = fromNotice(NoticeKind::BadRuleSet, "unknown key", {"m", "h", ""}, kBoot, "/etc/x.yaml", 4);
  const std::vector<Alert> batch = {notice, notice};
  CHECK(bench.store.add(batch) == 1U);
  CHECK(bench.store.totals()->notices == 1);
  CHECK(bench.store.totals()->operations == 0);
  CHECK(bench.store.get(1)->count == 2);
}

TEST_CASE("a locked store takes nothing, and all of it later") {
  Bench bench;
  Store store = bench.open({.busy_timeout = std::chrono::milliseconds(20)});
  const auto lock = raw(bench.file);
  run(lock.get(), "BEGIN EXCLUSIVE");
  const std::vector<Alert> batch = {sampleAlert(1), other(2, "/tmp/b")};
  const auto failed = store.add(batch);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.find("locked") != std::string::npos);
  run(lock.get(), "COMMIT");
  CHECK(store.add(batch) == 2U);
  CHECK(store.totals()->operations == 2);
}

TEST_CASE("a full store takes all of a batch or nothing, and stays readable") {
  test::ScratchDirectory directory;
  auto store = Store::open(directory / "alerts.db", {.bytes_max = 256 * 1024});
  REQUIRE(store);
  std::uint64_t taken = 0;
  bool full = false;
  for (std::uint64_t number = 1; number < 2000 && !full; number += 2) {
    const std::vector<Alert> batch = {other(number, "/tmp/" + std::to_string(number)),
                                      other(number + 1, std::string(2000, 'x') + std::to_string(number))};
    const auto added = store->add(batch);
    full = !added;
    if (full) CHECK(added.error().message.find("full") != std::string::npos);
    taken += full ? 0 : 2;
  }
  CHECK(full);
  CHECK(taken > 0);
  CHECK(store->totals()->operations == taken);
  CHECK(store->lastNumber(kBoot, 77) == taken);
  CHECK(store->list({}));
}

TEST_CASE("what was stored is there after a new start, for the writer and for a reader") {
  Bench bench;
  const Alert alert = sampleAlert(1);
  REQUIRE(bench.store.add({&alert, 1}));
  Store again = bench.open({});
  CHECK(again.add({&alert, 1}) == 0U);
  Store reader = bench.open({.read_only = true});
  CHECK(reader.get(1)->path == "/tmp/evil");
  const Alert more = sampleAlert(2);
  CHECK_FALSE(reader.add({&more, 1}));
  REQUIRE(again.add({&more, 1}));
  CHECK(reader.get(1)->count == 2);
}

TEST_CASE("the store's files are root's alone") {
  Bench bench;
  const Alert alert = sampleAlert(1);
  REQUIRE(bench.store.add({&alert, 1}));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    REQUIRE(::stat((bench.file.string() + suffix).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("newer, foreign and damaged files are refused and left alone") {
  test::ScratchDirectory directory;
  const auto file = directory / "alerts.db";
  SECTION("newer") {
    REQUIRE(Store::open(file));
    run(raw(file).get(), "PRAGMA user_version = 99");
    CHECK(Store::open(file).error().message.find("newer") != std::string::npos);
  }
  SECTION("of another program") {
    run(raw(file).get(), "CREATE TABLE alerts (x)");
    CHECK(Store::open(file).error().message.find("no alert store") != std::string::npos);
  }
  SECTION("no database") {
    std::ofstream(file) << std::string(5000, 'x');
    CHECK_FALSE(Store::open(file));
    CHECK(std::filesystem::file_size(file) == 5000);
  }
  SECTION("a link") {
    std::filesystem::create_symlink(directory / "elsewhere", file);
    CHECK_FALSE(Store::open(file));
    CHECK_FALSE(std::filesystem::exists(directory / "elsewhere"));
  }
  SECTION("a FIFO does not hang") {
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK_FALSE(Store::open(file));
  }
  SECTION("a reader makes nothing") {
    CHECK_FALSE(Store::open(file, {.read_only = true}));
    CHECK_FALSE(std::filesystem::exists(file));
  }
  SECTION("a damaged row says so, and keeps no other from a list") {
    auto store = Store::open(file);
    for (const std::uint64_t number : {1, 2, 3}) {
      Alert alert = sampleAlert(number);
      alert.path = "/x" + std::to_string(number);
      REQUIRE(store->add({&alert, 1}));
    }
    run(raw(file).get(), "UPDATE alerts SET body = '{' WHERE id = 1");
    run(raw(file).get(), "UPDATE alerts SET body = '{\"name\": 7}' WHERE id = 2");
    const auto all = store->list({});
    REQUIRE(all);
    REQUIRE(all->size() == 3);
    CHECK((*all)[0].path == "/x3");
    for (const std::int64_t id : {1, 2}) {
      CHECK(store->get(id)->name == "Damaged alert");
      CHECK(store->get(id)->id == id);
      CHECK(store->get(id)->revision == id);
    }
  }
}

TEST_CASE("alerts are counted by type, severity and state, out of an index and not by reading them all") {
  const test::ScratchDirectory directory;
  const auto file = directory / "alerts.db";
  auto store = Store::open(file);
  REQUIRE(store);
  CHECK(store->stateCounts()->empty());
  for (int i = 1; i <= 3; ++i) {
    Alert alert = sampleAlert(static_cast<std::uint64_t>(i));
    alert.path = "/x" + std::to_string(i);
    if (i == 3) alert.severity = Severity::Reminder;
    REQUIRE(store->add({&alert, 1}));
  }
  const auto counts = store->stateCounts();
  REQUIRE(counts);
  std::uint64_t sum = 0;
  for (const auto& count : *counts) sum += count.alerts;
  CHECK(counts->size() == 2);
  CHECK(sum == 3);
  const auto database = raw(file);
  auto plan = Statement::prepare(database.get(),
                                 "EXPLAIN QUERY PLAN SELECT type, severity, state, count(*) FROM alerts "
                                 "GROUP BY type, severity, state");
  REQUIRE(plan);
  REQUIRE(*plan->step("plan"));
  CHECK(plan->text(3).find("COVERING INDEX") != std::string::npos);
}
