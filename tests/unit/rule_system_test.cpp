// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base_test_support.hpp"
#include "rule/compile.hpp"
#include "rule/describe.hpp"
#include "rule/load.hpp"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

const char* const kVendor = R"(version: 1
rules:
  - { name: system-program, type: non-image-program, action: alert, system: true }
  - { name: system-mount, type: container-escape, action: alert, system: true, checks: { types: [dangerous-mount] } }
  - { name: system-code, type: container-escape, action: alert, system: true, checks: { types: [kernel-code] } }
  - { name: system-bpf, type: container-escape, action: alert, system: true, checks: { types: [bpf-perf] } }
)";

struct Host {
  test::ScratchDirectory scratch;
  rule::Sources sources{scratch / "vendor", scratch / "rules.d"};
  rule::HostConfig config;

  Host() {
    scratch.write("vendor/10-vendor.yaml", kVendor);
    fs::create_directory(sources.rules_dir);
  }
  void custom(const std::string& rules) const { scratch.write("rules.d/10-a.yaml", "version: 1\nrules:\n" + rules); }
  void switches(const std::string& text) const {
    scratch.write("system-rules.yaml", "version: 1\nsystem_rules:\n" + text);
  }
  [[nodiscard]] rule::RuleSet set() const {
    auto loaded = rule::load(sources, config);
    if (!loaded) FAIL(loaded.error()[0].text());
    return *loaded;
  }
  /// Why a rule applies to nothing here, without the directory.
  [[nodiscard]] std::string why(const std::string& name) const {
    const auto loaded = set();
    const rule::Rule* rule = loaded.find(name);
    REQUIRE(rule != nullptr);
    return shortened(rule::whyNotHere(*rule, loaded, config));
  }
  [[nodiscard]] std::string shortened(std::string text) const {
    const std::string prefix = scratch.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }
  [[nodiscard]] std::string errors() const {
    const auto loaded = rule::load(sources, config);
    std::string out;
    if (!loaded) {
      for (const auto& error : loaded.error()) out += error.text() + "\n";
    }
    return shortened(out);
  }
  /// The check items that anything is done about, as the names of their types.
  [[nodiscard]] std::string checked() const {
    const auto loaded = set();
    const auto rules = rule::compileChecks(loaded, config, {});
    std::string out;
    for (std::size_t type = 0; type < rule::kCheckTypes; ++type) {
      const auto items = rule::itemsOf(type);
      for (std::size_t i = 0; i < rule::kCheckItems; ++i) {
        if (!items[i]) continue;
        if (const auto action = rule::effectiveAction(rules, i)) {
          out += std::string(rule::checkTypes()[type].name) + " " + rule::name(*action) + "; ";
        }
        break;
      }
    }
    return out;
  }
};

}  // namespace

TEST_CASE("without a file of switches the system rules are as they ship") {
  const Host host;
  CHECK(host.why("system-program").empty());
  CHECK(host.checked() == "dangerous-mount alert; kernel-code alert; bpf-perf alert; ");
  CHECK(host.set().files.size() == 1);
}

TEST_CASE("RUL-6: a system rule is turned off, and its clusters are kept as exclusions") {
  Host host;
  host.switches(
      "  system-code: { status: off }\n"
      "  system-program:\n    status: on\n    exclude_clusters: [dev, test]\n"
      "  system-bpf: { exclude_clusters: [dev] }\n");
  CHECK(host.why("system-code") == "its status is off at system-rules.yaml:3");
  CHECK(host.why("system-program").empty());
  CHECK(host.checked() == "dangerous-mount alert; bpf-perf alert; ");
  CHECK(host.set().files.back() == (host.scratch / "system-rules.yaml").string());
  host.config.cluster = "dev";
  CHECK(host.why("system-program") == "this host's cluster is excluded at system-rules.yaml:4");
  CHECK(rule::compileDefault(host.set(), host.config).rules.empty());
  CHECK(host.checked() == "dangerous-mount alert; ");
  // A cluster that nobody has thought of yet is protected.
  host.config.cluster = "new";
  CHECK(host.why("system-program").empty());
  CHECK(host.checked() == "dangerous-mount alert; bpf-perf alert; ");
  const auto json = rule::describe(*host.set().find("system-program"), host.set(), host.config, "");
  CHECK(json["exclude_clusters"].dump() == R"(["dev","test"])");
}

TEST_CASE("RUL-6: any custom non-image-program rule takes the system rule's place, and then it is as it was before") {
  Host host;
  for (const std::string custom : {"status: off", "scope: { clusters: [far] }", "scope: { images: [other] }"}) {
    INFO(custom);
    host.custom("  - { name: mine, type: non-image-program, action: block, " + custom + " }\n");
    CHECK(host.why("system-program") == "custom rule \"mine\" at rules.d/10-a.yaml:3 turns the system rule off");
    host.custom("  - { name: mine, type: container-escape, action: block }\n");
    CHECK(host.why("system-program").empty());
  }
  host.switches("  system-program: { exclude_clusters: [dev] }\n");
  host.config.cluster = "dev";
  host.custom("  - { name: mine, type: non-image-program, action: block }\n");
  CHECK_THAT(host.why("system-program"), Catch::Contains("turns the system rule off"));
  host.custom("  []\n");
  CHECK_THAT(host.why("system-program"), Catch::Contains("is excluded"));
}

