// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>

#include "alert/store.hpp"
#include "container_sandbox.hpp"
#include "holdfastd/alert_context.hpp"
#include "holdfastd/stream_thread.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;
using namespace std::chrono_literals;
using Take = EventSequence::Take;

namespace {

kernel::Event event(std::uint64_t number, std::uint32_t tag = 1, std::uint64_t count = 1) {
  kernel::Event one;
  one.load_id = 7;
  one.number = number;
  one.count = count;
  one.generation = 1;
  one.rule_tag = tag;
  one.verdict = kernel::Verdict::Deny;
  one.origin = kernel::Origin::Added;
  one.cgroup_id = 5;
  one.path = "/tmp/x";
  return one;
}

struct Fixture {
  test::Sandbox sandbox;
  test::FakePort port;
  container::Table table;
  RuleHistory history;
  PolicyKeeper keeper{port, table, history, {}};
  container::Runtimes runtimes{sandbox.roots()};
  EventContainers containers{table, runtimes};
  QueryAnswerer answerer{port, keeper, table, runtimes, {}};
  std::atomic<int> resolved{0};
  QueryPool pool{[this](const auto&, auto, auto) { return ++resolved > 0; }, 1, 10, 0ms};
  SelfTests self_tests;
  std::unique_ptr<StoreThread> store;
  std::unique_ptr<Intake> intake;

  explicit Fixture(std::size_t capacity = 1000, const std::string& directory = "") { start(capacity, directory); }
  void start(std::size_t capacity, const std::string& directory) {
    history.add(1, test::rules(test::kBlockAll));
    store = std::make_unique<StoreThread>(
        StoreThread::Parts{.file = sandbox.path() / directory / "alerts.db",
                           .port = port,
                           .to_alert = [this](const auto& one) { return alertOf(one, history, containers, {}); },
                           .on_change = {}},
        capacity);
    store->set({});
    intake = std::make_unique<Intake>(answerer, pool, *store, self_tests);
  }
  void hello(std::uint64_t load = 7) {
    kernel::Hello one;
    one.abi_version = 1;
    one.boot_id = "boot";
    one.load_id = load;
    receive({one});
    store->met(load);
  }
  void receive(std::vector<kernel::StreamMessage> messages, bool overrun = false) {
    kernel::Batch batch;
    batch.messages = std::move(messages);
    intake->receive(std::move(batch), overrun);
  }
  void events(std::uint64_t from, std::uint64_t to) {
    kernel::Events list;
    for (auto number = from; number <= to; ++number) list.events.push_back(event(number));
    receive({list});
  }
  alert::Totals totals() {
    auto reader = alert::Store::open(sandbox.path() / "alerts.db", {.read_only = true});
    return reader ? reader->totals().value_or(alert::Totals{}) : alert::Totals{};
  }
};

}  // namespace

TEST_CASE("events are taken without a gap, and after a loss not before the kernel has begun again") {
  EventSequence sequence;
  CHECK(sequence.wantsHello());
  CHECK(sequence.take(1) == Take::No);
  sequence.hello(7);
  CHECK(sequence.take(5) == Take::Yes);  // whatever the kernel begins with
  CHECK(sequence.take(6) == Take::Yes);
  CHECK(sequence.take(6) == Take::Again);
  CHECK(sequence.take(9) == Take::No);
  CHECK(sequence.wantsHello());
  CHECK(sequence.take(7) == Take::No);  // was on its way
  sequence.hello(7);
  CHECK(sequence.take(4) == Take::Again);
  CHECK(sequence.take(7) == Take::Yes);
  sequence.putBack(7);
  CHECK(sequence.take(8) == Take::No);
  sequence.hello(7);
  CHECK(sequence.take(7) == Take::Yes);
  sequence.lost();
  CHECK(sequence.take(8) == Take::No);
  // Another load of the module numbers anew.
  sequence.hello(8);
  CHECK(sequence.take(1) == Take::Yes);
}

