// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "rule/model.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {

[[nodiscard]] Scope readScope(Reader& reader, const YamlNode& node);
[[nodiscard]] AllowList readAllowList(Reader& reader, const YamlNode& node, RuleType type);

/// Why `path` is no absolute path in normal form, empty if it is one.
[[nodiscard]] std::string faultOfDirectory(std::string_view path);

}  // namespace holdfast::rule
