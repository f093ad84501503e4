// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <fstream>

#include "container/process.hpp"
#include "container_namespaced.hpp"
#include "container_sandbox.hpp"
#include "control/message.hpp"
#include "holdfastd/control_handlers.hpp"
#include "holdfastd/options.hpp"
#include "holdfastd/reconciler.hpp"
#include "holdfastd/rule_service.hpp"
#include "holdfastd/rule_watch.hpp"
#include "holdfastd/status_report.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  test::Sandbox sandbox;
  test::FakePort port;
  container::Table table;
  RuleHistory history;
  PolicyKeeper keeper{port, table, history, {}};
  container::Runtimes runtimes{sandbox.roots()};
  Reconciler reconciler{port, keeper, table, runtimes, {}};

  void record(std::uint64_t id, const std::string& name, std::uint32_t members, std::uint32_t flags = 0) {
    port.records[id] = {
        .cgroup_id = id, .name = name, .profile_id = 1, .generation = 1, .flags = flags, .members = members};
  }
};

Options options(const test::Sandbox& sandbox) {
  Options options;
  options.config = sandbox.path() / "etc/holdfast.yaml";
  options.rules_dir = sandbox.path() / "rules";
  options.vendor_dir = sandbox.path() / "vendor";
  return options;
}

std::string file(const char* rules) { return std::string("version: 1\nrules:\n") + rules; }

}  // namespace

TEST_CASE("a daemon that starts takes over what runs and tells the kernel what it does not know") {
  Fixture f;
  const auto web = f.sandbox.runc("web", 10);
  const auto created = f.sandbox.runc("created", 11, "", true);
  f.record(4242, "0123456789ab", 3, kernel::kContainerArmed);
  f.record(4243, "gone", 0);
  f.record(4244, "", 0, kernel::kContainerNone);
  REQUIRE(f.reconciler.adoptContainers());
  CHECK(f.table.find(web)->armed);
  CHECK_FALSE(f.table.find(created)->armed);
  CHECK(f.table.find(4242)->container->name == "0123456789ab");
  CHECK(f.table.find(4242)->armed);
  CHECK_FALSE(f.table.find(4243));
  CHECK_FALSE(f.table.find(4244));

  REQUIRE(f.keeper.apply(test::rules(test::kBlockAll), {}));
  CHECK(f.port.policies[0].bindings.size() == 3);
  REQUIRE(f.reconciler.adoptProcesses());
  CHECK(f.port.records.contains(web));
  CHECK_FALSE(f.port.records.contains(created));
}

TEST_CASE("only processes that are in the container's cgroup are adopted") {
  Fixture f;
  const auto own_cgroup = container::cgroupOf(static_cast<std::uint32_t>(::getpid()));
  const auto id = f.sandbox.runc("web", 10);
  f.sandbox.write("cgroup/web/cgroup.procs", std::to_string(::getpid()) + "\n2147483646\n");
  REQUIRE(f.reconciler.adoptContainers());
  REQUIRE(f.keeper.apply(test::rules(test::kBlockAll), {}));
  REQUIRE(f.reconciler.adoptProcesses());
  // This process is named there, but its own cgroup is another.
  CHECK((own_cgroup == "/web" || f.port.adopted.empty()));
  CHECK(f.port.records.contains(id));
}

TEST_CASE("what starts and ends is noticed the second time") {
  Fixture f;
  REQUIRE(f.reconciler.adoptContainers());
  REQUIRE(f.keeper.apply(test::rules(test::kBlockAll), {}));
  const auto id = f.sandbox.runc("web", 10);
  REQUIRE(f.reconciler.tick());
  CHECK(f.table.find(id));
  CHECK_FALSE(f.port.records.contains(id));  // it may be in its set-up
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.records.contains(id));
  CHECK(f.table.find(id)->armed);

  f.port.records[id].members = 2;
  f.sandbox.remove("runc/web");
  REQUIRE(f.reconciler.tick());
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.records.contains(id));  // somebody is still in it
  f.port.records[id].members = 0;
  REQUIRE(f.reconciler.tick());
  CHECK(f.table.find(id));
  REQUIRE(f.reconciler.tick());
  CHECK_FALSE(f.port.records.contains(id));
  CHECK_FALSE(f.table.find(id));
  CHECK(f.table.remember(id)->id == "web");
}