TEST_CASE("a gap that does not close is counted and passed, not waited for without end") {
  EventSequence sequence;
  sequence.hello(7);
  CHECK(sequence.take(1) == Take::Yes);
  for (int i = 0; i < 2; ++i) {
    CHECK(sequence.take(5) == Take::No);
    sequence.hello(7);
  }
  CHECK(sequence.take(5) == Take::Yes);
  CHECK(sequence.missing() == 3);
  CHECK(sequence.take(6) == Take::Yes);
}

TEST_CASE("events are stored, then acknowledged, and counted once however often they come") {
  Fixture f;
  f.events(1, 5);
  CHECK(f.port.lastAcknowledged() == 0);
  f.hello();
  f.events(1, 50);
  CHECK(test::eventually([&] { return f.port.lastAcknowledged() == 50; }));
  f.hello();
  f.events(20, 60);
  CHECK(test::eventually([&] { return f.port.lastAcknowledged() == 60; }));
  CHECK(f.totals().events == 60);
  CHECK(f.totals().operations == 60);
  // Resent and nothing new: the kernel is told again.
  const auto before = f.port.allAcknowledged().size();
  f.events(60, 60);
  CHECK(test::eventually([&] { return f.port.allAcknowledged().size() > before; }));
  CHECK(f.port.lastAcknowledged() == 60);
}

TEST_CASE("after an overrun nothing is acknowledged that was not stored") {
  Fixture f;
  f.hello();
  f.events(1, 3);
  kernel::Events later;
  for (const auto number : {6, 7}) later.events.push_back(event(static_cast<std::uint64_t>(number)));
  f.receive({later}, true);
  CHECK(f.intake->wantsHello());
  f.events(8, 9);
  CHECK(test::eventually([&] { return f.port.lastAcknowledged() == 3; }));
  f.hello();
  CHECK_FALSE(f.intake->wantsHello());
  f.events(4, 9);
  CHECK(test::eventually([&] { return f.port.lastAcknowledged() == 9; }));
  CHECK(f.totals().events == 9);
  CHECK(f.intake->counters().overruns == 1);
  CHECK(f.intake->counters().missing == 0);
}

TEST_CASE("a disk that does not take alerts holds up neither queries nor the count") {
  Fixture f(20, "missing");
  f.hello();
  // One batch is in the thread's hands and goes nowhere; only then does the queue stay as full as it is made.
  f.events(1, 1);
  CHECK(test::eventually([&] { return !f.store->problem().empty(); }));
  for (int i = 0; i < 10; ++i) {
    f.events(static_cast<std::uint64_t>(i) * 10 + 1, static_cast<std::uint64_t>(i) * 10 + 10);
    f.receive({kernel::Query{.id = 1, .cgroup_id = 9, .timeout_ms = 100}});
  }
  CHECK(test::eventually([&] { return f.resolved == 10; }));
  CHECK(f.port.lastAcknowledged() == 0);
  // With the queue full there is no HELLO as long as there is no room.
  for (int i = 0; i < 10 && f.intake->wantsHello(); ++i) {
    f.hello();
    f.events(1, 100);
  }
  CHECK_FALSE(f.intake->wantsHello());

  std::filesystem::create_directories(f.sandbox.path() / "missing");
  CHECK(test::eventually([&] { return f.intake->wantsHello(); }));
  f.hello();
  for (std::uint64_t number = 1; number <= 100; ++number) {
    REQUIRE(test::eventually([&] { return f.store->roomy(); }));
    f.events(number, number);
  }
  CHECK(test::eventually([&] { return f.port.lastAcknowledged() == 100; }));
  CHECK(f.store->problem().empty());
  auto reader = alert::Store::open(f.sandbox.path() / "missing/alerts.db", {.read_only = true});
  REQUIRE(reader);
  CHECK(reader->totals()->operations == 100);
}

TEST_CASE("the next daemon finds stored what was stored, and the kernel sends the rest") {
  Fixture f;
  f.hello();
  f.port.acknowledge_error = EIO;  // killed between storing and acknowledging
  f.events(1, 30);
  CHECK(test::eventually([&] { return f.totals().events == 30; }));
  f.intake.reset();
  f.store.reset();
  f.port.acknowledge_error = 0;
  f.start(1000, "");
  f.hello();
  f.events(1, 40);
  CHECK(test::eventually([&] { return f.port.lastAcknowledged() == 40; }));
  CHECK(f.totals().events == 40);
  CHECK(f.totals().operations == 40);
}

