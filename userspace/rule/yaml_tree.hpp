// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace holdfast::rule {

/// One value of a YAML document with its place. Built from the parser's events, so that nothing is expanded,
/// converted or dropped before it is judged: duplicate keys are still there, "1.10" is still "1.10".
struct YamlNode {
  enum class Kind { Null, Text, List, Map };

  Kind kind = Kind::Null;
  std::string text;
  bool quoted = false;
  std::vector<YamlNode> items;  // of a map: key, value, key, value
  int line = 0;
  int column = 0;

  /// The value of the first such key of a map, or null.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

/// The one document that `content` holds. Refused with a place in `file`: what is not UTF-8, control characters,
/// anchors, aliases and tags, several documents or none, too deep nesting, too many values.
[[nodiscard]] Result<YamlNode> parseYaml(std::string_view content, const std::string& file);

}  // namespace holdfast::rule
