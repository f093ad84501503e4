// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/file.hpp"
#include "base_test_support.hpp"
#include "rule/change_system.hpp"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

const char* const kVendor = R"(version: 1
rules:
  - { name: system-program, type: non-image-program, action: alert, system: true }
  - { name: system-code, type: container-escape, action: alert, system: true, checks: { types: [kernel-code] } }
  - { name: system-bpf, type: container-escape, action: alert, system: true, checks: { types: [bpf-perf] } }
)";

/// A file as people write it.
const std::string kFile = R"(# ours
version: 1
system_rules:
  # noisy in CI
  system-code:   # asked for by the build team
    status: off
    # until spring
    exclude_clusters:
      - dev
      - "ci 1"

  # the tracers
  system-bpf: { status: on, exclude_clusters: [trace] }  # they may
# end
)";

std::string edited(const std::string& text, const rule::SystemSwitch& wanted) {
  const auto done = rule::editedSystemRules(text, "f.yaml", wanted);
  return done ? *done : done.error().text();
}

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

struct Host {
  test::ScratchDirectory scratch;
  rule::Sources sources{scratch / "vendor", scratch / "rules.d"};
  rule::HostConfig config;
  fs::path file = scratch / "system-rules.yaml";

  Host() {
    scratch.write("vendor/10-vendor.yaml", kVendor);
    fs::create_directory(sources.rules_dir);
  }
  /// "written", "already", or the first error, without the directory.
  [[nodiscard]] std::string change(const std::string& name, const rule::SystemChange& wanted) const {
    const auto done = rule::changeSystem(sources, config, name, wanted);
    if (done) return done->written ? "written" : "already";
    std::string text = done.error()[0].text();
    const std::string prefix = scratch.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }
  [[nodiscard]] std::string text() const { return readFile(file, 65536).value_or("none"); }
  [[nodiscard]] rule::Rule rule(const std::string& name) const { return *rule::load(sources, config)->find(name); }
};

}  // namespace

TEST_CASE("one switch is changed, comments and the others stay") {
  CHECK(edited(kFile, {"system-bpf", false, {"trace"}, 0, 0}) ==
        with(kFile, "  system-bpf: { status: on, exclude_clusters: [trace] }  # they may",
             "  \"system-bpf\": { status: off, exclude_clusters: [\"trace\"] } # they may"));
  CHECK(edited(kFile, {"system-code", true, {}, 0, 0}) ==
        with(kFile,
             "  system-code:   # asked for by the build team\n    status: off\n    # until spring\n"
             "    exclude_clusters:\n      - dev\n      - \"ci 1\"\n",
             "    # until spring\n  \"system-code\": { status: on } # asked for by the build team\n"));
  CHECK(edited(kFile, {"system-program", std::nullopt, {"dev"}, 0, 0}) ==
        kFile + "  \"system-program\": { exclude_clusters: [\"dev\"] }\n");
}

TEST_CASE("a file is made, and one without entries gets its first") {
  const std::string made =
      "# Switches of the rules that ship with Holdfast; 'holdfastctl rules list' shows their names.\n"
      "version: 1\nsystem_rules:\n  \"system-bpf\": { status: off }\n";
  CHECK(edited("", {"system-bpf", false, {}, 0, 0}) == made);
  CHECK(edited("system_rules: {}  # none\nversion: 1", {"system-bpf", false, {}, 0, 0}) ==
        "system_rules:  # none\n  \"system-bpf\": { status: off }\nversion: 1\n");
  CHECK(edited("system_rules:\n    a: {}\n\nversion: 1\n", {"b", false, {}, 0, 0}) ==
        "system_rules:\n    a: {}\n    \"b\": { status: off }\n\nversion: 1\n");
  CHECK(edited(made, {"x: y #", true, {"a\"b, ]}", "null"}, 0, 0}) ==
        made + "  \"x: y #\": { status: on, exclude_clusters: [\"a\\\"b, ]}\", \"null\"] }\n");
}

TEST_CASE("what cannot be changed line by line is said, and never guessed") {
  for (const std::string text :
       {"{version: 1, system_rules: {a: {status: on}, b: {}}}\n",
        "version: 1\nsystem_rules: {a: {status: on}, b: {}}\n", "version: 1\nsystem_rules: {\n  a: {},\n  b: {}}\n",
        "version: 1\nsystem_rules: { }\n"}) {
    INFO(text);
    CHECK(edited(text, {"a", false, {}, 0, 0}) ==
          "f.yaml:1:1: this file is written in a way that cannot be changed line by line: edit it");
  }
  CHECK_THAT(edited("version: 1\nsystem_rules: [\n", {"a", false, {}, 0, 0}), Catch::StartsWith("f.yaml:"));
}

