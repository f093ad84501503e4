// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "container_sandbox.hpp"
#include "holdfastd/policy_keeper.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;
using holdfast::test::FakePort;
using holdfast::test::kBlockAll;
using holdfast::test::kBlockWeb;

bool holdfast::test::eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

namespace {

std::shared_ptr<const container::Container> containerOf(const std::string& image) {
  container::Container one;
  one.id = "c";
  if (!image.empty()) one.image.reference = image;
  return std::make_shared<const container::Container>(one);
}

struct Fixture {
  FakePort port;
  container::Table table;
  RuleHistory history;
  PolicyKeeper keeper{port, table, history, {{"docker-", ".scope", ""}}};

  container::Table::Entry entry(std::uint64_t cgroup, const std::string& image) {
    REQUIRE(table.put(cgroup, containerOf(image)));
    return *table.find(cgroup);
  }
  Assignment assign(const container::Table::Entry& entry) {
    Assignment got;
    const auto done = keeper.withProfile(entry, [&](const Assignment& one) -> kernel::Outcome<void> {
      got = one;
      return {};
    });
    CHECK(done);
    return got;
  }
};

}  // namespace

TEST_CASE("equal profiles are one, and the self-test's is always there, and every container is bound") {
  Fixture f;
  f.entry(10, "registry.example/web:1");
  f.entry(11, "registry.example/web:2");
  f.entry(12, "registry.example/db:1");
  REQUIRE(f.table.put(13, containerOf(""), true, true));
  const auto rules = test::rules(kBlockWeb);
  REQUIRE(rules);
  REQUIRE(f.keeper.apply(rules, {}));
  const auto& policy = f.port.policies.at(0);
  CHECK(policy.generation == 1);
  CHECK(policy.default_profile == kDefaultProfile);
  CHECK(policy.query_timeout_ms == 2000);
  CHECK(policy.profiles.size() == 3);
  CHECK(policy.bindings ==
        std::vector<kernel::Binding>{{10, 3}, {11, 3}, {12, kDefaultProfile}, {13, kSelfTestProfile}});
  std::set<std::uint32_t> ids;
  for (const auto& profile : policy.profiles) {
    ids.insert(profile.id);
    if (profile.id == kSelfTestProfile) CHECK(profile.rules.at(0).tag == kSelfTestTag);
    if (profile.id == 3) CHECK(profile.rules.at(0).action == kernel::Verdict::Deny);
    if (profile.id == kDefaultProfile) CHECK(profile.rules.empty());
  }
  CHECK(ids == std::set<std::uint32_t>{1, 2, 3});
}

TEST_CASE("a container that needs a new profile brings a new generation, the next of the same none") {
  Fixture f;
  REQUIRE(f.keeper.apply(test::rules(kBlockWeb), {}));
  CHECK(f.port.state.generation == 1);
  const auto web = f.assign(f.entry(10, "registry.example/web:1"));
  CHECK(web.generation == 2);
  CHECK(web.profile_id == 3);
  CHECK(f.assign(f.entry(11, "registry.example/web:9")).generation == 2);
  f.table.erase(10);
  f.table.erase(11);
  // Still there for the next, though nobody has it now.
  CHECK(f.assign(f.entry(12, "registry.example/web:1")).generation == 2);
  CHECK(f.port.policies.size() == 2);
}

TEST_CASE("a refused commit leaves everything as it was") {
  Fixture f;
  const auto first = test::rules(kBlockAll);
  REQUIRE(f.keeper.apply(first, {}));
  f.port.fail_commit = [] { return EINVAL; };
  CHECK_FALSE(f.keeper.apply(test::rules(kBlockWeb), {}));
  CHECK(f.keeper.inForce()->generation == 1);
  CHECK(f.keeper.inForce()->rules == first);
  CHECK(f.history.find(2).rules == first);
  CHECK_FALSE(f.keeper.withProfile(
      f.entry(10, "x:1"), [](const auto&) -> kernel::Outcome<void> { return kernel::failWith(ENOENT, "gone"); }));
}

TEST_CASE("a generation that somebody else has used is overtaken") {
  Fixture f;
  REQUIRE(f.keeper.apply(test::rules(kBlockAll), {}));
  f.port.state.generation = 40;
  REQUIRE(f.keeper.apply(test::rules(kBlockWeb), {}));
  CHECK(f.keeper.inForce()->generation == 41);
  // An answer that came too late for its generation is given again.
  f.port.state.generation = 50;
  int calls = 0;
  const auto done = f.keeper.withProfile(f.entry(10, "a:1"), [&](const Assignment& one) -> kernel::Outcome<void> {
    ++calls;
    if (one.generation != f.port.state.generation) return kernel::failWith(ESTALE, "old");
    return {};
  });
  CHECK(done);
  CHECK(calls == 2);
  CHECK(f.keeper.inForce()->generation == 51);
}

