// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.hpp"
#include "rule/load.hpp"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kExpectedBytesMax = 1048576;

std::vector<fs::path> yamlFiles(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(HOLDFAST_FIXTURES) / folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// One error a line, without the directory, so that the tree can stand anywhere.
std::string textOf(const std::vector<Error>& errors, const fs::path& directory) {
  const std::string prefix = directory.string() + "/";
  std::string out;
  for (const Error& error : errors) out += error.text() + "\n";
  for (auto at = out.find(prefix); at != std::string::npos; at = out.find(prefix)) out.erase(at, prefix.size());
  return out;
}

}  // namespace

TEST_CASE("every bad rule file is refused with the errors, lines and columns written beside it") {
  const auto files = yamlFiles("bad");
  REQUIRE(files.size() > 60);
  for (const auto& file : files) {
    INFO(file);
    const auto loaded = rule::checkFiles({file});
    CHECK_FALSE(loaded);
    if (loaded) continue;
    fs::path expected = file;
    CHECK(textOf(loaded.error(), file.parent_path()) ==
          readFile(expected.replace_extension(".expected"), kExpectedBytesMax).value());
  }
}

TEST_CASE("every good rule file is taken") {
  const auto files = yamlFiles("good");
  REQUIRE(files.size() > 10);
  for (const auto& file : files) {
    INFO(file);
    const auto loaded = rule::checkFiles({file});
    CHECK(loaded);
    if (!loaded) WARN(textOf(loaded.error(), file.parent_path()));
    if (loaded && file.filename() != "warns.yaml") CHECK(loaded->warnings.empty());
  }
}

TEST_CASE("what is risky but allowed is a warning with its place") {
  const fs::path folder = fs::path(HOLDFAST_FIXTURES) / "good";
  const auto loaded = rule::checkFiles({folder / "warns.yaml"});
  REQUIRE(loaded);
  CHECK(textOf(loaded->warnings, folder) ==
        "warns.yaml:7:21: directory \"/tmp\" is where malware is usually dropped; all of it is exempt\n"
        "warns.yaml:8:16: \"web\" is short; every image with it anywhere in registry/path:tag is exempt\n");
}

TEST_CASE("a rule file means what it says") {
  const auto loaded = rule::checkFiles({fs::path(HOLDFAST_FIXTURES) / "good" / "full.yaml"});
  REQUIRE(loaded);
  REQUIRE(loaded->rules.size() == 1);
  const rule::Rule& rule = loaded->rules[0];
  CHECK(rule.name == "web-runs-only-its-image");
  CHECK(rule.description == "Two lines\nof text.\n");
  CHECK(rule.type == rule::RuleType::NonImageProgram);
  CHECK(rule.action == rule::Action::Block);
  CHECK(rule.enabled);
  CHECK_FALSE(rule.system);
  CHECK(rule.scope.clusters == std::vector<std::string>{"prod"});
  CHECK(rule.scope.images == std::vector<std::string>{"registry.example/web", "registry.example:5000/team/*", "nginx"});
  CHECK(rule.scope.tags == std::vector<std::string>{"v1.*", "1.10"});
  CHECK(rule.scope.labels == std::vector<std::string>{"app=web", "tier=f*", "debug"});
  CHECK(rule.allow_list.directories ==
        std::vector<std::string>{"/opt/plugins", "/opt/..data", "/srv/with blank", "/srv/ünïcode"});
  CHECK(rule.allow_list.images == std::vector<std::string>{"web-debug:latest"});
  CHECK(rule.allow_list.digests.size() == 1);
  CHECK(rule.line == 3);
  CHECK(rule.column == 5);
  CHECK(rule.tag == 1);
  CHECK(loaded->find(1) == &rule);
  CHECK(loaded->find(rule.name) == &rule);
  CHECK(loaded->find(0) == nullptr);
  CHECK(loaded->find(2) == nullptr);
}

TEST_CASE("a container-escape rule means what it says") {
  const auto loaded = rule::checkFiles({fs::path(HOLDFAST_FIXTURES) / "good" / "container-escape.yaml"});
  REQUIRE(loaded);
  REQUIRE(loaded->rules.size() == 4);
  std::string items;
  for (std::size_t i = 0; i < rule::kCheckItems; ++i) {
    if (loaded->rules[0].checks.items[i]) items += std::string(rule::checkItems()[i].name) + " ";
  }
  CHECK(items == "NS1 NS2 NS3 MT1 MT2 MT3 MT5 MT6 KL1 KL2 KL3 KL4 ");
  CHECK(loaded->rules[0].checks.named.count() == 3);
  CHECK(loaded->rules[1].checks.items.all());
  CHECK(loaded->rules[1].checks.named.all());
  CHECK(loaded->rules[1].allow_list.images == std::vector<std::string>{"cni-plugin"});
  CHECK(loaded->rules[1].allow_list.digests.size() == 1);
  CHECK(loaded->rules[2].checks.items.count() == rule::kCheckItems - 2);
  CHECK(loaded->rules[2].checks.named.all());
  CHECK(loaded->rules[3].checks.items.all());
  CHECK(loaded->rules[3].checks.types.size() == rule::kCheckTypes);
}

