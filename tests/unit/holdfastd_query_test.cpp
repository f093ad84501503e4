// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>

#include "container/process.hpp"
#include "container_sandbox.hpp"
#include "holdfastd/query_answerer.hpp"
#include "holdfastd/query_pool.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;
using namespace std::chrono_literals;
using holdfast::test::FakePort;
using Clock = QueryAnswerer::Clock;
using kernel::AnswerKind;

namespace {

constexpr std::uint64_t kStart = 500;  // ticks, as the sandbox's containers have it

struct Fixture {
  test::Sandbox sandbox;
  FakePort port;
  container::Table table;
  RuleHistory history;
  PolicyKeeper keeper{port, table, history, container::runtimePatterns()};
  container::Runtimes runtimes{sandbox.roots()};
  int met = 0;
  QueryAnswerer answerer{port, keeper, table, runtimes, [this](const auto&) { ++met; }};
  Clock::time_point arrived = Clock::now();

  explicit Fixture(const char* rules = test::kBlockWeb) { REQUIRE(keeper.apply(test::rules(rules), {})); }

  kernel::Query query(std::uint64_t cgroup, const std::string& path, std::uint32_t tgid, std::uint32_t flags = 0) {
    return {.id = 77,
            .cgroup_id = cgroup,
            .cgroup_path = path,
            .pid = tgid,
            .tgid = tgid,
            .start_time = container::ticksToNs(kStart),
            .flags = flags,
            .path = "/bin/sh",
            .timeout_ms = 2000};
  }
  bool resolve(const kernel::Query& query, std::chrono::milliseconds after = 0ms) {
    return answerer.resolve(query, arrived, arrived + after);
  }
  AnswerKind last() { return port.answers.empty() ? AnswerKind{} : port.answers.back().kind; }
};

}  // namespace

TEST_CASE("a container's first program gets the profile of its image") {
  Fixture f;
  const auto id = f.sandbox.runc("web", 10, "registry.example/web:1");
  REQUIRE(f.resolve(f.query(id, "/web", 10)));
  REQUIRE(f.last() == AnswerKind::Container);
  CHECK(f.port.answers[0].name == "web");
  CHECK(f.port.answers[0].profile_id == 3);
  CHECK(f.port.answers[0].generation == 2);
  CHECK(f.table.find(id)->armed);
  CHECK(f.met == 1);
  // From memory from now on.
  CHECK(f.answerer.tryNow(f.query(id, "/web", 10)));
  CHECK(f.answerer.tryNow(f.query(id, "/web", 4711)));
  CHECK(f.met == 1);
}

TEST_CASE("before the first program others in the container are hooks, after it they are the container's") {
  Fixture f;
  const auto id = f.sandbox.runc("web", 10);
  CHECK_FALSE(f.answerer.tryNow(f.query(id, "/web", 55, kernel::kQueryMemfd)));
  REQUIRE(f.resolve(f.query(id, "/web", 55, kernel::kQueryMemfd)));
  CHECK(f.last() == AnswerKind::Setup);
  REQUIRE(f.resolve(f.query(id, "/web", 55)));
  CHECK(f.last() == AnswerKind::Setup);
  // A program on the container's own root is nobody's hook.
  REQUIRE(f.resolve(f.query(id, "/web", 55, kernel::kQueryRootFile)));
  CHECK(f.last() == AnswerKind::Container);
  REQUIRE(f.resolve(f.query(id, "/web", 10, kernel::kQueryMemfd)));
  CHECK(f.last() == AnswerKind::Container);
  REQUIRE(f.resolve(f.query(id, "/web", 56, kernel::kQueryMemfd)));
  CHECK(f.last() == AnswerKind::Container);
}

TEST_CASE("a process id that was used again is not taken for the init process") {
  Fixture f;
  const auto id = f.sandbox.runc("web", 10);
  auto query = f.query(id, "/web", 10, kernel::kQueryMemfd);
  query.start_time += container::ticksToNs(1);
  REQUIRE(f.resolve(query));
  CHECK(f.last() == AnswerKind::Setup);
}

TEST_CASE("a new container in the same cgroup does not inherit") {
  Fixture f;
  const auto id = f.sandbox.runc("web", 10, "registry.example/other:1");
  REQUIRE(f.resolve(f.query(id, "/web", 10)));
  f.sandbox.runc("web", 20000, "registry.example/web:1");
  CHECK_FALSE(f.answerer.tryNow(f.query(id, "/web", 20000, kernel::kQueryPid1)));
  REQUIRE(f.resolve(f.query(id, "/web", 20000, kernel::kQueryPid1)));
  CHECK(f.port.answers.back().profile_id == 3);
}

TEST_CASE("what no runtime names is no container, at once") {
  Fixture f;
  f.sandbox.runc("web", 10);
  REQUIRE(f.resolve(f.query(4242, "/system.slice/bind9.service", 55, kernel::kQueryRootFile)));
  CHECK(f.last() == AnswerKind::None);
  CHECK_FALSE(f.table.find(4242));
}

TEST_CASE("a user's container without a cgroup is told by the user's own state, and never by another's") {
  Fixture f(test::kBlockAll);
  f.sandbox.runc("web", 10);
  auto query = f.query(kernel::idOfProcess(55, kStart), "/user.slice/session-1.scope", 55,
                       kernel::kQueryProcess | kernel::kQueryPid1 | kernel::kQueryRootFile);
  query.owner = 4711;
  CHECK_FALSE(f.answerer.tryNow(query));
  REQUIRE(f.resolve(query));
  CHECK(f.last() == AnswerKind::None);
  // The cgroup's name says nothing, whatever it is.
  query.cgroup_path = "/web";
  REQUIRE(f.resolve(query));
  CHECK(f.last() == AnswerKind::None);
}

