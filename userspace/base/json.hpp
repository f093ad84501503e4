// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

/// Any bytes as printable UTF-8 that JSON, a terminal and the journal take: what is not UTF-8, a control character, a
/// line separator or a character that turns the direction of text becomes "\xNN" for each byte. A backslash stays as
/// it is, so that doing it twice changes nothing.
[[nodiscard]] std::string safeUtf8(std::string_view bytes);

/// Whether all of it is well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
[[nodiscard]] bool isUtf8(std::string_view bytes);

}  // namespace holdfast
