// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "container/cgroup.hpp"
#include "container/process.hpp"
#include "container/runc_state.hpp"
#include "container/state_json.hpp"

using namespace holdfast;
using namespace holdfast::container;

namespace {

constexpr const char* kMount = "/sys/fs/cgroup";

std::string fixture(const char* name) {
  const auto text = readFile(std::string(HOLDFAST_FIXTURES "/") + name, kStateBytesMax);
  REQUIRE(text);
  return *text;
}

}  // namespace

TEST_CASE("runc's state as runc 1.1.5 writes it") {
  const auto container = parseRuncState(fixture("runc-state.json"), kMount);
  REQUIRE(container);
  CHECK(container->id == "web");
  CHECK(container->runtime == "runc");
  CHECK(container->init_pid == 23645);
  CHECK(container->init_start_ticks == 750802);
  CHECK(container->cgroup_path == "/web");
  CHECK(container->bundle == "/srv/web");
  CHECK(container->root == "/srv/web/rootfs");
  CHECK(container->annotations.at("org.opencontainers.image.ref.name") == "registry.example/web:1.2");
  CHECK(container->annotations.at("note") == "a=b");
  CHECK_FALSE(container->annotations.contains("bundle"));
}

TEST_CASE("crun's status and configuration") {
  const auto container = parseCrunState("db", fixture("crun-status.json"), fixture("crun-config.json"));
  REQUIRE(container);
  CHECK(container->runtime == "crun");
  CHECK(container->init_pid == 1811);
  CHECK(container->init_start_ticks == 7523);
  CHECK(container->cgroup_path.ends_with(".scope/container"));
  CHECK(container->annotations.at("org.opencontainers.image.ref.name") == "quay.io/team/db:13");
  CHECK(parseCgroupsPath(fixture("crun-config.json")).starts_with("machine.slice:libpod:5d2a"));
  // Without its configuration it is still a container, of an unknown image.
  const auto bare = parseCrunState("db", fixture("crun-status.json"), "");
  REQUIRE(bare);
  CHECK(bare->annotations.empty());
}

TEST_CASE("state that is no state is refused") {
  for (const char* text : {"", "null", "[]", "{", "{}", R"({"id":"a"})", R"({"id":"a","init_process_pid":0})",
                           R"({"id":"a","init_process_pid":-1})", R"({"id":"a","init_process_pid":"7"})",
                           R"({"id":"a","init_process_pid":4294967297})", R"({"id":"../x","init_process_pid":7})",
                           R"({"id":"..","init_process_pid":7})", R"({"id":"","init_process_pid":7})",
                           R"({"id":["a"],"init_process_pid":7})"}) {
    INFO(text);
    CHECK_FALSE(parseRuncState(text, kMount));
  }
  CHECK_FALSE(parseCrunState("a", R"({"pid":1.5})", ""));
  CHECK_FALSE(parseCrunState("a/b", R"({"pid":1})", ""));
  CHECK_FALSE(parseRuncState(std::string(kStateBytesMax + 1, ' '), kMount));
}

TEST_CASE("a cgroup that is no container's own is not taken") {
  const auto path = [](const std::string& paths) {
    const auto container = parseRuncState(R"({"id":"a","init_process_pid":7,"cgroup_paths":)" + paths + "}", kMount);
    REQUIRE(container);
    return container->cgroup_path;
  };
  CHECK(path(R"({"":"/sys/fs/cgroup"})").empty());
  CHECK(path(R"({"":"/sys/fs/cgroup/"})").empty());
  CHECK(path(R"({"":"/sys/fs/cgroup/a/../b"})").empty());
  CHECK(path(R"({"":"/sys/fs/cgroup//a"})").empty());
  CHECK(path(R"({"":7})").empty());
  CHECK(path(R"({"cpu":"/sys/fs/cgroup/cpu/a"})").empty());
  CHECK(path(R"([])").empty());
  CHECK(path(R"({"":"/sys/fs/cgroup/a/b"})") == "/a/b");
}

TEST_CASE("labels of odd forms") {
  const auto container = parseRuncState(
      R"({"id":"a","init_process_pid":7,"config":{"rootfs":3,"labels":["bundle=/first","plain",7,"=x","k=","bundle=/b"]}})",
      kMount);
  REQUIRE(container);
  CHECK(container->bundle == "/b");
  CHECK(container->root.empty());
  CHECK(container->annotations.at("") == "x");
  CHECK(container->annotations.at("k").empty());
}

TEST_CASE(
    "of a container of no engine the annotations tell pod and image, of an engine's only what the engine writes") {
  Container container;
  container.id = "c1";
  container.annotations = {{"io.kubernetes.cri.sandbox-name", "web-0"},
                           {"io.kubernetes.cri.sandbox-namespace", "shop"},
                           {"org.opencontainers.image.ref.name", "registry.example/web:1"}};
  describeByAnnotations(container);
  CHECK(container.pod == Pod{"web-0", "shop", ""});
  CHECK(container.image.reference == "registry.example/web:1");
  CHECK(container.name == "c1");
  container.annotations["io.kubernetes.cri.image-name"] = "registry.example/web:2";
  EngineRecord record;
  record.engine = "containerd";
  describe(container, record);
  CHECK(container.pod.name == "web-0");
  CHECK(container.image.reference == "registry.example/web:2");
  record.engine = "podman";
  describe(container, record);
  CHECK(container.pod.name.empty());
  CHECK_FALSE(container.image.reference);
  CHECK(container.image.labels.empty());
  container.annotations = {{"io.kubernetes.pod.name", "db-0"}, {"io.kubernetes.pod.uid", "u"}};
  record.engine = "cri-o";
  describe(container, record);
  CHECK(container.pod == Pod{"db-0", "", "u"});
}

TEST_CASE("paths of cgroups") {
  CHECK(isWithin("/a/b", "/a"));
  CHECK(isWithin("/a", "/a"));
  CHECK_FALSE(isWithin("/ab", "/a"));
  CHECK_FALSE(isWithin("/", "/a"));
  const auto patterns = runtimePatterns();
  CHECK(nameFromPath("/system.slice/docker-0123456789abcdef.scope", patterns) == "0123456789abcdef");
  CHECK(nameFromPath("/docker/0123456789abcdef", patterns) == "0123456789abcdef");
  CHECK(nameFromPath("/elsewhere/0123456789abcdef", patterns) == "0123456789abcdef");
  CHECK(nameFromPath("/x/docker-short.scope", patterns) == "docker-short.scope");
  CHECK(nameFromPath("/x/libpod-conmon-0123456789ab.scope", patterns) == "libpod-conmon-0123456789ab.scope");
  for (const auto& pattern : patterns) CHECK((!pattern.prefix.empty() || !pattern.parent.empty()));
}

TEST_CASE("start time out of stat, whatever the process calls itself") {
  const std::string tail = " S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2";
  CHECK(parseStartTicks("12 (sh)" + tail) == 987654);
  CHECK(parseStartTicks("12 (a) S 9 9 9) b\n)" + tail) == 987654);
  CHECK_FALSE(parseStartTicks("12 (sh"));
  CHECK_FALSE(parseStartTicks("12 (sh) S 1 2 3"));
  CHECK_FALSE(parseStartTicks(""));
  CHECK(parseCgroup("12:cpu:/x\n0::/a b\n") == "/a b");
  CHECK_FALSE(parseCgroup("12:cpu:/x\n0::relative"));
  CHECK(startTicks(static_cast<std::uint32_t>(::getpid())) > 0);
  CHECK_FALSE(startTicks(0x7fffffff));
  CHECK(nsToTicks(ticksToNs(12345)) == 12345);
}
