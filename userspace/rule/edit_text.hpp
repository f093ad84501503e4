// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "rule/yaml_tree.hpp"

namespace holdfast::rule {

/// A value as a rule file writes it, in quotes where it would mean something else without.
[[nodiscard]] std::string yamlText(const std::string& value);

/// The text of a rule file, in which single values are changed where they stand. Nodes are those of this very text:
/// after one change the text is parsed again. What is written in a way that cannot be changed so is an error with its
/// place. Nothing here proves that the outcome means what it should: edited() does.
class EditText {
 public:
  EditText(std::string_view content, std::string file);

  [[nodiscard]] const std::string& content() const { return content_; }

  /// The value of one key, text. With `after` a missing key is put behind that one, otherwise behind the last.
  Result<void> setText(const YamlNode& map, std::string_view key, const std::string& value,
                       std::string_view after = {});
  /// "key: value" for a key that is missing; `value` is YAML for one line, or of a block, whose lines begin with "\n".
  Result<void> addKey(const YamlNode& map, std::string_view key, const std::string& value, std::string_view after = {});
  Result<void> removeKey(const YamlNode& map, std::string_view key);
  Result<void> addEntry(const YamlNode& list, const std::string& entry);
  /// Not the last one of a list in lines: emptyList() does that.
  Result<void> removeEntry(const YamlNode& list, std::size_t index);
  Result<void> emptyList(const YamlNode& map, std::string_view key);
  Result<void> removeRule(const YamlNode& root, const YamlNode& rule);
  /// The lines of a rule, with the comments right above it, the dash behind `indent` blanks.
  [[nodiscard]] Result<std::string> ruleLines(const YamlNode& rule, std::size_t indent) const;
  /// Where the dash of a further rule is to stand.
  [[nodiscard]] Result<std::size_t> ruleIndent(const YamlNode& root) const;
  /// Such lines behind the last rule.
  Result<void> addRules(const YamlNode& root, const std::string& lines);

  /// Whether a map or list is written in brackets.
  [[nodiscard]] bool isFlow(const YamlNode& node) const;
  /// Blanks before the map's keys, if it is written in lines.
  [[nodiscard]] static std::size_t indentOf(const YamlNode& map) { return static_cast<std::size_t>(map.column) - 1; }

 private:
  [[nodiscard]] tl::unexpected<Error> tooHard(const YamlNode& at) const;
  [[nodiscard]] std::size_t begin(const YamlNode& node) const;
  [[nodiscard]] Result<std::size_t> end(const YamlNode& node) const;
  [[nodiscard]] Result<std::size_t> endOfFlow(const YamlNode& node) const;
  [[nodiscard]] std::string_view line(std::size_t index) const;
  [[nodiscard]] std::size_t lineAfter(std::size_t first, std::size_t indent, bool dashes, bool all_is_text) const;
  [[nodiscard]] std::size_t lineAfterKey(const YamlNode& key, const YamlNode& value) const;
  [[nodiscard]] Result<std::size_t> dashOf(const YamlNode& item) const;
  [[nodiscard]] std::size_t lineAfterRule(const YamlNode& rule, std::size_t dash) const;

  void replace(std::size_t begin, std::size_t end, std::string_view with);
  void insertLine(std::size_t index, std::string text);
  void eraseLines(std::size_t first, std::size_t after);
  void eraseFlow(std::size_t begin, std::size_t end);
  void find_lines();

  std::string content_;
  std::string file_;
  std::vector<std::size_t> starts_;  // of lines; one more for the end
};

}  // namespace holdfast::rule
