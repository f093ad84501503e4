// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rule/model.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {

[[nodiscard]] Scope readScope(Reader& reader, const YamlNode& node);
/// Exact names of clusters.
[[nodiscard]] std::vector<std::string> readClusters(Reader& reader, const YamlNode& map, std::string_view key);
[[nodiscard]] AllowList readAllowList(Reader& reader, const YamlNode& node, RuleType type);

/// Calls `judge(node, text)` for every entry of map[key]; that notes what is wrong and says whether to keep it.
template <class Judge>
std::vector<std::string> readEntries(Reader& reader, const YamlNode& map, std::string_view key, std::size_t most,
                                     std::size_t bytes_max, Judge judge) {
  std::vector<std::string> entries;
  const YamlNode* node = map.find(key);
  if (node == nullptr) return entries;
  for (const YamlNode& item : reader.list(*node, key, most)) {
    auto entry = reader.text(item, "an entry of " + std::string(key), bytes_max);
    if (entry && judge(item, *entry)) entries.push_back(std::move(*entry));
  }
  return entries;
}

/// Why `path` is no absolute path in normal form, empty if it is one.
[[nodiscard]] std::string faultOfDirectory(std::string_view path);

/// Why an allow list takes no such directory or no such image, as "has a *, ..."; empty if it does.
[[nodiscard]] std::string faultOfAllowedDirectory(std::string_view path);
[[nodiscard]] std::string faultOfAllowedImage(std::string_view image);

}  // namespace holdfast::rule
