// SPDX-License-Identifier: Apache-2.0
#include "rule/edit.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/json.hpp"
#include "rule/edit_text.hpp"
#include "rule/parse.hpp"

namespace holdfast::rule {
namespace {

constexpr std::size_t kStepsMax = 2 * kAllowListMax;

/// What is written into a file has no place in it yet.
YamlNode fresh(YamlNode::Kind kind, std::string text = {}) {
  YamlNode node;
  node.kind = kind;
  node.text = std::move(text);
  return node;
}

YamlNode* find(YamlNode& map, std::string_view key) { return const_cast<YamlNode*>(std::as_const(map).find(key)); }

bool has(const YamlNode& list, const std::string& entry) {
  return std::ranges::find(list.items, entry, &YamlNode::text) != list.items.end();
}

/// Equal in all that a reader can tell apart, in whatever order keys stand. A value that is new may be in quotes or
/// not.
bool same(const YamlNode& is, const YamlNode& wanted) {
  if (is.kind != wanted.kind || is.text != wanted.text || is.items.size() != wanted.items.size()) return false;
  if (wanted.line != 0 && is.quoted != wanted.quoted) return false;
  if (is.kind != YamlNode::Kind::Map) return std::ranges::equal(is.items, wanted.items, same);
  for (std::size_t i = 0; i + 1 < wanted.items.size(); i += 2) {
    const YamlNode* value = is.find(wanted.items[i].text);
    if (value == nullptr || !same(*value, wanted.items[i + 1])) return false;
  }
  return true;
}

/// A key and the way to it: {"scope", "images"}.
std::pair<std::string_view, std::string_view> splitKey(std::string_view key) {
  const auto dot = key.find('.');
  return dot == std::string_view::npos ? std::pair(std::string_view(), key)
                                       : std::pair(key.substr(0, dot), key.substr(dot + 1));
}

void put(YamlNode& map, std::string_view key, YamlNode value) {
  if (YamlNode* old = find(map, key)) {
    *old = std::move(value);
    return;
  }
  map.items.push_back(fresh(YamlNode::Kind::Text, std::string(key)));
  map.items.push_back(std::move(value));
}

/// What the edit shall have come to, said of the tree alone.
void applyToTree(YamlNode& root, std::size_t index, const Edit& edit) {
  auto& rules = find(root, "rules")->items;
  if (edit.kind == Edit::Kind::Delete) {
    rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(index));
    return;
  }
  const auto [outer, key] = splitKey(edit.key);
  YamlNode* map = &rules[index];
  if (!outer.empty()) {
    if (find(*map, outer) == nullptr) put(*map, outer, fresh(YamlNode::Kind::Map));
    map = find(*map, outer);
  }
  if (edit.kind == Edit::Kind::SetText) {
    put(*map, key, fresh(YamlNode::Kind::Text, edit.values.front()));
  } else if (edit.kind == Edit::Kind::Unset) {
    const auto at = std::ranges::find(map->items, key, &YamlNode::text);
    map->items.erase(at, at + 2);
  } else {
    if (find(*map, key) == nullptr) put(*map, key, fresh(YamlNode::Kind::List));
    YamlNode& list = *find(*map, key);
    const auto& wanted = edit.values;
    if (edit.kind == Edit::Kind::SetList)
      std::erase_if(list.items,
                    [&](const YamlNode& item) { return std::ranges::find(wanted, item.text) == wanted.end(); });
    for (const auto& entry : wanted) {
      if (!has(list, entry)) list.items.push_back(fresh(YamlNode::Kind::Text, entry));
    }
  }
}

std::string flowList(const std::vector<std::string>& entries) {
  std::string text;
  for (const auto& entry : entries) text += (text.empty() ? "" : ", ") + yamlText(entry);
  return "[" + text + "]";
}

/// One step towards what the edit asks for, or none if it is reached.
Result<bool> step(EditText& text, const YamlNode& root, std::size_t index, const Edit& edit) {
  using Kind = Edit::Kind;
  const auto done = [](Result<void> result) -> Result<bool> {
    if (!result) return tl::unexpected(result.error());
    return true;
  };
  const YamlNode& rule = root.find("rules")->items[index];
  if (edit.kind == Kind::Delete) return done(text.removeRule(root, rule));
  const auto [outer, key] = splitKey(edit.key);
  const YamlNode* map = outer.empty() ? &rule : rule.find(outer);
  const YamlNode* value = map != nullptr ? map->find(key) : nullptr;
  if (edit.kind == Kind::Unset) {
    if (value == nullptr) return false;
    return done(text.removeKey(*map, key));
  }
  if (value == nullptr) {
    const bool is_default = (edit.key == "status" && edit.values.front() == "on") ||
                            (edit.key == "description" && edit.values.front().empty()) || edit.values.empty();
    if (is_default) return false;
    const std::string what = edit.kind == Kind::SetText ? yamlText(edit.values.front()) : flowList(edit.values);
    const char* after = edit.key == "status" || edit.key == "description" ? "name" : "";
    if (map != nullptr) return done(text.addKey(*map, key, what, after));
    const std::string inner = std::string(key) + ": " + what;
    return done(text.addKey(
        rule, outer,
        text.isFlow(rule) ? "{ " + inner + " }" : "\n" + std::string(EditText::indentOf(rule) + 2, ' ') + inner));
  }
  if (edit.kind == Kind::SetText) {
    if (value->kind == YamlNode::Kind::Text && value->text == edit.values.front()) return false;
    return done(text.setText(*map, key, edit.values.front()));
  }
  if (edit.kind == Kind::SetList && edit.values.empty()) {
    if (value->items.empty()) return false;
    return done(text.emptyList(*map, key));
  }
  for (const auto& entry : edit.values) {
    if (!has(*value, entry)) return done(text.addEntry(*value, entry));
  }
  if (edit.kind != Kind::SetList) return false;
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    if (std::ranges::find(edit.values, value->items[i].text) == edit.values.end())
      return done(text.removeEntry(*value, i));
  }
  return false;
}