TEST_CASE("a user's container without a cgroup is known once the kernel has said that it is the user's") {
  Fixture f;
  const test::Namespaced process;
  const std::uint32_t user = ::geteuid() != 0 ? ::geteuid() : 4711;
  const auto id = kernel::idOfProcess(process.pid(), process.ticks());
  const std::string state = "users/" + std::to_string(user);
  f.sandbox.write(state + "/crun/web/status", R"({"pid":)" + std::to_string(process.pid()) +
                                                  R"(,"process-start-time":)" + std::to_string(process.ticks()) + "}");
  for (const char* directory : {"", "/crun", "/crun/web"})
    REQUIRE(::chown((f.sandbox.path() / (state + directory)).c_str(), user, static_cast<gid_t>(-1)) == 0);
  REQUIRE(f.reconciler.adoptContainers());
  REQUIRE(f.keeper.apply(test::rules(test::kBlockAll), {}));
  CHECK(f.port.policies[0].bindings.empty());
  f.port.owners[id] = user + 1;
  REQUIRE(f.reconciler.adoptProcesses());
  REQUIRE(f.reconciler.tick());
  CHECK_FALSE(f.port.records.contains(id));
  CHECK_FALSE(f.table.find(id));
  CHECK(f.port.adopted.empty());

  f.port.owners[id] = user;
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.records.at(id).name == "web");
  REQUIRE(f.table.find(id));
  CHECK(f.table.find(id)->armed);
  REQUIRE(f.port.adopted.size() == 1);
  CHECK(f.port.adopted[0].tgid == process.pid());
  CHECK(f.port.adopted[0].cgroup_id == id);
  f.port.records[id].members = 1;

  // Another daemon knows it by what the first one told the kernel.
  Reconciler next{f.port, f.keeper, f.table, f.runtimes, {}};
  f.table.erase(id);
  REQUIRE(next.adoptContainers());
  CHECK(f.table.find(id)->container->id == "web");
  f.port.records[id].members = 0;
  f.sandbox.remove(state);
  REQUIRE(next.tick());
  REQUIRE(next.tick());
  CHECK_FALSE(f.port.records.contains(id));
}

TEST_CASE("a user's container that was started again, and sandboxes that ended, leave nothing behind") {
  Fixture f;
  const std::uint32_t user = ::geteuid() != 0 ? ::geteuid() : 4711;
  const std::string state = "users/" + std::to_string(user);
  const auto start = [&](const test::Namespaced& process) {
    const auto id = kernel::idOfProcess(process.pid(), process.ticks());
    f.port.owners[id] = user;
    f.sandbox.write(state + "/crun/web/status", R"({"pid":)" + std::to_string(process.pid()) +
                                                    R"(,"process-start-time":)" + std::to_string(process.ticks()) +
                                                    "}");
    for (const char* directory : {"", "/crun", "/crun/web"})
      REQUIRE(::chown((f.sandbox.path() / (state + directory)).c_str(), user, static_cast<gid_t>(-1)) == 0);
    REQUIRE(f.reconciler.tick());
    REQUIRE(f.reconciler.tick());
    REQUIRE(f.port.records.contains(id));
    return id;
  };
  REQUIRE(f.reconciler.adoptContainers());
  REQUIRE(f.keeper.apply(test::rules(test::kBlockAll), {}));
  const test::Namespaced first;
  const test::Namespaced second;
  const auto before = start(first);
  const auto now = start(second);
  CHECK(before != now);
  CHECK_FALSE(f.port.records.contains(before));
  CHECK_FALSE(f.table.find(before));
  CHECK(f.table.find(now));

  const auto gone = kernel::idOfProcess(0x3ffffe, 5);
  const auto alive = kernel::idOfProcess(first.pid(), first.ticks());
  f.record(gone, "", 0, kernel::kContainerNone);
  f.record(alive, "", 0, kernel::kContainerNone);
  f.record(4244, "", 0, kernel::kContainerNone);
  REQUIRE(f.reconciler.tick());
  CHECK_FALSE(f.port.records.contains(gone));
  CHECK(f.port.records.contains(alive));
  CHECK(f.port.records.contains(4244));
}