TEST_CASE("numbers of a module that is gone are not acknowledged to its successor") {
  Fixture f;
  f.hello();
  f.port.acknowledge_error = ENODEV;
  f.events(1, 30);
  CHECK(test::eventually([&] { return f.totals().events == 30; }));
  f.hello(8);
  f.port.acknowledge_error = 0;
  kernel::Events fresh;
  fresh.events.push_back(event(1));
  fresh.events[0].load_id = 8;
  f.receive({fresh});
  CHECK(test::eventually([&] { return f.port.lastAcknowledged() == 1; }));
  CHECK(f.port.allAcknowledged() == std::vector<std::uint64_t>{1});
  CHECK(f.totals().events == 31);
}

TEST_CASE("the self-test's events are counted for it, acknowledged, and no alerts") {
  Fixture f;
  f.hello();
  REQUIRE(f.self_tests.begin(5));
  kernel::Events list;
  list.events = {event(1, kSelfTestTag, 3), event(2), event(3, kSelfTestTag)};
  f.receive({list});
  f.receive({list});
  CHECK(test::eventually([&] { return f.port.lastAcknowledged() == 3; }));
  CHECK(f.self_tests.seen(5) == 4);
  const auto counted = f.self_tests.end(5);
  REQUIRE(counted.size() == 1);
  CHECK(counted[0].kind == "exec");
  CHECK(counted[0].origin == "added");
  CHECK(counted[0].verdict == "deny");
  CHECK(counted[0].count == 4);
  CHECK(f.totals().events == 1);
  CHECK(f.self_tests.end(5).empty());
}

TEST_CASE("an alert names rule and container, also after both are gone") {
  Fixture f;
  container::Container one;
  one.id = "0123456789ab";
  one.name = "web";
  one.cgroup_id = 5;
  one.image.reference = "registry.example/web:1";
  one.pod.name = "web-0";
  REQUIRE(f.table.put(5, std::make_shared<const container::Container>(one)));
  f.table.erase(5);
  f.history.add(2, test::rules(test::kBlockWeb));
  const auto alert = alertOf(event(1), f.history, f.containers, {});
  REQUIRE(alert.rule);
  CHECK(alert.rule->name == "all");
  CHECK(alert.rule->line == 3);
  CHECK(alert.container.name == "web");
  CHECK(alert.container.image == "registry.example/web:1");
  CHECK(alert.container.pod == "web-0");
  CHECK_FALSE(alertOf(event(1, 99), f.history, f.containers, {}).rule);
}

TEST_CASE("an alert of a container that nobody has heard of yet names it") {
  Fixture f;
  auto one = event(1);
  one.cgroup_id = f.sandbox.runc("late", 10);
  CHECK(alertOf(one, f.history, f.containers, {}).container.id == "late");
  one.cgroup_id += 1000;
  CHECK(alertOf(one, f.history, f.containers, {}).container.id.empty());
}

TEST_CASE("what was left behind by a controller before waits until rules and containers are known") {
  Fixture f;
  f.history.remove(1);
  kernel::Hello hello;
  hello.abi_version = 1;
  hello.boot_id = "boot";
  hello.load_id = 8;
  f.receive({hello});
  auto left = event(1);
  left.load_id = 8;
  f.receive({kernel::Events{{left}}});
  std::this_thread::sleep_for(100ms);
  CHECK(f.totals().events == 0);
  f.history.add(1, test::rules(test::kBlockAll));
  f.store->met(8);
  REQUIRE(test::eventually([&] { return f.totals().events == 1; }));
  auto reader = alert::Store::open(f.sandbox.path() / "alerts.db", {.read_only = true});
  REQUIRE(reader);
  const auto alerts = reader->list({});
  REQUIRE(alerts);
  REQUIRE(alerts->size() == 1);
  REQUIRE(alerts->front().rule);
  CHECK(alerts->front().rule->name == "all");
}
