// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace holdfast::rule {

/// Whether `text` fits `pattern`, in which "*" stands for any characters, "/" too, or none. Case counts.
[[nodiscard]] bool fits(std::string_view pattern, std::string_view text);

/// Whether some text fits both.
[[nodiscard]] bool overlap(std::string_view a, std::string_view b);

/// How much a pattern says: the greater, the more specific. A digest beats a name, a name beats every pattern, and of
/// two patterns the one with more literal characters wins.
[[nodiscard]] int rank(std::string_view pattern);

}  // namespace holdfast::rule