TEST_CASE(
    "RUL-6: a custom container-escape rule turns off the system rules of the types that it names, and no others") {
  Host host;
  host.custom(
      "  - { name: mine, type: container-escape, action: block, status: off,"
      " checks: { types: [kernel-code, raw-device], except: [KL1] } }\n");
  CHECK(host.why("system-code") == "custom rule \"mine\" at rules.d/10-a.yaml:3 turns the system rule off");
  CHECK(host.why("system-mount").empty());
  CHECK(host.why("system-program").empty());
  CHECK(host.checked() == "dangerous-mount alert; bpf-perf alert; ");
  host.custom("  - { name: mine, type: container-escape, action: block }\n");
  CHECK_FALSE(host.why("system-mount").empty());
  CHECK_THAT(host.checked(), Catch::StartsWith("join-host-ns block; "));
  host.custom("  - { name: mine, type: image-risk, action: block, risks: { unscanned: true } }\n");
  CHECK(host.checked() == "dangerous-mount alert; kernel-code alert; bpf-perf alert; ");
}

TEST_CASE("every mistake in the file of switches is told with its place, and refuses the set") {
  Host host;
  host.custom("  - { name: mine, type: image-risk, action: block, risks: { unscanned: true } }\n");
  host.switches(
      "  system-codes: { status: off }\n"
      "  mine: { status: off }\n"
      "  nothing-like-it: {}\n"
      "  system-code: { state: off, exclude_clusters: dev }\n"
      "  system-mount: off\n"
      "  system-bpf: { status: false, exclude_clusters: [\"d*\", \"\"] }\n"
      "  system-bpf: { status: off }\n");
  CHECK(host.errors() ==
        "system-rules.yaml:3:3: there is no system rule \"system-codes\" (did you mean \"system-code\"?)\n"
        "system-rules.yaml:4:3: rule \"mine\" is no system rule: its status and its clusters are set at "
        "rules.d/10-a.yaml:3\n"
        "system-rules.yaml:5:3: there is no system rule \"nothing-like-it\" (known are: system-program, system-mount, "
        "system-code, system-bpf)\n"
        "system-rules.yaml:6:18: unknown key \"state\" in a system rule (did you mean \"status\"?)\n"
        "system-rules.yaml:6:48: exclude_clusters must be a list; write [dev]\n"
        "system-rules.yaml:7:17: a system rule must be a map of keys and values, not a single value\n"
        "system-rules.yaml:8:25: status must be one of on, off, not \"false\"\n"
        "system-rules.yaml:8:51: \"d*\" has a *, which is no wildcard in names of clusters\n"
        "system-rules.yaml:8:57: an entry of exclude_clusters must not be empty\n"
        "system-rules.yaml:9:3: key \"system-bpf\" is given twice, first in line 8\n");
  for (const auto& [text, error] : std::vector<std::pair<std::string, std::string>>{
           {"", "system-rules.yaml:1:1: the file is empty\n"},
           {"system_rules: {}\n", "system-rules.yaml:1:1: the file of system rules needs the key \"version\"\n"},
           {"version: 2\nsystem_rules: {}\n", "system-rules.yaml:1:10: version must be 1, not \"2\"\n"},
           {"version: 1\n", "system-rules.yaml:1:1: the file of system rules needs the key \"system_rules\"\n"},
           {"version: 1\nsystem_rules:\n",
            "system-rules.yaml:2:1: system_rules must be a map of keys and values, not nothing\n"},
           {"version: 1\nsystem_rules: [a]\n",
            "system-rules.yaml:2:15: system_rules must be a map of keys and values, not a list\n"},
           {"version: 1\nrules: []\nsystem_rules: {}\n",
            "system-rules.yaml:2:1: unknown key \"rules\" in the file of system rules (known are: version, "
            "system_rules)\n"},
           {"version: 1\nsystem_rules: {? [a] : {}}\n",
            "system-rules.yaml:2:18: a key must be plain text, not a list\n"},
       }) {
    INFO(text);
    host.scratch.write("system-rules.yaml", text);
    CHECK(host.errors() == error);
  }
}

TEST_CASE("a file of switches that others could change, or that leads elsewhere, is refused") {
  Host host;
  const auto file = host.scratch / "system-rules.yaml";
  SECTION("writable by everybody") {
    host.switches("  system-code: { status: off }\n");
    REQUIRE(::chmod(file.c_str(), 0666) == 0);
    CHECK(host.errors() == "system-rules.yaml: is writable by everybody; run chmod o-w\n");
  }
  SECTION("a link out") {
    fs::create_symlink("/etc/hostname", file);
    CHECK(host.errors() == "system-rules.yaml: is a symbolic link that leads out of its directory\n");
  }
  SECTION("a FIFO") {
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(host.errors() == "system-rules.yaml: not a regular file\n");
  }
  SECTION("a directory") {
    fs::create_directory(file);
    CHECK(host.errors() == "system-rules.yaml: not a regular file\n");
  }
}

TEST_CASE("the switches stand beside the rules' directory") {
  rule::Sources sources;
  CHECK(sources.systemRules() == "/etc/holdfast/system-rules.yaml");
  sources.rules_dir = "/srv/rules/";
  CHECK(sources.systemRules() == "/srv/system-rules.yaml");
  sources.rules_dir = "rules.d";
  CHECK(sources.systemRules() == "system-rules.yaml");
}
