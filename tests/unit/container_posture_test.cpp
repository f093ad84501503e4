// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/file.hpp"
#include "base/nlohmann.hpp"
#include "base_test_support.hpp"
#include "container/posture.hpp"

using namespace holdfast;
using namespace holdfast::container;
using Json = nlohmann::json;

namespace {

/// What engines start an ordinary container with.
Json usual() {
  return Json::parse(R"({
    "process": {"apparmorProfile": "docker-default", "capabilities": {
      "bounding": ["CAP_CHOWN", "CAP_MKNOD", "CAP_NET_RAW"], "effective": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"]}},
    "mounts": [
      {"destination": "/proc", "type": "proc", "source": "proc"},
      {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "ro"]},
      {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]},
      {"destination": "/etc/hosts", "type": "bind", "source": "/var/lib/docker/containers/ab/hosts", "options": ["rbind", "rprivate"]},
      {"destination": "/run/secrets", "type": "bind", "options": ["bind", "rprivate"],
       "source": "/run/containers/storage/overlay-containers/ab/userdata/run/secrets"},
      {"destination": "/token", "type": "bind", "source": "/var/lib/kubelet/pods/ab/volumes/token", "options": ["rbind", "rprivate", "ro"]},
      {"destination": "/dev/termination-log", "type": "bind", "source": "/var/lib/kubelet/pods/ab/log", "options": ["rbind", "rw"]},
      {"destination": "/sbin/docker-init", "type": "bind", "source": "/usr/bin/docker-init", "options": ["bind", "ro"]},
      {"destination": "/etc/localtime", "type": "bind", "source": "/etc/localtime", "options": ["rbind", "ro"]},
      {"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind", "rslave"]}],
    "linux": {
      "resources": {"devices": [
        {"allow": false, "access": "rwm"},
        {"allow": true, "type": "c", "access": "m"}, {"allow": true, "type": "b", "access": "m"},
        {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
        {"allow": true, "type": "c", "major": 136, "access": "rwm"},
        {"allow": false, "type": "c", "major": 10, "minor": 229, "access": "rwm"}]},
      "namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/own"}, {"type": "ipc"}, {"type": "uts"},
        {"type": "mount"}, {"type": "cgroup"}],
      "seccomp": {"defaultAction": "SCMP_ACT_ERRNO"},
      "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/sys/firmware"],
      "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]}})");
}

Json mounted(const std::string& source, const std::string& options = R"(["rbind"])") {
  return {{"destination", "/at"}, {"type", "bind"}, {"source", source}, {"options", Json::parse(options)}};
}

/// A host with some links and things, and all other paths as they are written.
HostView someHost() {
  HostView host;
  host.app_armor = true;
  host.look = [](const std::string& path) -> std::optional<HostView::Object> {
    if (path.starts_with("/waits")) return std::nullopt;
    HostView::Object object{path, S_IFDIR | 0755, 1, std::hash<std::string>{}(path)};
    if (path == "/srv/link") object.path = "/etc/cron.d";
    if (path == "/var/run/docker.sock") object.path = "/run/docker.sock";
    if (path == "/mnt/again") object.ino = std::hash<std::string>{}("/etc");
    if (path == "/srv/root") object.ino = std::hash<std::string>{}("/");
    if (object.path.ends_with(".sock")) object.mode = S_IFSOCK | 0660;
    if (path == "/run/podman/podman.sock") object.mode = S_IFDIR | 0755;  // as Docker makes what is not there
    if (path == "/srv/other.sock") object.ino = std::hash<std::string>{}("/run/docker.sock");
    if (path.starts_with("/dev/sd")) object.mode = S_IFBLK | 0660;
    return object;
  };
  host.is_host_namespace = [](const std::string&, const std::string& path) -> std::optional<bool> {
    if (path == "/waits") return std::nullopt;
    return path == "/proc/1/ns/pid" || path == "/run/netns/hosts";
  };
  return host;
}

