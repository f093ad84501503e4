// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "container/cgroup.hpp"
#include "container/runtimes.hpp"
#include "container/table.hpp"
#include "container_sandbox.hpp"

using namespace holdfast;
using namespace holdfast::container;
using holdfast::test::Sandbox;

TEST_CASE("containers are found where runtimes keep them") {
  const Sandbox sandbox;
  const auto web = sandbox.runc("web", 10);
  sandbox.write("spaces/one/pod/state.json", R"({"id":"pod","init_process_pid":11,"cgroup_paths":{"":")" +
                                                 (sandbox.path() / "cgroup/pod").string() + "\"}}");
  const auto pod = sandbox.cgroup("pod");
  sandbox.write("crun/db/status", R"({"pid":12,"process-start-time":5,"cgroup-path":"/db"})");
  sandbox.write("crun/db/config.json", "{}");
  const auto db = sandbox.cgroup("db");

  Runtimes runtimes(sandbox.roots());
  const auto scan = runtimes.scan();
  CHECK(scan.containers.size() == 3);
  CHECK(scan.unsettled.empty());
  CHECK(scan.problems.empty());
  REQUIRE(scan.find(web, "/web"));
  CHECK(scan.find(web, "/web")->state == State::Running);
  CHECK(scan.find(pod, "/elsewhere")->id == "pod");
  CHECK(scan.find(db, "/db")->runtime == "crun");
  CHECK(scan.find(1, "/web/inner/deep")->id == "web");
  CHECK_FALSE(scan.find(1, "/webber"));
  CHECK_FALSE(scan.find(1, "/"));
}

TEST_CASE("a runtime whose containers are kept where the other's are is told by what it writes") {
  const Sandbox sandbox;
  sandbox.runc("web", 10);
  std::filesystem::create_directory(sandbox.path() / "crun");
  std::filesystem::rename(sandbox.path() / "runc/web", sandbox.path() / "crun/web");
  sandbox.write("runc/db/status", R"({"pid":12,"process-start-time":5,"cgroup-path":"/db"})");
  const auto db = sandbox.cgroup("db");
  Runtimes runtimes(sandbox.roots());
  const auto scan = runtimes.scan();
  CHECK(scan.containers.size() == 2);
  CHECK(scan.unsettled.empty());
  CHECK(scan.problems.empty());
  REQUIRE(scan.find(1, "/web/inner"));
  CHECK(scan.find(1, "/web/inner")->runtime == "runc");
  REQUIRE(scan.find(db, "/db"));
  CHECK(scan.find(db, "/db")->runtime == "crun");
}

TEST_CASE("the only container below a named cgroup is meant by it, of two none") {
  const Sandbox sandbox;
  sandbox.write("crun/db/status", R"({"pid":12,"cgroup-path":"/libpod-x.scope/container"})");
  sandbox.cgroup("libpod-x.scope/container");
  Runtimes runtimes(sandbox.roots());
  CHECK_FALSE(runtimes.scan().find(1, "/libpod-x.scope"));
  REQUIRE(runtimes.scan().find(1, "/libpod-x.scope", true));
  sandbox.write("crun/dc/status", R"({"pid":13,"cgroup-path":"/libpod-x.scope/other"})");
  sandbox.cgroup("libpod-x.scope/other");
  CHECK_FALSE(runtimes.scan().find(1, "/libpod-x.scope", true));
}

TEST_CASE("created, started, changed, stopped: each scan says what is") {
  const Sandbox sandbox;
  const auto id = sandbox.runc("web", 10, "", true);
  Runtimes runtimes(sandbox.roots());
  CHECK(runtimes.scan().find(id, "")->state == State::Created);
  sandbox.remove("runc/web/exec.fifo");
  CHECK(runtimes.scan().find(id, "")->state == State::Running);
  sandbox.write("runc/web/new", "");
  sandbox.runc("web", 9999, "registry.example/web:2");
  CHECK(runtimes.scan().find(id, "")->init_pid == 9999);
  sandbox.remove("cgroup/web");
  CHECK(runtimes.scan().containers.at(0)->state == State::Stopped);
  CHECK(runtimes.scan().containers.at(0)->cgroup_id == 0);
  sandbox.remove("runc/web");
  CHECK(runtimes.scan().containers.empty());
}

