// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "rule/yaml_tree.hpp"

namespace holdfast::rule {

/// What was found over all files. Bounded: a file with a thousand mistakes is told in a hundred lines.
class Findings {
 public:
  void error(Error error);
  void warning(Error warning);
  [[nodiscard]] bool ok() const { return errors_.empty(); }
  [[nodiscard]] std::size_t errorCount() const { return errors_.size() + more_errors_; }
  /// By file and place.
  [[nodiscard]] std::vector<Error> takeErrors();
  [[nodiscard]] std::vector<Error> takeWarnings() { return std::move(warnings_); }

 private:
  std::vector<Error> errors_;
  std::vector<Error> warnings_;
  std::size_t more_errors_ = 0;
};

/// Reads typed values out of the tree of one file and notes each mistake with its place. A function that returns
/// nothing has noted why. `what` is how messages call the value.
class Reader {
 public:
  /// Both must outlive the reader.
  Reader(const std::string& file, Findings& findings) : file_(file), findings_(findings) {}

  void error(const YamlNode& at, std::string message);
  void warning(const YamlNode& at, std::string message);

  /// A map whose keys are all known and given once. False if it is no map at all.
  bool map(const YamlNode& node, std::string_view what, std::span<const std::string_view> known);

  /// Missing is an error.
  const YamlNode* required(const YamlNode& map, std::string_view key, std::string_view what);

  /// One line of printable text, not empty, without blanks around it.
  std::optional<std::string> text(const YamlNode& node, std::string_view what, std::size_t bytes_max);
  std::optional<int> number(const YamlNode& node, std::string_view what, int least, int most);
  std::optional<bool> onOff(const YamlNode& node, std::string_view what);
  std::optional<bool> trueFalse(const YamlNode& node, std::string_view what);

  /// The index of the one of `names` that it is.
  std::optional<std::size_t> choice(const YamlNode& node, std::string_view what,
                                    std::span<const std::string_view> names);

  /// The entries of a list, at most `most`; nothing if it is no list.
  std::span<const YamlNode> list(const YamlNode& node, std::string_view what, std::size_t most);

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] Findings& findings() { return findings_; }

 private:
  const std::string& file_;
  Findings& findings_;
};

/// In double quotes, printable, shortened.
[[nodiscard]] std::string inQuotes(std::string_view value);

/// " (did you mean "X"?)", or all that are known.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace holdfast::rule
