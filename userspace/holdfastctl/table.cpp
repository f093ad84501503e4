// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/table.hpp"

#include <algorithm>
#include <ostream>
#include <sstream>

#include "base/json.hpp"

namespace holdfast::holdfastctl {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kDots = "...";
constexpr std::size_t kLeast = 8;  // a cut column is never narrower

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace

std::size_t lengthOf(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string cut(std::string_view text, std::size_t width) {
  if (lengthOf(text) <= width) return std::string(text);
  const std::size_t kept = width > kDots.size() ? width - kDots.size() : 0;
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++end)
    if (!continues(text[end]) && characters++ == kept) break;
  return std::string(text.substr(0, end)).append(kDots.substr(0, width));
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  const std::string margin(indent, ' ');
  std::istringstream words{std::string(text)};
  std::string out;
  std::string line;
  for (std::string word; words >> word;) {
    if (!line.empty() && indent + lengthOf(line) + 1 + lengthOf(word) > width) {
      out += margin + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? out : out + margin + line + "\n";
}

std::string orUnknown(const std::string& text) { return text.empty() ? "unknown" : text; }

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = safeUtf8(cell);
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths(std::size_t width) const {
  std::vector<std::size_t> wide;
  std::size_t total = kGap.size() * (columns_.size() - 1);
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    std::size_t widest = columns_[column].title.size();
    for (const auto& row : rows_) widest = std::max(widest, lengthOf(row[column]));
    wide.push_back(widest);
    total += widest;
  }
  // The widest of those that may be cut gives way first.
  while (total > width) {
    std::size_t* victim = nullptr;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      const bool may =
          columns_[column].fit == Fit::Cut && wide[column] > std::max(kLeast, columns_[column].title.size());
      if (may && (victim == nullptr || wide[column] > *victim)) victim = &wide[column];
    }
    if (victim == nullptr) break;
    --*victim;
    --total;
  }
  return wide;
}

void Table::print(std::ostream& out, std::size_t width) const {
  const auto wide = widths(width);
  const auto line = [&](const auto& textOf) {
    std::string text;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      const std::string cell = cut(textOf(column), wide[column]);
      text += cell;
      if (column + 1 < columns_.size()) text.append(wide[column] - lengthOf(cell), ' ').append(kGap);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << "\n";
  };
  line([&](std::size_t column) -> const std::string& { return columns_[column].title; });
  for (const auto& row : rows_) line([&](std::size_t column) -> const std::string& { return row[column]; });
}

}  // namespace holdfast::holdfastctl