// Writes the page anew with HOLDFAST_UPDATE_GOLDEN=1 in the environment.
TEST_CASE("the page on escapes has the catalogue as it is") {
  const fs::path file = fs::path(HOLDFAST_SOURCE_DIR) / "docs" / "escape-checks.md";
  std::string tables;
  for (std::size_t i = 0; i < rule::kCheckTypes; ++i) {
    const rule::CheckType& type = rule::checkTypes()[i];
    tables += "\n## " + std::string(type.name) + "\n\nDimension " + rule::name(type.dimension) + ": " +
              std::string(type.about) +
              ".\n\n| Item | What is noticed | Severity | Recommended | Stage | Technique | State |\n| --- | --- | --- "
              "| --- | "
              "--- | --- | --- |\n";
    for (const rule::CheckItem& item : rule::checkItems()) {
      if (item.type != i) continue;
      const char* severity = item.severity == rule::CheckSeverity::Urgent       ? "urgent"
                             : item.severity == rule::CheckSeverity::Suspicious ? "suspicious"
                                                                                : "reminder";
      tables += "| `" + std::string(item.name) + "` | " + std::string(item.about) + " | " + severity + " | " +
                rule::name(item.recommended) + " | " + rule::name(item.stage) + " | " + std::string(item.technique) +
                " | " + (item.state == rule::CheckState::Checked ? "checked" : "not covered") + " |\n";
    }
  }
  const auto page = readFile(file, kExpectedBytesMax);
  REQUIRE(page);
  const std::size_t begin = page->find("\n## ");
  REQUIRE(begin != std::string::npos);
  if (std::getenv("HOLDFAST_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file) << page->substr(0, begin) + tables;
  } else {
    CHECK(page->substr(begin) == tables);
  }
}

TEST_CASE("the examples of the page on rules are right") {
  const auto page = readFile(fs::path(HOLDFAST_SOURCE_DIR) / "docs" / "rules.md", kExpectedBytesMax);
  REQUIRE(page);
  int examples = 0;
  for (std::size_t at = page->find("```yaml\n"); at != std::string::npos; at = page->find("```yaml\n", at + 1)) {
    const auto begin = at + 8;
    std::string example = page->substr(begin, page->find("```\n", begin) - begin);
    if (!example.starts_with("version")) example.insert(0, "version: 1\nrules:\n");
    INFO(example);
    CHECK(rule::checkText(example, "example.yaml"));
    ++examples;
  }
  CHECK(examples == 3);
}

TEST_CASE("an image-risk rule means what it says, in the order in which risks are judged") {
  const auto loaded = rule::checkFiles({fs::path(HOLDFAST_FIXTURES) / "good" / "image-risk.yaml"});
  REQUIRE(loaded);
  REQUIRE(loaded->rules.size() == 3);
  const auto text = [](const rule::Rule& rule) {
    std::string out;
    for (const rule::Risk& risk : rule.risks) {
      out += rule::name(risk.kind);
      for (const auto& level : risk.levels) out += " " + level;
      for (const auto& id : risk.ids) out += " " + id;
      out += "; ";
    }
    return out;
  };
  CHECK(text(loaded->rules[0]) == "unscanned; vulnerability critical CVE-2021-44228 GHSA-jfh8-c2jp-5v3q; ");
  CHECK(text(loaded->rules[1]) == "malicious_image; sensitive_file id_rsa; ");
  CHECK(loaded->rules[1].action == rule::Action::Allow);
  CHECK(text(loaded->rules[2]) ==
        "unscanned; baseline ak_leak; malicious_image; malicious_sample critical high medium low; vulnerability; "
        "sensitive_file; build_command high medium no_user; ");
}

TEST_CASE("what runs already is reported unless the rule says stop") {
  const auto loaded = rule::checkFiles({fs::path(HOLDFAST_FIXTURES) / "good" / "on-running.yaml"});
  REQUIRE(loaded);
  CHECK(loaded->rules[0].on_running == rule::OnRunning::Stop);
  CHECK(loaded->rules[1].on_running == rule::OnRunning::Report);
  CHECK(loaded->rules[2].on_running == rule::OnRunning::Report);
}

TEST_CASE("a file cut off anywhere is refused or means a part of the whole") {
  const std::string whole =
      "version: 1\nrules:\n  - name: \"web\"\n    type: non-image-program\n    action: block\n"
      "    allow_list: { directories: [\"/opt/plugins\"] }\n";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto loaded = rule::checkText(whole.substr(0, length), "cut.yaml");
    if (!loaded) continue;
    INFO(whole.substr(0, length));
    REQUIRE(loaded->rules.size() == 1);
    CHECK(loaded->rules[0].action == rule::Action::Block);
  }
}

TEST_CASE("of a thousand mistakes a hundred are told and the rest counted") {
  std::string text = "version: 1\nrules:\n";
  for (int i = 0; i < 300; ++i) text += "  - { name: r" + std::to_string(i) + " }\n";
  const auto loaded = rule::checkText(text, "many.yaml");
  REQUIRE_FALSE(loaded);
  REQUIRE(loaded.error().size() == 101);
  CHECK(loaded.error().back().text() == "and 500 more errors");
}

TEST_CASE("a hostile value is shown short and printable") {
  const auto loaded = rule::checkText(
      "version: 1\nrules:\n  - { \"" + std::string(100'000, 'k') + "\": 1, \"\\e[2J\": 2 }\n", "hostile.yaml");
  REQUIRE_FALSE(loaded);
  for (const Error& error : loaded.error()) {
    CHECK(error.message.size() < 300);
    CHECK(error.message.find('\x1b') == std::string::npos);
  }
}