TEST_CASE("a container that started without an answer is decided again, once") {
  Fixture f;
  REQUIRE(f.keeper.apply(test::rules(test::kBlockWeb), {}));
  const auto id = f.sandbox.runc("web", 10, "registry.example/web:1");
  f.record(id, "", 1, kernel::kContainerDefaulted | kernel::kContainerArmed);
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.records[id].name == "web");
  CHECK(f.port.records[id].profile_id == 3);
  CHECK((f.port.records[id].flags & kernel::kContainerDefaulted) == 0);
  CHECK(f.table.find(id)->armed);
}

TEST_CASE("a container that runs and whose record has no member is looked into, the second time") {
  Fixture f;
  REQUIRE(f.keeper.apply(test::rules(test::kBlockAll), {}));
  const auto id = f.sandbox.runc("web", 10);
  f.record(id, "", 0);
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.records[id].name.empty());
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.records[id].name == "web");
  // once it is known what it is, no more
  for (const auto flag : {kernel::kContainerArmed, kernel::kContainerHostRoot}) {
    f.record(id, "", 0, flag);
    REQUIRE(f.reconciler.tick());
    REQUIRE(f.reconciler.tick());
    CHECK(f.port.records[id].name.empty());
  }
}

TEST_CASE("a record that the kernel made for the cgroup above podman's is resolved") {
  Fixture f;
  REQUIRE(f.keeper.apply(test::rules(test::kBlockWeb), {}));
  f.sandbox.write("crun/db/status", R"({"pid":10,"cgroup-path":"/libpod-x.scope/container"})");
  f.sandbox.write("crun/db/config.json",
                  R"({"annotations":{"org.opencontainers.image.ref.name":"registry.example/web:1"}})");
  f.sandbox.cgroup("libpod-x.scope/container");
  const auto above = f.sandbox.cgroup("libpod-x.scope");
  f.record(above, "", 1, kernel::kContainerArmed);
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.records[above].name == "db");
  CHECK(f.port.records[above].profile_id == 3);
  REQUIRE(f.reconciler.tick());
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.records.size() == 1);
}

TEST_CASE(
    "a rootless container that ran before is known by its cgroup's name, one that is known already is not twice") {
  Fixture f;
  PolicyKeeper keeper(f.port, f.table, f.history, container::runtimePatterns());
  Reconciler reconciler(f.port, keeper, f.table, f.runtimes, {});
  const std::string id(64, 'a');
  const auto rootless = f.sandbox.cgroup("user.slice/libpod-" + id + ".scope");
  const std::string own = "libpod-" + std::string(64, 'b') + ".scope";
  f.sandbox.write("crun/db/status", R"({"pid":12,"cgroup-path":"/)" + own + R"(/container"})");
  const auto inside = f.sandbox.cgroup(own + "/container");
  REQUIRE(reconciler.adoptContainers());
  REQUIRE(f.table.find(rootless));
  CHECK(f.table.find(rootless)->container->id == id);
  CHECK_FALSE(f.table.find(rootless)->container->image.reference);
  CHECK(f.table.find(inside)->container->id == "db");
  CHECK(f.table.size() == 2);
  REQUIRE(keeper.apply(test::rules(test::kBlockAll), {}));
  REQUIRE(reconciler.adoptProcesses());
  CHECK(f.port.records.at(rootless).name == id);
  // and forgotten with its cgroup
  f.sandbox.remove("cgroup/user.slice");
  REQUIRE(reconciler.tick());
  REQUIRE(reconciler.tick());
  CHECK_FALSE(f.table.find(rootless));
}