TEST_CASE("a cgroup that is named as containers' are has the default profile if nobody knows more") {
  Fixture f(test::kBlockAll);
  const auto query = f.query(4242, "/user.slice/libpod-0123456789abcdef.scope", 55, kernel::kQueryPattern);
  CHECK_FALSE(f.resolve(query, 0ms));
  CHECK_FALSE(f.resolve(query, 100ms));
  REQUIRE(f.resolve(query, 200ms));
  CHECK(f.last() == AnswerKind::Container);
  CHECK(f.port.answers[0].name == "0123456789abcdef");
  CHECK(f.port.answers[0].profile_id == kDefaultProfile);
}

TEST_CASE("state that is on its way is waited for, and without it nothing wrong is said") {
  Fixture f;
  f.sandbox.write("crun/web/config.json", "{}");
  const auto id = f.sandbox.cgroup("crun-web.scope");
  const auto query = f.query(id, "/crun-web.scope", 10, kernel::kQueryPid1);
  CHECK_FALSE(f.resolve(query, 0ms));
  CHECK_FALSE(f.resolve(query, 1000ms));
  CHECK(f.port.answers.empty());
  f.sandbox.write("crun/web/status", R"({"pid":10,"process-start-time":500,"cgroup-path":"/crun-web.scope"})");
  REQUIRE(f.resolve(query, 1200ms));
  CHECK(f.last() == AnswerKind::Container);

  f.sandbox.write("crun/late/config.json", "{}");
  const auto late = f.query(99, "/crun-late.scope", 10);
  CHECK_FALSE(f.resolve(late, 1400ms));
  CHECK(f.resolve(late, 1600ms));
  CHECK(f.port.answers.size() == 1);
  CHECK(f.answerer.counters().unanswered == 1);
}

TEST_CASE("an answer that nobody waits for any more is not an error, another is tried again or reported") {
  Fixture f;
  const auto id = f.sandbox.runc("web", 10);
  int error = ENOENT;
  f.port.fail_answer = [&error] { return error; };
  CHECK(f.resolve(f.query(id, "/web", 10)));
  CHECK(f.answerer.counters().unanswered == 1);
  error = EIO;
  CHECK_FALSE(f.resolve(f.query(id, "/web", 10)));
  error = EPERM;
  CHECK(f.resolve(f.query(id, "/web", 10)));
  CHECK(f.answerer.counters().failed == 1);
  // The kernel has given up long ago.
  CHECK(f.resolve(f.query(id, "/web", 10), 2100ms));
  CHECK(f.port.answers.empty());
}

TEST_CASE("podman's container is found by the cgroup above its own") {
  Fixture f;
  f.sandbox.write("crun/db/status",
                  R"({"pid":10,"process-start-time":500,"cgroup-path":"/libpod-0123456789ab.scope/container"})");
  f.sandbox.write("crun/db/config.json",
                  R"({"annotations":{"org.opencontainers.image.ref.name":"registry.example/web:1"}})");
  f.sandbox.cgroup("libpod-0123456789ab.scope/container");
  REQUIRE(f.resolve(f.query(31, "/libpod-0123456789ab.scope", 10, kernel::kQueryPattern)));
  CHECK(f.port.answers.at(0).name == "db");
  CHECK(f.port.answers.at(0).profile_id == 3);
}

TEST_CASE("the self-test's container has its own profile without any runtime") {
  Fixture f;
  container::Container one;
  one.id = "selftest";
  REQUIRE(f.table.put(5, std::make_shared<const container::Container>(one), true, true));
  REQUIRE(f.answerer.tryNow(f.query(5, "/holdfast-selftest-1", 10)));
  CHECK(f.port.answers.at(0).profile_id == kSelfTestProfile);
}

TEST_CASE("a pool tries again without holding a thread, and refuses what is too much") {
  std::atomic<int> calls{0};
  std::atomic<bool> stuck{true};
  QueryPool pool(
      [&](const kernel::Query& query, auto, auto) {
        ++calls;
        return query.id == 1 || !stuck;
      },
      1, 3, 0ms);
  REQUIRE(pool.push({.id = 2}));
  CHECK(test::eventually([&] { return calls > 3; }));
  const int before = calls;
  REQUIRE(pool.push({.id = 1}));
  CHECK(test::eventually([&] { return calls > before; }));
  CHECK(test::eventually([&] { return pool.push({.id = 2}); }));
  CHECK(test::eventually([&] { return !pool.push({.id = 2}) || pool.refused() > 0; }));
  stuck = false;
  CHECK(test::eventually([&] { return pool.waiting() == 0; }));
}

TEST_CASE("a slow controller is late by what was asked for, for all at once") {
  std::atomic<int> done{0};
  QueryPool pool([&](const auto&, auto, auto) { return ++done > 0; }, 2, 100, 150ms);
  const auto begin = Clock::now();
  for (int i = 0; i < 60; ++i) REQUIRE(pool.push({}));
  CHECK(done == 0);
  CHECK(test::eventually([&] { return done == 60; }));
  CHECK(Clock::now() - begin >= 150ms);
}
