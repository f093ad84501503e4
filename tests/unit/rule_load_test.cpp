// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>

#include "base/file.hpp"
#include "base_test_support.hpp"
#include "rule/load.hpp"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

std::string ruleText(const std::string& name, const std::string& more = "") {
  return "version: 1\nrules:\n  - { name: " + name + ", type: non-image-program, action: block" + more + " }\n";
}

const char* const kVendor =
    "version: 1\nrules:\n  - { name: vendor, type: non-image-program, action: alert, system: true }\n";

/// A vendor directory and one for rules, as installed.
struct Installed {
  test::ScratchDirectory scratch;
  rule::Sources sources{scratch / "vendor", scratch / "rules.d"};
  rule::HostConfig config;

  Installed() {
    scratch.write("vendor/10-vendor.yaml", kVendor);
    fs::create_directory(sources.rules_dir);
  }
  [[nodiscard]] rule::Loaded load() const { return rule::load(sources, config); }
  /// The only error's text, without the scratch directory.
  [[nodiscard]] std::string error() const {
    const auto loaded = load();
    if (loaded) return "no error";
    if (loaded.error().size() != 1) return std::to_string(loaded.error().size()) + " errors";
    std::string text = loaded.error()[0].text();
    const std::string prefix = scratch.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }
};

std::vector<std::string> namesOf(const rule::Loaded& loaded) {
  std::vector<std::string> names;
  if (loaded) {
    for (const auto& rule : loaded->rules) names.push_back(rule.name);
  }
  return names;
}

}  // namespace

TEST_CASE("rules come from both directories, vendor's first, by name of file") {
  Installed host;
  host.scratch.write("rules.d/20-b.yaml", ruleText("b", ", scope: { images: [b] }"));
  host.scratch.write("rules.d/10-a.yml", ruleText("a", ", scope: { images: [a] }"));
  const auto loaded = host.load();
  CHECK(namesOf(loaded) == std::vector<std::string>{"vendor", "a", "b"});
  CHECK(loaded->rules[2].tag == 3);
  CHECK(loaded->rules[2].place() == (host.scratch / "rules.d/20-b.yaml").string() + ":3");
  CHECK(loaded->files.size() == 3);
}

TEST_CASE("hidden files, backups and other names are left out, a near miss is warned of") {
  Installed host;
  for (const char* name : {".a.yaml", ".#a.yaml", "a.yaml~", "#a.yaml#", ".a.yaml.swp", "a.yaml.bak", "a.yaml.dpkg-new",
                           "README", "a.json", "yaml", "a.YAML"}) {
    host.scratch.write(std::string("rules.d/") + name, "not: [a rule file");
  }
  const auto loaded = host.load();
  CHECK(namesOf(loaded) == std::vector<std::string>{"vendor"});
  REQUIRE(loaded);
  REQUIRE(loaded->warnings.size() == 1);
  CHECK(loaded->warnings[0].message == "ignored: only names ending in .yaml or .yml are read");
}

TEST_CASE("one bad file refuses the whole set") {
  Installed host;
  host.scratch.write("rules.d/10-good.yaml", ruleText("good"));
  host.scratch.write("rules.d/20-bad.yaml", "version: 1\nrules:\n  - nothing\n");
  CHECK(host.error() == "rules.d/20-bad.yaml:3:5: a rule must be a map of keys and values, not a single value");
}

TEST_CASE("names are unique over all files, vendor's too") {
  Installed host;
  host.scratch.write("rules.d/10-mine.yaml", ruleText("vendor"));
  CHECK(host.error() == "rules.d/10-mine.yaml:3:5: name \"vendor\" is already used at vendor/10-vendor.yaml:3");
}

TEST_CASE("only the vendor directory has system rules, and nothing else") {
  Installed host;
  SECTION("system elsewhere") {
    host.scratch.write(
        "rules.d/10-mine.yaml",
        "version: 1\nrules:\n  - { name: mine, type: non-image-program, action: alert, system: true }\n");
    CHECK(host.error() ==
          "rules.d/10-mine.yaml:3:67: only rules that ship with Holdfast are system rules; remove this line");
  }
  SECTION("custom rule in the vendor directory") {
    host.scratch.write("vendor/20-more.yaml", ruleText("more"));
    CHECK(host.error() == "vendor/20-more.yaml:3:5: a rule in the vendor directory needs system: true");
  }
  SECTION("two of one type") {
    host.scratch.write(
        "vendor/20-more.yaml",
        "version: 1\nrules:\n  - { name: more, type: non-image-program, action: alert, system: true }\n");
    CHECK(host.error() ==
          "vendor/20-more.yaml:3:5: the limit is 1 system rule of type non-image-program, and there is "
          "\"vendor\" at vendor/10-vendor.yaml:3");
  }
}