TEST_CASE("before there are rules, what an earlier daemon left goes on") {
  Fixture f;
  const auto entry = f.entry(10, "registry.example/web:1");
  CHECK_FALSE(f.keeper.withProfile(entry, [](const auto&) -> kernel::Outcome<void> { return {}; }));
  f.port.state.generation = 7;
  f.port.state.default_profile = 5;
  f.port.state.flags = kernel::kStatusPolicy;
  f.keeper.adopt(f.port.state);
  const auto got = f.assign(entry);
  CHECK(got.generation == 7);
  CHECK(got.profile_id == 5);
  REQUIRE(f.keeper.apply(test::rules(kBlockAll), {}));
  CHECK(f.keeper.inForce()->generation == 8);
  CHECK(f.keeper.inForce()->rule_set == 8);
}

TEST_CASE("with the function off nothing is enforced but the self-test") {
  Fixture f;
  rule::HostConfig config;
  config.non_image_program = false;
  config.query_timeout_ms = 99999;
  f.entry(10, "a:1");
  REQUIRE(f.keeper.apply(test::rules(kBlockAll), config));
  const auto& policy = f.port.policies.at(0);
  CHECK(policy.query_timeout_ms == 15000);
  for (const auto& profile : policy.profiles) CHECK(profile.rules.empty() == (profile.id != kSelfTestProfile));
}

TEST_CASE(
    "sixty containers at once while the rules change: nobody is answered with an old generation or left unbound") {
  Fixture f;
  REQUIRE(f.keeper.apply(test::rules(kBlockWeb), {}));
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 60; ++i) {
    threads.emplace_back([&, i] {
      const auto cgroup = 100 + i;
      if (!f.table.put(cgroup, containerOf("registry.example/web:" + std::to_string(i)))) ++failures;
      const auto done = f.keeper.withProfile(*f.table.find(cgroup), [&](const Assignment& one) {
        kernel::ContainerInfo info;
        info.cgroup_id = cgroup;
        info.profile_id = one.profile_id;
        info.generation = one.generation;
        return f.port.setContainer(info);
      });
      if (!done) ++failures;
    });
  }
  for (int i = 0; i < 20; ++i) {
    if (!f.keeper.apply(test::rules(i % 2 == 0 ? kBlockAll : kBlockWeb), {})) ++failures;
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  // Whoever was answered under an earlier generation is bound in the last one.
  const auto& last = f.port.policies.back();
  for (const auto& [cgroup, record] : f.port.records) {
    const bool bound =
        std::ranges::any_of(last.bindings, [id = cgroup](const auto& one) { return one.cgroup_id == id; });
    CHECK((bound || record.generation == last.generation));
  }
}

TEST_CASE("the fast way never waits for a commit") {
  Fixture f;
  const auto entry = f.entry(10, "registry.example/web:1");
  const auto use = [](const Assignment&) -> kernel::Outcome<void> { return {}; };
  CHECK_FALSE(f.keeper.tryWithProfile(entry, use));
  REQUIRE(f.keeper.apply(test::rules(kBlockWeb), {}));
  CHECK(f.keeper.tryWithProfile(entry, use));
  CHECK_FALSE(f.keeper.tryWithProfile(
      {11, containerOf("registry.example/web:1"), false, false},
      [](const Assignment&) -> kernel::Outcome<void> { return kernel::failWith(ESTALE, "old"); }));
  std::atomic<bool> inside{false};
  std::atomic<bool> go{false};
  f.port.fail_commit = [&] {
    inside = true;
    while (!go) std::this_thread::yield();
    return 0;
  };
  std::thread commit([&] { CHECK(f.keeper.apply(test::rules(kBlockAll), {})); });
  while (!inside) std::this_thread::yield();
  CHECK_FALSE(f.keeper.tryWithProfile(entry, use));
  go = true;
  commit.join();
}

TEST_CASE("which rules decided under a generation is remembered, also by the next daemon") {
  const test::Sandbox sandbox;
  const auto file = sandbox.path() / "history.json";
  RuleHistory history;
  CHECK_FALSE(history.open(file, "boot", 7));  // there is none
  CHECK_FALSE(history.find(1).rules);
  const auto first = test::rules(kBlockAll);
  const auto second = test::rules(kBlockWeb);
  history.add(3, first);
  history.add(5, first);  // a new profile, the same rules
  history.add(9, second);
  CHECK_FALSE(history.find(2).rules);
  CHECK(history.find(8).rules == first);
  CHECK(history.find(8).first_generation == 3);
  CHECK(history.find(100).first_generation == 9);
  history.add(11, first);
  history.remove(11);

  RuleHistory next;
  REQUIRE(next.open(file, "boot", 7));
  CHECK(next.find(100).first_generation == 9);
  REQUIRE(next.find(4).rules);
  const auto* rule = next.find(4).rules->find(std::uint32_t{1});
  REQUIRE(rule != nullptr);
  CHECK(rule->name == "all");
  CHECK(rule->line == 3);
  CHECK(rule->action == rule::Action::Block);
  for (const char* text : {"", "{}", "[]", R"({"boot_id":"boot","load_id":7,"sets":[{"generation":"x"}]})"}) {
    sandbox.write("history.json", text);
    RuleHistory damaged;
    CHECK_FALSE(damaged.open(file, "boot", 7));
    CHECK_FALSE(damaged.find(9).rules);
  }
  history.add(12, second);
  REQUIRE(next.open(file, "boot", 8));  // of another load of the module
  CHECK_FALSE(next.find(9).rules);
}