TEST_CASE("a container whose image becomes known is decided again") {
  Fixture f;
  const auto web = f.sandbox.runc("web", 10);
  REQUIRE(f.reconciler.adoptContainers());
  REQUIRE(f.keeper.apply(test::rules(test::kBlockAll), {}));
  REQUIRE(f.reconciler.adoptProcesses());
  f.port.records.at(web).members = 1;
  const auto told = f.port.set_containers;
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.set_containers == told);
  f.sandbox.runc("web", 10, "registry.example/web:2");
  REQUIRE(f.reconciler.tick());
  CHECK(f.port.set_containers == told + 1);
  CHECK(f.table.find(web)->container->image.reference == "registry.example/web:2");
}

TEST_CASE("rules: a bad set is refused whole and told once, and a good one comes into force") {
  Fixture f;
  const auto opts = options(f.sandbox);
  f.sandbox.write("etc/holdfast.yaml", "version: 1\n");
  f.sandbox.write("vendor/10-non-image-program.yaml",
                  file("  - {name: vendor, type: non-image-program, action: alert, system: true}\n"));
  f.sandbox.write("rules/a.yaml", file(test::kBlockAll));
  std::vector<Error> notices;
  RuleService service(opts, f.keeper, [&](auto, const Error& error) { notices.push_back(error); });
  if (!service.read()) {
    for (const auto& error : service.errors()) UNSCOPED_INFO(error.text());
  }
  REQUIRE(service.errors().empty());
  service.applyFirst();
  CHECK(service.fallback().empty());
  const auto before = f.keeper.inForce();
  REQUIRE(before);
  CHECK(before->rules->rules.size() == 2);

  f.sandbox.write("rules/a.yaml", file("  - {name: all, type: non-image-program, acton: block}\n"));
  for (int i = 0; i < 3; ++i) {
    const auto refused = service.reload();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().front().line == 3);
  }
  CHECK(notices.size() == 1);
  CHECK(f.keeper.inForce() == before);
  CHECK_FALSE(service.errors().empty());

  f.sandbox.write("rules/a.yaml", file(test::kBlockWeb));
  const auto taken = service.reload();
  REQUIRE(taken);
  CHECK(taken->generation == 2);
  CHECK(service.errors().empty());

  // The kernel's refusal counts as one of the set.
  f.port.fail_commit = [] { return EPERM; };
  CHECK_FALSE(service.reload());
  CHECK(f.keeper.inForce()->generation == 2);
  CHECK(notices.size() == 2);
}

TEST_CASE("rules with mistakes at the start: what the kernel has stays, else the vendor's alone") {
  Fixture f;
  const auto opts = options(f.sandbox);
  f.sandbox.write("etc/holdfast.yaml", "version: 1\n");
  f.sandbox.write("vendor/10.yaml", file("  - {name: vendor, type: non-image-program, action: alert, system: true}\n"));
  f.sandbox.write("rules/a.yaml", "rules: [");
  int notices = 0;
  RuleService service(opts, f.keeper, [&](auto, const Error&) { ++notices; });
  CHECK_FALSE(service.read());
  SECTION("nothing in the kernel") {
    service.applyFirst();
    REQUIRE(f.keeper.inForce());
    CHECK(f.keeper.inForce()->rules->rules.at(0).name == "vendor");
    CHECK(service.fallback().find("vendor") != std::string::npos);
  }
  SECTION("an earlier daemon's policy") {
    f.port.state.generation = 9;
    f.port.state.flags = kernel::kStatusPolicy;
    f.keeper.adopt(f.port.state);
    service.applyFirst();
    CHECK(f.keeper.inForce()->generation == 9);
    CHECK(f.port.policies.empty());
    CHECK(service.fallback().find("stays in force") != std::string::npos);
  }
  CHECK(notices == 1);
  CHECK_FALSE(service.errors().empty());
  f.sandbox.write("rules/a.yaml", file(test::kBlockAll));
  REQUIRE(service.reload());
  CHECK(service.fallback().empty());
}

TEST_CASE("without a module nobody is told that the rules are bad") {
  Fixture f;
  const auto opts = options(f.sandbox);
  f.sandbox.write("etc/holdfast.yaml", "version: 1\n");
  f.sandbox.write("rules/a.yaml", file(test::kBlockAll));
  std::filesystem::create_directories(f.sandbox.path() / "vendor");
  int notices = 0;
  RuleService service(opts, f.keeper, [&](auto, const Error&) { ++notices; });
  f.port.fail_commit = [] { return ENODEV; };
  CHECK_FALSE(service.reload());
  CHECK(notices == 0);
}

