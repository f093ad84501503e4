// SPDX-License-Identifier: Apache-2.0
#include "rule/parse.hpp"

#include <array>

#include "base/json.hpp"
#include "rule/parse_checks.hpp"
#include "rule/parse_lists.hpp"
#include "rule/parse_risks.hpp"

namespace holdfast::rule {
namespace {

constexpr int kVersion = 1;
constexpr std::array<std::string_view, 2> kFileKeys = {"version", "rules"};
constexpr std::array<std::string_view, 11> kRuleKeys = {"name",   "description", "type",       "status",
                                                        "action", "scope",       "allow_list", "on_running",
                                                        "checks", "risks",       "system"};
constexpr std::array kTypes = {RuleType::ImageRisk, RuleType::NonImageProgram, RuleType::ContainerEscape};
constexpr std::array kActions = {Action::Allow, Action::Alert, Action::Block};
constexpr std::array kOnRunning = {OnRunning::Report, OnRunning::Stop};

struct TypeKey {
  std::string_view key;
  RuleType type;
};
constexpr auto kTypeKeys = std::to_array<TypeKey>(
    {{"on_running", RuleType::NonImageProgram}, {"checks", RuleType::ContainerEscape}, {"risks", RuleType::ImageRisk}});

template <std::size_t N, class T>
std::array<std::string_view, N> namesOf(const std::array<T, N>& values) {
  std::array<std::string_view, N> names;
  for (std::size_t i = 0; i < N; ++i) names[i] = name(values[i]);
  return names;
}

template <std::size_t N, class T>
std::optional<T> oneOf(Reader& reader, const YamlNode& node, std::string_view what, const std::array<T, N>& values) {
  const auto index = reader.choice(node, what, namesOf(values));
  return index ? std::optional<T>(values[*index]) : std::nullopt;
}

std::string readDescription(Reader& reader, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::Text || node.text.size() > kDescriptionBytesMax) {
    reader.error(node, "description must be text of at most " + std::to_string(kDescriptionBytesMax) + " bytes");
    return "";
  }
  // Lines may break in a description, and nothing else that a terminal would act on.
  std::string flat = node.text;
  for (char& c : flat) {
    if (c == '\n') c = ' ';
  }
  if (safeUtf8(flat) != flat) reader.error(node, "description contains a control character");
  return node.text;
}

void readOnRunning(Reader& reader, const YamlNode& node, Rule& rule) {
  rule.on_running = oneOf(reader, node, "on_running", kOnRunning).value_or(OnRunning::Report);
  if (rule.on_running == OnRunning::Stop && rule.action != Action::Block) {
    reader.error(node, "on_running: stop needs action: block; a rule that only alerts stops nothing");
  }
}

/// The keys that only rules of one type have.
void readForType(Reader& reader, const YamlNode& map, Rule& rule) {
  for (const auto& [key, type] : kTypeKeys) {
    const YamlNode* node = map.find(key);
    if (node != nullptr && type != rule.type) {
      reader.error(*node, std::string(key) + " is for rules of type " + name(type) + ", and this one is of type " +
                              name(rule.type));
    }
  }
  if (rule.type == RuleType::NonImageProgram) {
    if (const YamlNode* node = map.find("on_running")) readOnRunning(reader, *node, rule);
  } else if (rule.type == RuleType::ContainerEscape) {
    const YamlNode* node = map.find("checks");
    rule.checks = node != nullptr ? readChecks(reader, *node) : allChecks();
  } else if (const YamlNode* node = reader.required(map, "risks", "an image-risk rule")) {
    rule.risks = readRisks(reader, *node);
  }
}

void checkSystemRule(Reader& reader, const YamlNode& map, const Rule& rule) {
  const YamlNode* node = map.find("action");
  if (node != nullptr && rule.action != Action::Alert) reader.error(*node, "a system rule can only alert");
  for (const std::string_view key : {"allow_list", "scope", "on_running"}) {
    if (const YamlNode* given = map.find(key)) reader.error(*given, "a system rule has no " + std::string(key));
  }
  if (rule.type == RuleType::ImageRisk) reader.error(map, "no system rule is of type image-risk");
  if (rule.type == RuleType::ContainerEscape && (rule.checks.named.count() != 1 || !rule.checks.except.empty())) {
    reader.error(map, "a system rule of type container-escape has one check type, and all of its items");
  }
}

void readSystem(Reader& reader, const YamlNode& map, FileOrigin origin, Rule& rule) {
  const YamlNode* node = map.find("system");
  if (node != nullptr) {
    rule.system = reader.trueFalse(*node, "system").value_or(false);
  }
  if (rule.system && origin == FileOrigin::Custom) {
    reader.error(*node, "only rules that ship with Holdfast are system rules; remove this line");
  } else if (!rule.system && origin == FileOrigin::Vendor) {
    reader.error(map, "a rule in the vendor directory needs system: true");
  }
  if (rule.system) checkSystemRule(reader, map, rule);
}

/// Whether it has a type.
bool readTypeAndAction(Reader& reader, const YamlNode& map, Rule& rule) {
  const YamlNode* type_node = reader.required(map, "type", "a rule");
  const auto type = type_node ? oneOf(reader, *type_node, "type", kTypes) : std::nullopt;
  rule.type = type.value_or(RuleType::NonImageProgram);
  const YamlNode* action_node = reader.required(map, "action", "a rule");
  const auto action = action_node ? oneOf(reader, *action_node, "action", kActions) : std::nullopt;
  rule.action = action.value_or(Action::Alert);
  if (type.has_value() && rule.action == Action::Allow && rule.type != RuleType::ImageRisk) {
    reader.error(*action_node, std::string("action allow is for image-risk rules; a rule of type ") + name(rule.type) +
                                   " has alert or block");
  }
  return type.has_value();
}

Draft readRule(Reader& reader, const YamlNode& map, FileOrigin origin) {
  Draft draft;
  Rule& rule = draft.rule;
  rule.file = reader.file();
  rule.line = map.line;
  rule.column = map.column;
  const std::size_t errors_before = reader.findings().errorCount();
  if (!reader.map(map, "a rule", kRuleKeys)) return draft;

  if (const YamlNode* node = reader.required(map, "name", "a rule")) {
    rule.name = reader.text(*node, "name", kNameBytesMax).value_or("");
  }
  if (const YamlNode* node = map.find("description")) rule.description = readDescription(reader, *node);
  const bool has_type = readTypeAndAction(reader, map, rule);
  if (const YamlNode* node = map.find("status")) rule.enabled = reader.onOff(*node, "status").value_or(true);
  if (const YamlNode* node = map.find("scope")) rule.scope = readScope(reader, *node);
  if (const YamlNode* node = map.find("allow_list")) rule.allow_list = readAllowList(reader, *node, rule.type);
  if (has_type) readForType(reader, map, rule);
  readSystem(reader, map, origin, rule);
  draft.sound = reader.findings().errorCount() == errors_before;
  return draft;
}

}  // namespace

std::vector<Draft> parseRules(std::string_view content, const std::string& file, FileOrigin origin,
                              Findings& findings) {
  Reader reader(file, findings);
  const auto root = parseYaml(content, file);
  if (!root) {
    findings.error(root.error());
    return {};
  }
  if (!reader.map(*root, "a rule file", kFileKeys)) return {};
  if (const YamlNode* version = reader.required(*root, "version", "a rule file")) {
    // Another version may mean other things by the same words.
    if (!reader.number(*version, "version", kVersion, kVersion)) return {};
  }
  std::vector<Draft> drafts;
  if (const YamlNode* rules = reader.required(*root, "rules", "a rule file")) {
    for (const YamlNode& map : reader.list(*rules, "rules", kRulesMax)) drafts.push_back(readRule(reader, map, origin));
  }
  return drafts;
}

}  // namespace holdfast::rule