TEST_CASE("RUL-6: system rules are turned off and on, and their clusters changed") {
  const Host host;
  CHECK(host.change("system-bpf", {true, {}, {}}) == "already");
  CHECK(host.text() == "none");
  CHECK(host.change("system-bpf", {false, {}, {}}) == "written");
  CHECK_FALSE(host.rule("system-bpf").enabled);
  CHECK(host.change("system-bpf", {false, {}, {}}) == "already");
  CHECK(host.change("system-program", {std::nullopt, {"dev", "test"}, {}}) == "written");
  CHECK(host.change("system-program", {std::nullopt, {"test"}, {"dev"}}) == "written");
  CHECK(host.rule("system-program").exclude_clusters == std::vector<std::string>{"test"});
  CHECK(host.change("system-program", {true, {}, {"test", "never"}}) == "written");
  CHECK(host.rule("system-program").exclude_clusters.empty());
  CHECK(host.change("system-bpf", {true, {}, {}}) == "written");
  CHECK(host.rule("system-bpf").enabled);
  struct stat status = {};
  REQUIRE(::stat(host.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0644);
}

TEST_CASE("RUL-6: a system rule whose place is taken cannot be turned on, and comes back as it was") {
  const Host host;
  CHECK(host.change("system-program", {false, {}, {}}) == "written");
  host.scratch.write("rules.d/a.yaml",
                     "version: 1\nrules:\n"
                     "  - { name: a, type: non-image-program, action: block, status: off }\n"
                     "  - { name: b, type: non-image-program, action: block, scope: { images: [b] } }\n"
                     "  - { name: c, type: container-escape, action: block, checks: { types: [kernel-code] } }\n");
  const std::string before = host.text();
  CHECK(host.change("system-program", {true, {}, {}}) ==
        "custom rules take the place of \"system-program\", which comes back when they are deleted: \"a\" at "
        "rules.d/a.yaml:3, \"b\" at rules.d/a.yaml:4");
  CHECK(host.change("system-code", {true, {}, {}}) ==
        "custom rules take the place of \"system-code\", which comes back when they are deleted: \"c\" at "
        "rules.d/a.yaml:5");
  CHECK(host.change("system-bpf", {true, {}, {}}) == "already");
  CHECK(host.text() == before);
  host.scratch.write("rules.d/a.yaml", "version: 1\nrules: []\n");
  CHECK_FALSE(host.rule("system-program").enabled);
  CHECK(host.rule("system-code").enabled);
  CHECK(host.change("system-program", {true, {}, {}}) == "written");
}

TEST_CASE("with a mistake anywhere, or where it may not, nothing is written") {
  Host host;
  CHECK(host.change("system", {false, {}, {}}) == "there is no rule \"system\"");
  CHECK(host.change("system-bpf", {false, {"d*"}, {}}) == "\"d*\" has a *, which is no wildcard in names of clusters");
  host.scratch.write("rules.d/a.yaml", "version: 1\nrules:\n  - { name: a, type: non-image-program, action: block }\n");
  CHECK(host.change("a", {std::nullopt, {"dev"}, {}}) ==
        "rules.d/a.yaml:3:5: rule \"a\" is no system rule: its clusters are in its scope");
  host.scratch.write("rules.d/a.yaml", "version: 1\nrules: {}\n");
  CHECK(host.change("system-bpf", {false, {}, {}}) == "rules.d/a.yaml:2:8: rules must be a list, not a map");
  fs::remove(host.scratch / "rules.d/a.yaml");
  CHECK(host.text() == "none");
  host.scratch.write("system-rules.yaml", kFile);
  REQUIRE(::chmod(host.file.c_str(), 0444) == 0);
  CHECK(host.change("system-bpf", {false, {}, {}}) ==
        "system-rules.yaml: is read-only: run chmod u+w, or change it where it comes from");
  REQUIRE(::chmod(host.file.c_str(), 0600) == 0);
  CHECK(host.change("system-bpf", {false, {}, {}}) == "written");
  struct stat status = {};
  REQUIRE(::stat(host.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  fs::rename(host.file, host.scratch / "elsewhere.yaml");
  fs::create_symlink("elsewhere.yaml", host.file);
  CHECK(host.change("system-bpf", {true, {}, {}}) ==
        "system-rules.yaml: is a symbolic link: change the file that it leads to");
}

TEST_CASE("two who change switches at the same time lose nothing") {
  const Host host;
  std::atomic<int> failed = 0;  // Catch is for one thread
  const auto work = [&](const std::string& name) {
    for (int i = 0; i < 10; ++i) {
      if (host.change(name, {std::nullopt, {name + std::to_string(i)}, {}}) != "written") ++failed;
    }
  };
  std::thread other(work, "system-code");
  work("system-bpf");
  other.join();
  CHECK(failed == 0);
  CHECK(host.rule("system-code").exclude_clusters.size() == 10);
  CHECK(host.rule("system-bpf").exclude_clusters.size() == 10);
}
