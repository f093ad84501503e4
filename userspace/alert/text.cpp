// SPDX-License-Identifier: Apache-2.0
#include "alert/text.hpp"

#include "base/json.hpp"

namespace holdfast::alert {

std::string shown(std::string_view bytes, std::size_t max) {
  constexpr std::string_view kCut = "...";
  // The printable form is never shorter, so nothing that could be shown is lost here.
  std::string text = safeUtf8(bytes.substr(0, max + 1));
  if (text.size() <= max) return text;
  std::size_t end = max - kCut.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  // Not in the middle of "\xNN".
  for (std::size_t back = 1; back <= 3 && back <= end; ++back) {
    if (text[end - back] == '\\') {
      end -= back;
      break;
    }
  }
  return text.substr(0, end).append(kCut);
}

}  // namespace holdfast::alert