Result<std::vector<Draft>> read(std::string_view content, const std::string& file) {
  Findings findings;
  auto drafts = parseRules(content, file, FileOrigin::Unknown, findings);
  if (!findings.ok()) return tl::unexpected(findings.takeErrors().front());
  return drafts;
}

std::optional<std::size_t> indexOf(const std::vector<Draft>& drafts, const std::string& rule_name) {
  const auto found = std::ranges::find(drafts, rule_name, [](const Draft& draft) { return draft.rule.name; });
  if (found == drafts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - drafts.begin());
}

/// What the parser would take for something else, or a terminal act on.
Result<void> checkValues(const Edit& edit) {
  for (std::string value : edit.values) {
    std::ranges::replace(value, '\n', ' ');
    if (safeUtf8(value) != value) return fail(edit.key + " contains a control character: " + inQuotes(value));
  }
  return {};
}

Result<std::string> editedOnce(std::string_view content, const std::string& file, std::size_t index, const Edit& edit) {
  if (auto sound = checkValues(edit); !sound) return tl::unexpected(sound.error());
  auto root = parseYaml(content, file);
  if (!root) return tl::unexpected(root.error());
  YamlNode wanted = *root;
  EditText text(content, file);
  for (std::size_t steps = 0; steps <= kStepsMax; ++steps) {
    const auto more = step(text, *root, index, edit);
    if (!more) return tl::unexpected(more.error());
    if (!*more && steps == 0) return std::string(content);
    if (!*more) break;
    if (steps == 0) applyToTree(wanted, index, edit);
    root = parseYaml(text.content(), file);
    if (!root || edit.kind == Edit::Kind::Delete) break;
    text = EditText(text.content(), file);
  }
  // Whatever YAML may be up to: the one change was made, and no other.
  if (!root || !same(*root, wanted)) {
    const YamlNode& rule = parseYaml(content, file)->find("rules")->items[index];
    return tl::unexpected(
        Error{"this rule cannot be changed without changing another: edit the file", file, rule.line, rule.column});
  }
  return text.content();
}

}  // namespace

Result<std::string> edited(std::string_view content, const std::string& file, const std::string& rule_name,
                           const std::vector<Edit>& edits) {
  const auto before = read(content, file);
  if (!before) return tl::unexpected(before.error());
  const auto index = indexOf(*before, rule_name);
  if (!index) return fail("there is no rule " + inQuotes(rule_name) + " in " + file);
  std::string text(content);
  for (const Edit& edit : edits) {
    auto next = editedOnce(text, file, *index, edit);
    if (!next) return next;
    text = std::move(*next);
  }
  if (const auto after = read(text, file); !after) return tl::unexpected(after.error());
  return text;
}

Result<std::string> extracted(std::string_view content, const std::string& file, const std::string& rule_name) {
  const auto drafts = read(content, file);
  if (!drafts) return tl::unexpected(drafts.error());
  const auto index = indexOf(*drafts, rule_name);
  if (!index) return fail("there is no rule " + inQuotes(rule_name) + " in " + file);
  const auto root = parseYaml(content, file);
  if (!root) return tl::unexpected(root.error());
  const YamlNode& rule = root->find("rules")->items[*index];
  const auto lines = EditText(content, file).ruleLines(rule, 2);
  if (!lines) return lines;
  std::string text = "version: 1\nrules:\n" + *lines;
  const auto tree = parseYaml(text, file);
  if (!tree || tree->find("rules") == nullptr ||
      !std::ranges::equal(tree->find("rules")->items, std::span(&rule, 1), same))
    return tl::unexpected(
        Error{"this rule cannot be taken out of its file: copy it by hand", file, rule.line, rule.column});
  return text;
}

Result<std::string> appended(std::string_view content, const std::string& file, std::string_view addition,
                             const std::string& addition_file) {
  for (const auto& [text, name] : {std::pair(content, file), std::pair(addition, addition_file)}) {
    if (const auto sound = read(text, name); !sound) return tl::unexpected(sound.error());
  }
  const auto more = parseYaml(addition, addition_file);
  if (!more) return tl::unexpected(more.error());
  auto wanted = parseYaml(content, file);
  if (!wanted) return tl::unexpected(wanted.error());
  EditText text(content, file);
  const auto indent = text.ruleIndent(*wanted);
  if (!indent) return tl::unexpected(indent.error());
  std::string lines;
  for (const YamlNode& rule : more->find("rules")->items) {
    const auto next = EditText(addition, addition_file).ruleLines(rule, *indent);
    if (!next) return next;
    lines += (lines.empty() ? "" : "\n") + *next;
  }
  if (lines.empty()) return std::string(content);
  if (auto done = text.addRules(*wanted, lines); !done) return tl::unexpected(done.error());
  for (const YamlNode& rule : more->find("rules")->items) find(*wanted, "rules")->items.push_back(rule);
  const auto root = parseYaml(text.content(), file);
  if (!root || !same(*root, *wanted))
    return tl::unexpected(Error{"no rule can be added to this file line by line: edit it", file});
  return text.content();
}

}  // namespace holdfast::rule