TEST_CASE("a change of a rule file is noticed soon, an editor's swap file is not") {
  const test::Sandbox sandbox;
  const auto rules = sandbox.path() / "rules";
  RuleWatch watch({rules});
  REQUIRE(watch.fd() >= 0);
  const auto look = [&] {
    const auto now = RuleWatch::Clock::now();
    watch.drain(now);
    const auto due = watch.due();
    if (due) CHECK(*due - now <= 400ms);
    return due.has_value();
  };
  CHECK_FALSE(look());
  std::filesystem::create_directories(rules);
  CHECK(look());
  watch.taken();
  CHECK_FALSE(look());
  sandbox.write("rules/.a.yaml.swp", "x");
  CHECK_FALSE(look());
  sandbox.write("rules/a.yaml", "x");
  CHECK(look());
  watch.taken();
  std::filesystem::rename(rules / "a.yaml", rules / "b.yaml");
  CHECK(look());
  watch.taken();
  std::filesystem::remove_all(rules);
  CHECK(look());
  watch.taken();
  std::filesystem::create_directories(rules);
  CHECK(look());
  watch.taken();
  // Whoever makes files without end does not put the change off for ever.
  const auto begin = RuleWatch::Clock::now();
  for (int i = 0; i < 10; ++i) {
    std::filesystem::create_directories(rules / std::to_string(i));
    watch.drain(begin + i * 300ms);
  }
  REQUIRE(watch.due());
  CHECK(*watch.due() <= begin + 900ms);
  CHECK(RuleWatch::concerns("..data"));
  CHECK_FALSE(RuleWatch::concerns("a.yaml~"));
}

TEST_CASE("the switches of system rules are watched, and not what else is beside them") {
  const test::Sandbox sandbox;
  const auto rules = sandbox.path() / "rules";
  std::filesystem::create_directories(rules);
  RuleWatch watch({rules}, {sandbox.path() / "system-rules.yaml"});
  const auto look = [&] {
    watch.drain(RuleWatch::Clock::now());
    const bool due = watch.due().has_value();
    watch.taken();
    return due;
  };
  sandbox.write("other.yaml", "x");
  CHECK_FALSE(look());
  sandbox.write("system-rules.yaml", "x");
  CHECK(look());
  std::filesystem::rename(sandbox.path() / "system-rules.yaml", sandbox.path() / "kept");
  CHECK(look());
  std::filesystem::rename(sandbox.path() / "kept", sandbox.path() / "system-rules.yaml");
  CHECK(look());
  sandbox.write("rules/a.yaml", "x");
  CHECK(look());
  CHECK_FALSE(look());
}

TEST_CASE("status: normal only if nothing is missing, and every reason is said") {
  StatusInputs inputs;
  inputs.module_problem = "the kernel module holdfast is not loaded";
  inputs.own_pid = 12;
  auto report = statusReport(inputs);
  CHECK(report.interceptable == "Abnormal");
  CHECK(report.reasons == std::vector<std::string>{inputs.module_problem});
  CHECK_FALSE(report.module.loaded);

  kernel::Status module;
  module.flags = kernel::kStatusAttached | kernel::kStatusOverlay | kernel::kStatusController | kernel::kStatusPolicy;
  module.controller_pid = 12;
  module.events_seen = 10;
  module.events_delivered = 10;
  inputs.module = module;
  inputs.abi_version = 1;
  InForce in_force;
  in_force.generation = 3;
  in_force.rules = test::rules(test::kBlockAll);
  inputs.in_force = std::make_shared<const InForce>(in_force);
  report = statusReport(inputs);
  CHECK(report.interceptable == "Normal");
  CHECK(report.reasons.empty());
  REQUIRE(report.policy.size() == 1);
  CHECK(report.policy[0].effective == "block");
  CHECK(report.events.seen == 10);

  inputs.module->flags = kernel::kStatusDisabled | kernel::kStatusMismatch | kernel::kStatusSilent;
  inputs.hooks = {{"security_bprm_check", kernel::kHookMandatory, 0}};
  inputs.abi_version = 2;
  inputs.store_problem = "disk full";
  inputs.stream_problem = "refused";
  inputs.rule_fallback = "only the vendor's";
  report = statusReport(inputs);
  CHECK(report.interceptable == "Abnormal");
  CHECK(report.reasons.size() == 10);
  CHECK(report.policy[0].effective == "none");
  CHECK_FALSE(report.policy[0].reason.empty());
  CHECK(report.reasons[2].find("security_bprm_check") != std::string::npos);
}

