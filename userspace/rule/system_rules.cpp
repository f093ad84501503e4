// SPDX-License-Identifier: Apache-2.0
#include "rule/system_rules.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "rule/parse_lists.hpp"

namespace holdfast::rule {
namespace {

constexpr int kVersion = 1;
constexpr std::array<std::string_view, 2> kFileKeys = {"version", "system_rules"};
constexpr std::array<std::string_view, 2> kSwitchKeys = {"status", "exclude_clusters"};

/// The map's keys are names, which applySystemRules() judges; here each must only be given once.
std::vector<std::string_view> keysOf(const YamlNode& map) {
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) keys.push_back(map.items[i].text);
  return keys;
}

SystemSwitch readSwitch(Reader& reader, const YamlNode& key, const YamlNode& map) {
  SystemSwitch one{key.text, std::nullopt, {}, key.line, key.column};
  if (!reader.map(map, "a system rule", kSwitchKeys)) return one;
  if (const YamlNode* node = map.find("status")) one.enabled = reader.onOff(*node, "status");
  one.exclude_clusters = readClusters(reader, map, "exclude_clusters");
  return one;
}

}  // namespace

std::vector<SystemSwitch> parseSystemRules(std::string_view content, const std::string& file, Findings& findings) {
  Reader reader(file, findings);
  const auto root = parseYaml(content, file);
  if (!root) {
    findings.error(root.error());
    return {};
  }
  const std::string what = "the file of system rules";
  if (!reader.map(*root, what, kFileKeys)) return {};
  if (const YamlNode* version = reader.required(*root, "version", what)) {
    if (!reader.number(*version, "version", kVersion, kVersion)) return {};
  }
  std::vector<SystemSwitch> switches;
  const YamlNode* map = reader.required(*root, "system_rules", what);
  if (map == nullptr || !reader.map(*map, "system_rules", keysOf(*map))) return {};
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i + 1 < map->items.size(); i += 2) {
    const YamlNode& key = map->items[i];
    if (key.kind == YamlNode::Kind::Text && seen.insert(key.text).second) {
      switches.push_back(readSwitch(reader, key, map->items[i + 1]));
    }
  }
  return switches;
}

void applySystemRules(const std::vector<SystemSwitch>& switches, const std::string& file, std::vector<Draft>& drafts,
                      Findings& findings) {
  for (const SystemSwitch& one : switches) {
    const auto draft = std::ranges::find(drafts, one.rule, [](const Draft& other) { return other.rule.name; });
    if (draft != drafts.end() && draft->rule.system) {
      draft->rule.enabled = one.enabled.value_or(draft->rule.enabled);
      draft->rule.exclude_clusters = one.exclude_clusters;
      draft->rule.switched_at = file + ":" + std::to_string(one.line);
      continue;
    }
    std::string message = "there is no system rule " + inQuotes(one.rule);
    if (draft != drafts.end()) {
      message = "rule " + inQuotes(one.rule) + " is no system rule: its status and its clusters are set at " +
                draft->rule.place();
    } else {
      std::vector<std::string_view> known;
      for (const auto& [rule, sound] : drafts) {
        if (rule.system) known.push_back(rule.name);
      }
      message += suggestion(one.rule, known);
    }
    findings.error(Error{std::move(message), file, one.line, one.column});
  }
}

}  // namespace holdfast::rule