TEST_CASE("what could hang, escape or be changed by others is refused") {
  Installed host;
  const auto file = host.scratch / "rules.d/10-a.yaml";
  SECTION("a FIFO") {
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    CHECK(host.error() == "rules.d/10-a.yaml: not a regular file");
  }
  SECTION("a directory") {
    fs::create_directory(file);
    CHECK(host.error() == "rules.d/10-a.yaml: not a regular file");
  }
  SECTION("a link out") {
    fs::create_symlink(host.scratch.write("elsewhere.yaml", ruleText("a")), file);
    CHECK(host.error() == "rules.d/10-a.yaml: is a symbolic link that leads out of its directory");
  }
  SECTION("a relative link out") {
    host.scratch.write("elsewhere.yaml", ruleText("a"));
    fs::create_symlink("../elsewhere.yaml", file);
    CHECK(host.error() == "rules.d/10-a.yaml: is a symbolic link that leads out of its directory");
  }
  SECTION("a link to nowhere") {
    fs::create_symlink("nowhere.yaml", file);
    CHECK(host.error() == "rules.d/10-a.yaml: cannot open: No such file or directory");
  }
  SECTION("a link to itself") {
    fs::create_symlink("10-a.yaml", file);
    CHECK(host.error() == "rules.d/10-a.yaml: cannot open: Too many levels of symbolic links");
  }
  SECTION("two links to each other") {
    fs::create_symlink("20-b.yaml", file);
    fs::create_symlink("10-a.yaml", host.sources.rules_dir / "20-b.yaml");
    CHECK(host.error() == "2 errors");
    CHECK_THAT(host.load().error()[1].text(),
               Catch::Matchers::EndsWith("20-b.yaml: cannot open: Too many levels of symbolic links"));
  }
  SECTION("a file of a megabyte and a byte") {
    host.scratch.write("rules.d/10-a.yaml", ruleText("a") + std::string(rule::kFileBytesMax, '#'));
    CHECK(host.error() == "rules.d/10-a.yaml: larger than 1048576 bytes");
  }
  SECTION("a hole of a terabyte") {
    host.scratch.write("rules.d/10-a.yaml", ruleText("a"));
    fs::resize_file(file, std::uintmax_t{1} << 40U);
    CHECK(host.error() == "rules.d/10-a.yaml: larger than 1048576 bytes");
  }
  SECTION("a file that everybody can write") {
    host.scratch.write("rules.d/10-a.yaml", ruleText("a"));
    REQUIRE(::chmod(file.c_str(), 0666) == 0);
    CHECK(host.error() == "rules.d/10-a.yaml: is writable by everybody; run chmod o-w");
  }
  SECTION("a directory that everybody can write") {
    REQUIRE(::chmod(host.sources.rules_dir.c_str(), 01777) == 0);
    CHECK(host.error() == "rules.d: is writable by everybody; run chmod o-w");
  }
  SECTION("an unprintable name") {
    host.scratch.write("rules.d/10-\x1b[2J.yaml", ruleText("a"));
    CHECK(host.error() == "rules.d/10-\\x1b[2J.yaml: the file's name is not printable");
  }
  SECTION("no directory") {
    fs::remove(host.sources.rules_dir);
    CHECK(host.error() == "rules.d: cannot open the directory: No such file or directory");
  }
  SECTION("a file in the directory's place") {
    fs::remove(host.sources.rules_dir);
    host.scratch.write("rules.d", "");
    CHECK(host.error() == "rules.d: cannot open the directory: Not a directory");
  }
  SECTION("links in the directory's place, which lead to each other") {
    fs::remove(host.sources.rules_dir);
    fs::create_symlink("rules.too", host.sources.rules_dir);
    fs::create_symlink("rules.d", host.scratch / "rules.too");
    CHECK(host.error() == "rules.d: cannot open the directory: Too many levels of symbolic links");
  }
  SECTION("too many files") {
    for (std::size_t i = 0; i <= rule::kFilesMax; ++i) host.scratch.write("rules.d/" + std::to_string(i) + ".yaml", "");
    CHECK(host.error() == "rules.d: more than 256 rule files");
  }
}

