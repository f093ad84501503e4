// SPDX-License-Identifier: Apache-2.0
#include "rule/pattern.hpp"

#include <algorithm>
#include <vector>

#include "rule/image_reference.hpp"

namespace holdfast::rule {
namespace {

constexpr int kNameRank = 10000;     // above the literal characters of any pattern
constexpr int kDigestRank = 100000;  // above any name

}  // namespace

bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      // Let the last star take one character more.
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool overlap(std::string_view a, std::string_view b) {
  if (a.find('*') == std::string_view::npos) return fits(b, a);
  if (b.find('*') == std::string_view::npos) return fits(a, b);
  // below[j]: whether the rest of a from i + 1 and that of b from j have a text in common; filled from the ends.
  std::vector<bool> below(b.size() + 1);
  for (std::size_t i = a.size() + 1; i-- > 0;) {
    std::vector<bool> row(b.size() + 1);
    for (std::size_t j = b.size() + 1; j-- > 0;) {
      const bool a_left = i < a.size();
      const bool b_left = j < b.size();
      if (!a_left && !b_left) {
        row[j] = true;
      } else if ((a_left && a[i] == '*') || (b_left && b[j] == '*')) {
        // The star takes nothing, or one character of the other side, which may be a star itself.
        row[j] = (a_left && below[j]) || (b_left && row[j + 1]);
      } else {
        row[j] = a_left && b_left && a[i] == b[j] && below[j + 1];
      }
    }
    below = std::move(row);
  }
  return below[0];
}

int rank(std::string_view pattern) {
  if (isDigest(pattern)) return kDigestRank;
  const auto stars = std::ranges::count(pattern, '*');
  const int literals = static_cast<int>(pattern.size()) - static_cast<int>(stars);
  return stars == 0 ? kNameRank + literals : 1 + literals;
}

}  // namespace holdfast::rule