TEST_CASE("containers are reported with what applies to them, and hostile names are made printable") {
  StatusInputs inputs;
  inputs.module = kernel::Status{};
  inputs.module->flags = kernel::kStatusAttached | kernel::kStatusPolicy;
  InForce in_force;
  in_force.rules = test::rules(test::kBlockWeb);
  inputs.in_force = std::make_shared<const InForce>(in_force);
  container::Container one;
  one.id = "a\x1b[2J";
  one.state = container::State::Running;
  const auto shared = std::make_shared<const container::Container>(one);
  inputs.containers = {{1, shared, true, false}, {2, shared, true, false}};
  inputs.kernel_containers = {
      {.cgroup_id = 2, .flags = kernel::kContainerStorage | kernel::kContainerDefaulted, .members = 4}};
  const auto reports = containerReports(inputs);
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].cgroup_id == 2);
  CHECK(reports[0].id.find('\x1b') == std::string::npos);
  CHECK(reports[0].members == 4);
  CHECK(reports[0].defaulted);
  CHECK_FALSE(reports[0].covered);
  CHECK(reports[0].rules.empty());
  REQUIRE(reports[0].skipped.size() == 1);
  CHECK(statusReport(inputs).containers.not_covered == 1);
}

TEST_CASE(
    "a container whose root is no overlay is protected from ways out, one whose root is the host's from nothing") {
  StatusInputs inputs;
  inputs.module = kernel::Status{};
  inputs.module->flags = kernel::kStatusAttached | kernel::kStatusPolicy;
  inputs.module->checks.fill(0xff);
  InForce in_force;
  in_force.rules = test::rules(
      "  - {name: programs, type: non-image-program, action: block}\n"
      "  - {name: out, type: container-escape, action: block}\n");
  inputs.in_force = std::make_shared<const InForce>(in_force);
  const auto shared = std::make_shared<const container::Container>();
  inputs.containers = {{1, shared, true, false}, {2, shared, true, false}};
  inputs.kernel_containers = {{.cgroup_id = 1, .flags = kernel::kContainerStorage, .members = 1},
                              {.cgroup_id = 2, .flags = kernel::kContainerHostRoot, .members = 1}};
  const auto reports = containerReports(inputs);
  REQUIRE(reports.size() == 2);
  const auto effective = [](const control::ContainerReport& report) {
    std::map<std::string, std::string> found;
    for (const auto& one : report.rules) found[one.name] = one.effective;
    return found;
  };
  CHECK(effective(reports[0]) == std::map<std::string, std::string>{{"programs", "none"}, {"out", "block"}});
  CHECK(effective(reports[1]) == std::map<std::string, std::string>{{"programs", "none"}, {"out", "none"}});
}

TEST_CASE("containers are given in pages that fit a message, each once, however many or large they are") {
  StatusInputs inputs;
  InForce in_force;
  in_force.rules = test::rules(test::kBlockWeb);
  inputs.in_force = std::make_shared<const InForce>(in_force);
  for (std::uint64_t id = 1; id <= 4000; ++id) {
    container::Container one;
    one.id = std::string(64, 'c') + std::to_string(id);
    // one that is larger than a page by itself
    one.image.digests.resize(id == 2000 ? 12'000 : 1, "sha256:" + std::string(64, 'd'));
    inputs.containers.push_back({id, std::make_shared<const container::Container>(one), true, false});
  }
  std::uint64_t after = 0;
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    const auto page = containerPage(inputs, after);
    CHECK(control::encode(page));
    REQUIRE_FALSE(page.containers.empty());
    for (const auto& report : page.containers) REQUIRE(report.cgroup_id == ++after);
    more = page.more;
  }
  CHECK(after == 4000);
  CHECK(pages > 2);
  CHECK(containerPage(inputs, after).containers.empty());
}

