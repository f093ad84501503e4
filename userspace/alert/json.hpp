// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/alert.hpp"
#include "alert/store.hpp"
#include "base/nlohmann.hpp"
#include "base/result.hpp"

namespace holdfast::alert {

/// The shape that docs/alerts.md describes; programs rely on it.
[[nodiscard]] nlohmann::json toJson(const Alert& alert);
[[nodiscard]] Result<Alert> alertFromJson(const nlohmann::json& value);

[[nodiscard]] nlohmann::json toJson(const Handling& handling);
[[nodiscard]] nlohmann::json toJson(const std::vector<ChainLink>& chain);

[[nodiscard]] nlohmann::json toJson(const Stats& stats);

/// The same keys as Filter's members, without the empty ones.
[[nodiscard]] nlohmann::json toJson(const Filter& filter);
/// A key that is not known or out of range is an error.
[[nodiscard]] Result<Filter> filterFromJson(const nlohmann::json& value);

}  // namespace holdfast::alert