TEST_CASE("a file that belongs to another user is refused") {
  if (::geteuid() != 0) return;  // only root can give a file away
  Installed host;
  const auto file = host.scratch.write("rules.d/10-a.yaml", ruleText("a"));
  REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
  CHECK(host.error() == "rules.d/10-a.yaml: belongs to user 65534, who could change the rules; it must be root's");
}

TEST_CASE("links within the directory are followed, as mounted configuration maps have them") {
  Installed host;
  host.scratch.write("rules.d/..2024/10-a.yaml", ruleText("a"));
  fs::create_symlink("..2024", host.sources.rules_dir / "..data");
  fs::create_symlink("..data/10-a.yaml", host.sources.rules_dir / "10-a.yaml");
  CHECK(namesOf(host.load()) == std::vector<std::string>{"vendor", "a"});
}

TEST_CASE("a rule for clusters on a host without one is warned of") {
  Installed host;
  host.scratch.write("rules.d/10-a.yaml", ruleText("a", ", scope: { clusters: [prod] }"));
  CHECK(host.load()->warnings.size() == 1);
  host.config.cluster = "dev";
  CHECK(host.load()->warnings.empty());
}

TEST_CASE("limits over all files") {
  Installed host;
  std::string text = "version: 1\nrules:\n";
  const auto add = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string id = "r" + std::to_string(i);
      text += "  - { name: " + id + ", type: non-image-program, action: block, scope: { images: [" + id + "] } }\n";
    }
    host.scratch.write("rules.d/10-a.yaml", text);
  };
  SECTION("a set as large as may be is judged in far less than the second that a reload has") {
    add(rule::kRulesMax - 1);
    const auto begin = std::clock();  // of this process alone, however busy the machine is
    CHECK(host.load());
    CHECK((std::clock() - begin) / CLOCKS_PER_SEC < 5);  // generous: the sanitizers take most of it
  }
  SECTION("one more") {
    add(rule::kRulesMax);
    CHECK(host.error() == "rules.d/10-a.yaml:514:5: the limit is 512 rules over all files");
  }
  SECTION("more than the kernel takes for one container") {
    host.config.unknown_image_strict = true;
    add(rule::kProfileRulesMax + 1);
    CHECK(host.error() ==
          "with unknown_image: strict the limit is 63 rules of the strictest action that are scoped by "
          "image, tag or label");
  }
}

TEST_CASE("what ships is sound: one rule for programs and one for each check type, all alert, all without a scope") {
  const fs::path policies = fs::path(HOLDFAST_SOURCE_DIR) / "policies";
  const auto config = rule::loadHostConfig(policies / "holdfast.yaml");
  REQUIRE(config);
  const auto loaded = rule::loadVendor(policies / "rules.d", *config);
  REQUIRE(loaded);
  CHECK(loaded->warnings.empty());
  REQUIRE(loaded->rules.size() == 1 + rule::kCheckTypes);
  for (std::size_t i = 0; i < loaded->rules.size(); ++i) {
    const rule::Rule& rule = loaded->rules[i];
    CHECK(rule.system);
    CHECK(rule.enabled);
    CHECK(rule.action == rule::Action::Alert);
    CHECK_FALSE(rule.description.empty());
    CHECK(rule.scope.byClusterAlone());
    if (i == 0) {
      CHECK(rule.name == "system-non-image-program");
      CHECK(rule.type == rule::RuleType::NonImageProgram);
    } else {
      CHECK(rule.name == "system-" + std::string(rule::checkTypes()[i - 1].name));
      CHECK(rule.checks.items == rule::itemsOf(i - 1));
    }
  }
  // Installed is what is there.
  const auto install = readFile(policies / "CMakeLists.txt", 65536);
  REQUIRE(install);
  for (const auto& file : loaded->files) {
    CHECK_THAT(*install, Catch::Contains("rules.d/" + fs::path(file).filename().string()));
  }
}
