// SPDX-License-Identifier: Apache-2.0
// tests/fixtures/rule/merge: NAME.yaml has rules, NAME.expected containers and what each is under. A container is a
// line of image=, digest=, label= (several), and of its host cluster= and strict; "(unknown)" if nothing is known of
// the image. Below it stand, indented, the program rules, the action for each check item, and the image-risk rules in
// order.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "base/file.hpp"
#include "rule/compile.hpp"
#include "rule/load.hpp"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

struct Described {
  rule::ImageFacts facts;
  rule::HostConfig config;
};

Described read(const std::string& line) {
  Described container;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (key == "image") {
      container.facts.reference = value;
    } else if (key == "digest") {
      container.facts.digests.push_back(value);
    } else if (key == "label") {
      container.facts.labels[value.substr(0, value.find('='))] = value.substr(value.find('=') + 1);
    } else if (key == "cluster") {
      container.config.cluster = value;
    } else if (key == "strict") {
      container.config.unknown_image_strict = true;
    } else if (key != "(unknown)") {
      FAIL("what is " + word);
    }
  }
  return container;
}

std::string outcome(const rule::RuleSet& set, const Described& container) {
  const auto& [facts, config] = container;
  std::string out;
  for (const auto& program : rule::compile(set, config, facts).rules) {
    out += "  program: " + set.find(program.tag)->name + " " + rule::name(program.action);
    for (const auto& directory : program.directories) out += " " + directory;
    out += "\n";
  }
  const auto checks = rule::compileChecks(set, config, facts);
  std::string items;
  for (std::size_t i = 0; i < rule::kCheckItems; ++i) {
    const auto action = rule::effectiveAction(checks, i);
    if (!action) continue;
    items +=
        (items.empty() ? "  checks: " : ", ") + std::string(rule::checkItems()[i].name) + " " + rule::name(*action);
  }
  std::string risks;
  for (const rule::Rule* one : rule::imageRiskRules(set, config, facts)) {
    risks += (risks.empty() ? "  risks: " : ", ") + one->name + " " + rule::name(one->action);
  }
  return out + items + (items.empty() ? "" : "\n") + risks + (risks.empty() ? "" : "\n");
}

}  // namespace

TEST_CASE("rules and a container come to the expected profile") {
  std::size_t files = 0;
  std::size_t containers = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(HOLDFAST_FIXTURES) / "merge")) {
    if (entry.path().extension() != ".yaml") continue;
    INFO(entry.path());
    ++files;
    const auto set = rule::checkFiles({entry.path()});
    if (!set) FAIL(set.error()[0].text());
    auto expected_path = entry.path();
    const auto expected = readFile(expected_path.replace_extension(".expected"), 65536);
    REQUIRE(expected);
    std::istringstream lines(*expected);
    std::string actual;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(' ')) continue;
      ++containers;
      actual += line + "\n" + outcome(*set, read(line));
    }
    CHECK(actual == *expected);
  }
  CHECK(files >= 4);
  CHECK(containers >= 25);
}