TEST_CASE("rules are given in pages that fit a message, each once, also one as large as a file may be") {
  StatusInputs inputs;
  rule::RuleSet set;
  for (int i = 0; i < 512; ++i) {
    auto& one = set.rules.emplace_back();
    one.name = "rule-" + std::to_string(i);
    one.description = std::string(4096, 'd');
    if (i == 100) one.allow_list.directories.assign(200, "/" + std::string(4094, 'd'));
  }
  InForce in_force;
  in_force.rules = std::make_shared<const rule::RuleSet>(set);
  in_force.config.runtime_programs = {"/opt/init"};
  inputs.in_force = std::make_shared<const InForce>(in_force);
  CHECK(rulePage(inputs, 0)["runtime_programs"] == nlohmann::json{"/opt/init"});
  std::size_t had = 0;
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    const auto page = rulePage(inputs, had);
    CHECK(control::encode(page));
    CHECK(page.contains("files") == (pages == 0));
    REQUIRE_FALSE(page["rules"].empty());
    for (const auto& one : page["rules"]) REQUIRE(one["name"] == "rule-" + std::to_string(had++));
    more = page["more"];
  }
  CHECK(had == 512);
  CHECK(pages > 3);
  CHECK(rulePage(inputs, had)["rules"].empty());
}

TEST_CASE("only the self-test's own cgroup can be declared one") {
  const test::Sandbox sandbox;
  const auto good = sandbox.cgroup("holdfast-selftest-12");
  const auto other = sandbox.cgroup("system.slice");
  const auto deep = sandbox.cgroup("system.slice/holdfast-selftest-13");
  CHECK(selfTestCgroup(sandbox.path() / "cgroup", good) == "/holdfast-selftest-12");
  CHECK_FALSE(selfTestCgroup(sandbox.path() / "cgroup", other));
  CHECK_FALSE(selfTestCgroup(sandbox.path() / "cgroup", deep));
  CHECK_FALSE(selfTestCgroup(sandbox.path() / "nowhere", good));
}

TEST_CASE("a member of a container is refused at the control socket") {
  test::FakePort port;
  port.member_list = {{.tgid = 77, .start_time = 1, .cgroup_id = 5, .flags = 0}};
  CHECK_FALSE(refuseMember(port, {.pid = 77, .uid = 0, .may_read = true, .may_write = true}).empty());
  CHECK(refuseMember(port, {.pid = 78, .uid = 0, .may_read = true, .may_write = true}).empty());
}

TEST_CASE("options") {
  const auto parse = [](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "holdfastd");
    return parseOptions(static_cast<int>(arguments.size()), arguments.data());
  };
  const auto standard = parse({});
  REQUIRE(standard);
  CHECK(standard->state_dir == "/var/lib/holdfast");
  CHECK(standard->socket == "/run/holdfast/holdfastd.sock");
  CHECK_FALSE(standard->rules_dir);
  const auto all = parse(
      {"--rules-dir=/r", "--runc-root", "/a", "--runc-root", "/b", "--query-delay-ms", "250", "--log-level=debug"});
  REQUIRE(all);
  CHECK(all->rules_dir == "/r");
  CHECK(all->runc_roots.size() == 2);
  CHECK(all->query_delay == 250ms);
  CHECK(parse({"--help"})->help);
  CHECK_FALSE(parse({"--unknown"}));
  CHECK_FALSE(parse({"stray"}));
  CHECK_FALSE(parse({"--query-delay-ms", "70000"}));
  CHECK_FALSE(parse({"--query-delay-ms", "x"}));
  CHECK(helpText().find("--query-delay-ms") != std::string::npos);
}