TEST_CASE("state that others could have written, or that is no file, is not believed") {
  const Sandbox sandbox;
  sandbox.runc("open", 10);
  ::chmod((sandbox.path() / "runc/open/state.json").c_str(), 0666);
  sandbox.runc("link", 10);
  std::filesystem::rename(sandbox.path() / "runc/link/state.json", sandbox.path() / "elsewhere.json");
  std::filesystem::create_symlink(sandbox.path() / "elsewhere.json", sandbox.path() / "runc/link/state.json");
  std::filesystem::create_directories(sandbox.path() / "runc/fifo");
  REQUIRE(::mkfifo((sandbox.path() / "runc/fifo/state.json").c_str(), 0600) == 0);
  std::filesystem::create_directories(sandbox.path() / "runc/dir/state.json");
  sandbox.write("runc/broken/state.json", "{\"id\":");
  sandbox.write("runc/stray", "a file where a directory is expected");

  Runtimes runtimes(sandbox.roots());
  const auto scan = runtimes.scan();
  CHECK(scan.containers.empty());
  CHECK(scan.problems.size() == 5);
  CHECK(scan.unsettled.size() == 5);
  CHECK(scan.maySettle("/system.slice/runc-broken.scope"));
  CHECK_FALSE(scan.maySettle("/system.slice/cron.service"));
}

TEST_CASE("a container whose state is on its way may settle, for a while") {
  const Sandbox sandbox;
  sandbox.write("crun/early/config.json", R"({"linux":{"cgroupsPath":"/custom/place"}})");
  Runtimes runtimes(sandbox.roots());
  const auto scan = runtimes.scan();
  CHECK(scan.unsettled.size() == 1);
  CHECK(scan.problems.empty());
  CHECK(scan.maySettle("/custom/place"));
  CHECK(scan.maySettle("/crun-early.scope"));
  CHECK_FALSE(scan.maySettle("/user.slice"));
}

TEST_CASE("processes of a cgroup and of those below") {
  const Sandbox sandbox;
  sandbox.cgroup("web/inner");
  sandbox.write("cgroup/web/cgroup.procs", "1\n22\n0\nx\n333");
  sandbox.write("cgroup/web/inner/cgroup.procs", "4\n");
  CHECK(processesOf(sandbox.path() / "cgroup", "/web") == std::vector<std::uint32_t>{1, 22, 333, 4});
  CHECK(processesOf(sandbox.path() / "cgroup", "/gone").empty());
  CHECK(processesOf(sandbox.path() / "cgroup", "/../cgroup/web").empty());
  CHECK(processesOf(sandbox.path() / "cgroup", "").empty());
}

TEST_CASE("cgroups that are named as runtimes do are found, and not what lies below them") {
  const Sandbox sandbox;
  const std::string id(64, 'a');
  const auto rootless =
      sandbox.cgroup("user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope");
  sandbox.cgroup("user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope/docker/" + id);
  const auto plain = sandbox.cgroup("docker/" + id);
  sandbox.cgroup("elsewhere/" + id);
  const auto split = sandbox.cgroup("system.slice/web.service/libpod-payload-" + id);
  sandbox.cgroup("libpod-conmon-" + id + ".scope");
  sandbox.write("cgroup/docker/cgroup.procs", "");
  const auto found = cgroupsNamed(sandbox.path() / "cgroup", runtimePatterns());
  REQUIRE(found.size() == 3);
  CHECK(std::ranges::any_of(found, [&](const auto& one) { return one.id == split && one.name == id; }));
  CHECK(std::ranges::any_of(found, [&](const auto& one) { return one.id == rootless && one.name == id; }));
  CHECK(std::ranges::any_of(found, [&](const auto& one) { return one.id == plain && one.path == "/docker/" + id; }));
  CHECK(cgroupsNamed(sandbox.path() / "none", runtimePatterns()).empty());
}

TEST_CASE("the table keeps what is armed as long as the init process is the same") {
  Table table(2);
  const auto container = [](std::uint32_t pid) {
    Container one;
    one.id = "c" + std::to_string(pid);
    one.init_pid = pid;
    return std::make_shared<const Container>(one);
  };
  CHECK(table.put(1, container(10)));
  table.arm(1);
  CHECK(table.put(1, container(10)));
  CHECK(table.find(1)->armed);
  CHECK(table.put(1, container(11)));
  CHECK_FALSE(table.find(1)->armed);
  CHECK(table.put(2, container(12)));
  CHECK_FALSE(table.put(3, container(13)));
  table.erase(1);
  CHECK_FALSE(table.find(1));
  CHECK(table.remember(1)->id == "c11");
  CHECK(table.put(3, container(13)));
  CHECK(table.all().size() == 2);
  CHECK_FALSE(table.remember(77));
  table.arm(77);
  table.erase(77);
}