std::string text(const Posture& posture) {
  if (!posture.unknown.empty()) return "unknown: " + posture.unknown;
  std::string out;
  for (const auto& finding : posture.findings) {
    out += (out.empty() ? "" : "; ") + std::string(rowOf(finding.risk).id);
    std::string details;
    for (const auto& detail : finding.details) details += (details.empty() ? "" : ", ") + detail;
    if (finding.more != 0) details += " +" + std::to_string(finding.more);
    if (!details.empty()) out += " (" + details + ")";
  }
  return out;
}

Posture posture(const Json& config) { return postureOf(config.dump(), someHost()); }

Json allCapabilities() {
  return Json::parse(
      R"(["CAP_CHOWN", "CAP_DAC_READ_SEARCH", "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_NET_ADMIN", "CAP_SYSLOG",
    "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_MODULE", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_SYS_TIME"])");
}

}  // namespace

TEST_CASE("posture: an ordinary container has nothing that makes an escape easy") {
  const auto found = posture(usual());
  CHECK(text(found) == "");
  CHECK_FALSE(found.isRisky());
}

TEST_CASE("posture: each thing that makes an escape easy is found") {
  struct Case {
    std::string pointer;  // "/linux/seccomp"; ends in "/-" to add to a list
    Json value;           // null: is not there
    std::string found;
  };
  const Case cases[] = {
      {"/process/capabilities/bounding/-", "CAP_SYS_ADMIN", "dangerous-capability (CAP_SYS_ADMIN)"},
      {"/process/capabilities/effective/-", "CAP_BPF", "dangerous-capability (CAP_BPF)"},
      {"/process/capabilities/bounding/-", "CAP_IPC_LOCK", "extra-capability (CAP_IPC_LOCK)"},
      {"/process/capabilities/bounding", Json::parse(R"(["CAP_A,; ","CAP_\u001b[2J"])"),
       "extra-capability (CAP_\x1b[2J, CAP_A,; )"},
      {"/process/apparmorProfile", "unconfined", "apparmor-unconfined"},
      {"/process/apparmorProfile", nullptr, "apparmor-unconfined"},
      {"/linux/seccomp", nullptr, "seccomp-unconfined"},
      {"/linux/seccomp", {{"defaultAction", "SCMP_ACT_ALLOW"}}, "seccomp-unconfined"},
      {"/linux/maskedPaths", nullptr, "unmasked-paths (all)"},
      {"/linux/maskedPaths", {"/proc/keys", "/sys"}, "unmasked-paths (/proc/kcore)"},
      {"/linux/readonlyPaths", Json::array(), "writable-kernel-paths (all)"},
      {"/linux/readonlyPaths",
       {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger"},
       "writable-kernel-paths (/proc/sys)"},
      {"/linux/rootfsPropagation", "rshared", "shared-propagation (/)"},
      {"/linux/namespaces", {{{"type", "mount"}}}, "host-pid; host-network; host-ipc; host-uts; host-cgroup"},
      {"/linux/namespaces/0/path", "/proc/1/ns/pid", "host-pid"},
      {"/linux/namespaces/1/path", "/run/netns/hosts", "host-network"},
      {"/linux/namespaces/1/path", "/waits", "unknown-namespace (network: /waits)"},
      {"/linux/namespaces/4", {{"type", "none"}}, "host-mount"},
      {"/linux/devices", {{{"type", "b"}, {"major", 8}, {"minor", 0}, {"path", "/dev/sda"}}}, "raw-device (/dev/sda)"},
      {"/linux/devices", {{{"type", "c"}, {"major", 1}, {"minor", 1}, {"path", "/dev/null"}}}, "raw-device (/dev/mem)"},
      {"/linux/devices", {{{"type", "c"}, {"major", 10}, {"minor", 229}, {"path", "/x"}}}, "kernel-device (/dev/fuse)"},
      {"/linux/resources/devices/-", {{"allow", true}, {"access", "rwm"}}, "all-devices"},
      {"/linux/resources/devices/-", {{"allow", true}, {"type", "a"}, {"major", -1}, {"minor", -1}}, "all-devices"},
      {"/linux/resources/devices/-", {{"allow", true}, {"type", "b"}, {"access", "r"}}, "all-devices (b)"},
      {"/linux/resources/devices/-",
       {{"allow", true}, {"type", "b"}, {"major", 8}, {"access", "rw"}},
       "raw-device (b 8:*)"},
      {"/linux/resources/devices/-",
       {{"allow", true}, {"type", "c"}, {"major", 1}, {"minor", 11}},
       "kernel-device (/dev/kmsg)"},
      {"/mounts/1/options", Json::array(), "writable-kernel-paths (/sys)"},
      {"/mounts/-", mounted("/"), "host-root (/, writable, at /at)"},
      {"/mounts/-", mounted("/", R"(["bind", "ro"])"), "host-root (/, read-only, at /at)"},
      {"/mounts/-", mounted("/waits/.././/etc"),
       "writable-host-path (/etc, writable, at /at); unresolved-path (/waits/.././/etc)"},
      {"/mounts/-", mounted("/srv/root"), "host-root (/srv/root, writable, at /at)"},
      {"/mounts/-", mounted("/etc"), "writable-host-path (/etc, writable, at /at)"},
      {"/mounts/-", mounted("/etc", R"(["bind", "ro"])"), "sensitive-host-path (/etc, read-only, at /at)"},
      {"/mounts/-", mounted("/etc", R"(["ro", "rw", "bind"])"), "writable-host-path (/etc, writable, at /at)"},
      {"/mounts/-", mounted("/etcetera"), ""},
      {"/mounts/-", mounted("/srv/link"), "writable-host-path (/etc/cron.d, writable, at /at)"},
      {"/mounts/-", mounted("/mnt/again"), "writable-host-path (/mnt/again, writable, at /at)"},
      {"/mounts/-", mounted("/var"), "writable-host-path (/var, writable, at /at)"},
      {"/mounts/-", mounted("/var/log", R"(["ro", "bind"])"), ""},
      {"/mounts/-", mounted("/var/log"), "sensitive-host-path (/var/log, writable, at /at)"},
      {"/mounts/-", mounted("/proc", R"(["ro", "bind"])"), "sensitive-host-path (/proc, read-only, at /at)"},
      {"/mounts/-", mounted("/home/ann/.ssh", R"(["ro", "bind"])"),
       "sensitive-host-path (/home/ann/.ssh, read-only, at /at)"},
      {"/mounts/-", mounted("/home/ann"), "writable-host-path (/home/ann, writable, at /at)"},
      {"/mounts/-", mounted("/home/ann/work"), ""},
      {"/mounts/-", mounted("/lib/modules", R"(["ro", "bind"])"), ""},
      {"/mounts/-", mounted("/dev/shm"), ""},
      {"/mounts/-", mounted("/dev"), "writable-host-path (/dev, writable, at /at)"},
      {"/mounts/-", mounted("/dev/sda"), "raw-device (/dev/sda, writable, at /at)"},
      {"/mounts/-",
       {{"destination", "/disk"}, {"type", "ext4"}, {"source", "/dev/sda"}},
       "raw-device (/dev/sda, mounted at /disk)"},
      {"/mounts/-", mounted("/var/run/docker.sock", R"(["ro", "bind"])"),
       "runtime-socket (/run/docker.sock, read-only, at /at)"},
      {"/mounts/-", mounted("/srv/other.sock"), "runtime-socket (/srv/other.sock, writable, at /at)"},
      {"/mounts/-", mounted("/srv/x/docker.sock"), ""},
      {"/mounts/-", mounted("/run/podman/podman.sock"), ""},
      {"/mounts/-", mounted("/run/containerd"), "runtime-socket (/run/containerd, writable, at /at)"},
      {"/mounts/-", mounted("/run/user/1000/podman/podman.sock"),
       "runtime-socket (/run/user/1000/podman/podman.sock, writable, at /at)"},
      {"/mounts/-", mounted("/srv", R"(["rbind", "rshared"])"), "shared-propagation (/at)"},
      {"/mounts/-", mounted("/waits"), "unresolved-path (/waits)"},
  };
  for (const auto& one : cases) {
    auto config = usual();
    const Json::json_pointer pointer(one.pointer);
    if (one.value.is_null()) {
      config[pointer.parent_pointer()].erase(pointer.back());
    } else {
      config[pointer] = one.value;
    }
    INFO(one.pointer + " " + one.value.dump());
    CHECK(text(posture(config)) == one.found);
  }
}

TEST_CASE("posture: privileged says all that it consists of, host namespaces and paths are said beside it") {
  auto config = usual();
  config["process"]["capabilities"]["bounding"] = allCapabilities();
  config["process"].erase("apparmorProfile");
  config["linux"].erase("seccomp");
  config["linux"].erase("maskedPaths");
  config["linux"].erase("readonlyPaths");
  config["linux"]["resources"]["devices"] = {{{"allow", true}, {"access", "rwm"}}};
  config["linux"]["devices"] = {{{"type", "b"}, {"major", 8}, {"minor", 0}, {"path", "/dev/sda"}}};
  CHECK(text(posture(config)) == "privileged");
  config["linux"]["namespaces"].erase(std::size_t{0});
  CHECK(text(posture(config)) == "privileged; host-pid");
  // Refused again: not all devices.
  config["linux"]["resources"]["devices"].push_back(Json{{"allow", false}, {"access", "rwm"}});
  CHECK(text(posture(config)).starts_with("raw-device (/dev/sda); dangerous-capability"));
}

TEST_CASE("posture: in a user namespace of its own capabilities are a note") {
  auto config = usual();
  config["process"]["capabilities"]["bounding"].push_back("CAP_SYS_ADMIN");
  config["linux"]["namespaces"].push_back(Json{{"type", "user"}});
  const auto found = posture(config);
  CHECK(text(found) == "extra-capability (CAP_SYS_ADMIN)");
  CHECK_FALSE(found.isRisky());
}

TEST_CASE("posture: what a configuration lists without end is bounded") {
  auto config = usual();
  config["mounts"] = Json::array();
  for (int i = 0; i < 20000; ++i) config["mounts"].push_back(mounted("/etc/" + std::to_string(i)));
  config["mounts"][0]["source"] = "/etc/" + std::string(5000, 'x') + "\n";
  const auto found = posture(config);
  REQUIRE(found.findings.size() == 2);
  CHECK(found.findings[0].details.size() == 8);
  CHECK(found.findings[0].details[0].size() == 256);
  CHECK(found.findings[0].more == 4096 - 8);
  CHECK(text(found).ends_with("not-looked-at (15904 mounts)"));

  CHECK(posture(Json{{"mounts", std::string(5 * 1024 * 1024, 'x')}}).unknown == "config.json is too long");
  CHECK(postureOf("[]", someHost()).unknown == "config.json is no JSON object");
  CHECK(postureOf(std::string(1024 * 1024, '['), someHost()).unknown == "config.json is no JSON object");
}

TEST_CASE("posture: a configuration of other shapes is no harm") {
  for (const char* odd : {R"({"mounts": 1, "linux": [], "process": "x"})", R"({"mounts": [1, null, "x", []]})",
                          R"({"mounts": [{"source": 3, "options": {"a": 1}, "destination": []}]})",
                          R"({"linux": {"namespaces": [1, {"type": 2}], "devices": [1, {}], "maskedPaths": [1],
                              "resources": {"devices": [1, {"allow": "yes"}, {"allow": true, "major": "x"}]}}})"}) {
    INFO(odd);
    CHECK(postureOf(odd, someHost()).unknown.empty());
  }
}

