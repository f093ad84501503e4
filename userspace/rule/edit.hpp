// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace holdfast::rule {

/// One change of one rule. `key` is a key of the rule ("action") or of a map in it ("scope.images"). Maps and lists
/// that are missing on the way are made.
struct Edit {
  enum class Kind { SetText, SetList, AddEntry, Unset, Delete };

  Kind kind = Kind::Delete;
  std::string key;
  std::vector<std::string> values;

  [[nodiscard]] static Edit set(std::string key, std::string value) { return {Kind::SetText, key, {value}}; }
  [[nodiscard]] static Edit status(bool on) { return set("status", on ? "on" : "off"); }
  /// Entries that stay keep their place and their comments.
  [[nodiscard]] static Edit setList(std::string key, std::vector<std::string> entries) {
    return {Kind::SetList, key, std::move(entries)};
  }
  /// One more entry of a list; one that is there already stays alone.
  [[nodiscard]] static Edit add(std::string key, std::string entry) { return {Kind::AddEntry, key, {entry}}; }
  [[nodiscard]] static Edit unset(std::string key) { return {Kind::Unset, key, {}}; }
  [[nodiscard]] static Edit remove() { return {}; }
};

/// The text of a rule file after changes of one rule. Only that rule's lines differ; comments stay, also those above a
/// deleted rule. A file that has mistakes or would have, has no such rule, or is written in a way that cannot be
/// changed line by line (all rules in one [...]) is an error with the place. What is so already comes back as it is.
[[nodiscard]] Result<std::string> edited(std::string_view content, const std::string& file,
                                         const std::string& rule_name, const std::vector<Edit>& edits);

/// A rule file of its own with this one rule and the comments right above it.
[[nodiscard]] Result<std::string> extracted(std::string_view content, const std::string& file,
                                            const std::string& rule_name);

/// The text of a rule file with the rules of another (`addition`, which errors call `addition_file`) behind its own,
/// each with the comments right above it. Likewise proven.
[[nodiscard]] Result<std::string> appended(std::string_view content, const std::string& file, std::string_view addition,
                                           const std::string& addition_file);

}  // namespace holdfast::rule
