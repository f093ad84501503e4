// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::holdfastctl {

/// Whether a column may be cut to make the table fit.
enum class Fit { Whole, Cut };

struct Column {
  std::string title;
  Fit fit = Fit::Whole;
};

/// Aligned columns. All cells are made printable first; what is cut ends in "...".
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell for each column.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  /// Wider than `width` only if the columns that must stay whole are.
  void print(std::ostream& out, std::size_t width) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Characters, not bytes.
[[nodiscard]] std::size_t lengthOf(std::string_view text);
/// At most `width` characters, the last three of them dots if something is cut off.
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);
/// `text` in lines of at most `width` characters, each after `indent` spaces.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);
/// "unknown" for an empty text, as requirement ALR-2 has it.
[[nodiscard]] std::string orUnknown(const std::string& text);

}  // namespace holdfast::holdfastctl