TEST_CASE("posture: only what nobody but root can write is believed") {
  const test::ScratchDirectory directory;
  Container container = containerOf("web", 1, "/web");
  const auto unknown = [&] { return readPosture(container, someHost()).unknown; };
  CHECK(unknown() == "no runtime's state that only root can write tells of it");
  container.runtime = "runc";
  CHECK(unknown() == "its runtime's state names no bundle");
  container.bundle = directory / "bundle";
  CHECK(unknown() == "its bundle is gone");
  std::filesystem::create_directory(container.bundle);
  CHECK(unknown() == "its bundle has no config.json any more");
  const auto config = directory / "bundle/config.json";
  std::ofstream(config) << usual();
  ::chmod(config.c_str(), 0644);
  CHECK(unknown() == "");
  ::chmod(config.c_str(), 0664);
  CHECK(unknown() == "its bundle's config.json is not a file that only root can write");
  ::chmod(config.c_str(), 0644);
  ::chmod(container.bundle.c_str(), 0777);
  CHECK(unknown() == "its bundle lies where others than root may write");
  ::chmod(container.bundle.c_str(), 0755);
  std::filesystem::rename(config, directory / "elsewhere");
  std::filesystem::create_symlink(directory / "elsewhere", config);
  CHECK(unknown().starts_with("its bundle's config.json "));
}

