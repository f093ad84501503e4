// SPDX-License-Identifier: Apache-2.0
// Any bytes as a rule file, as the switches of system rules and as the host's configuration: refused with a place
// inside the file and printable text, or a set that compiles. Seeds: tests/fixtures/rule/good and bad.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/json.hpp"
#include "rule/change_system.hpp"
#include "rule/compile.hpp"
#include "rule/coverage.hpp"
#include "rule/describe.hpp"
#include "rule/load.hpp"

namespace {

using namespace holdfast;

void require(bool holds) {
  if (!holds) std::abort();
}

void checkErrors(const std::vector<Error>& errors, std::string_view content) {
  require(!errors.empty());
  const auto lines = std::count(content.begin(), content.end(), '\n') + 1;
  for (const Error& error : errors) {
    require(isUtf8(error.message) && safeUtf8(error.message) == error.message);
    // yaml-cpp counts a lone carriage return as the end of a line.
    require(error.line >= 0 && error.line <= lines + std::count(content.begin(), content.end(), '\r') + 1);
    require(!rule::describe(error).dump().empty());
  }
}

void checkSet(const rule::RuleSet& set, std::string_view content) {
  rule::HostConfig config;
  for (const bool strict : {false, true}) {
    config.unknown_image_strict = strict;
    for (const auto& facts : {rule::ImageFacts{}, rule::ImageFacts{"registry.example/web:debug", {}, {{"app", "web"}}},
                              rule::ImageFacts{std::string(content), {std::string(content)}, {}}}) {
      const auto profile = rule::compile(set, config, facts);
      require(profile.rules.size() + profile.checks.size() + rule::notApplied(set, config, facts).size() ==
              set.rules.size());
      for (const auto& one : profile.checks) require((one.items & ~rule::checkedItems()).none() && one.items.any());
      require(strict || profile.rules.size() <= 1);
      for (const auto& one : rule::compileChecks(set, config, facts)) require(one.items.any());
      for (const auto* one : rule::imageRiskRules(set, config, facts)) require(!one->risks.empty());
    }
  }
  for (const auto& rule : set.rules) require(!rule::describe(rule, set, config, "").dump().empty());
  require(rule::coverageLost(set, set).empty());
}

/// A switch that is put in is in, and then a second time changes nothing.
void checkSwitches(std::string_view content) {
  rule::Findings findings;
  std::ignore = rule::parseSystemRules(content, "fuzz.yaml", findings);
  if (!findings.ok()) return checkErrors(findings.takeErrors(), content);
  const rule::SystemSwitch wanted{"system-bpf-perf", false, {"dev"}, 0, 0};
  const auto once = rule::editedSystemRules(content, "fuzz.yaml", wanted);
  if (!once) return;
  const auto twice = rule::editedSystemRules(*once, "fuzz.yaml", wanted);
  require(twice && *twice == *once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  if (const auto set = rule::checkText(content, "fuzz.yaml")) {
    checkSet(*set, content);
  } else {
    checkErrors(set.error(), content);
  }
  if (!content.empty()) checkSwitches(content);
  if (const auto config = rule::parseHostConfig(content, "holdfast.yaml"); !config) {
    checkErrors(config.error(), content);
  }
  return 0;
}
