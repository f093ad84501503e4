// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "alert/suggestion.hpp"
#include "base/nlohmann.hpp"

namespace holdfast::holdfastctl {

/// A rule file, whose comments say why each entry is there and which alerts have none. Whatever the alerts' texts are,
/// it is a comment or the value of one entry. `since`: nanoseconds since 1970.
[[nodiscard]] std::string toYaml(const alert::Suggestion& suggestion, std::uint64_t since);

/// The shape that docs/alerts.md describes.
[[nodiscard]] nlohmann::json toJson(const alert::Suggestion& suggestion, std::uint64_t since);

}  // namespace holdfast::holdfastctl