TEST_CASE("posture: this host is asked by what it is") {
  const auto host = thisHost();
  const test::ScratchDirectory directory("/");  // links are followed on the root's mount
  std::filesystem::create_symlink("/proc", directory / "link");
  const auto proc = host.look(directory / "link");
  REQUIRE(proc);
  CHECK(proc->path == "/proc");
  CHECK(S_ISDIR(proc->mode));
  CHECK(host.look("/proc")->ino == proc->ino);
  CHECK_FALSE(host.look(directory / "nothing").has_value());
  CHECK(host.is_host_namespace("network", "/proc/self/ns/net") == true);
  CHECK(host.is_host_namespace("pid", "/proc/1/ns/pid") == true);
  CHECK_FALSE(host.is_host_namespace("network", directory / "nothing").has_value());
}

TEST_CASE("posture: a link that was not followed for days is followed, on the root's mount only") {
  const auto host = thisHost();
  const test::ScratchDirectory directory("/");  // links are followed on the root's mount
  const auto link = [&](const std::string& name, const std::string& target) {
    const auto path = directory / name;
    std::filesystem::create_symlink(target, path);
    const timespec times[] = {{.tv_sec = 1000000000, .tv_nsec = 0}, {.tv_sec = 1000000000, .tv_nsec = 0}};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
    return std::string(path);
  };
  std::filesystem::create_directories(directory / "real/below");
  std::ofstream(directory / "real/file") << "x";
  const auto looked = [&](const std::string& path) {
    const auto object = host.look(path);
    return object ? object->path : "";
  };
  const std::string real = std::filesystem::canonical(directory / "real");
  CHECK(looked(link("absolute", real)) == real);
  CHECK(looked(link("relative", "real") + "/file") == real + "/file");
  CHECK(looked(link("on", "absolute/./below/..") + "/below/") == real + "/below");
  CHECK(looked(link("up", "real/below/../../../../../../../../../../../../../../../..")) == "/");
  CHECK(looked(link("proc", "/proc/.")) == "/proc");
  CHECK(looked(link("other", "/proc/") + "/self") == "");
  CHECK(looked(link("here", "here")) == "");
  CHECK(looked(link("there", "real/nothing")) == "");
  CHECK(looked(link("through", "real/file") + "/..") == "");
}

TEST_CASE("posture: the page on alerts has every id, with its severity") {
  const auto page = readFile(std::filesystem::path(HOLDFAST_SOURCE_DIR) / "docs" / "alerts.md", 1 << 20);
  REQUIRE(page);
  for (const auto& row : risks()) {
    INFO(row.id);
    const auto at = page->find("`" + std::string(row.id) + "`");
    REQUIRE(at != std::string::npos);
    const auto cell = page->find(" | ", at) + 3;
    CHECK(page->substr(cell, page->find(" | ", cell) - cell) == name(row.danger));
  }
}
