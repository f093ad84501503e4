// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/alert.hpp"
#include "base/nlohmann.hpp"

// Alerts as other tools' schemas want them. What is not known is left out, never made up; what a schema has no place
// for is under a key of Holdfast's own.

namespace holdfast::alert {

/// Elastic Common Schema.
inline constexpr const char* kEcsVersion = "8.17.0";
[[nodiscard]] nlohmann::json toEcs(const Alert& alert);

/// Open Cybersecurity Schema Framework: class Detection Finding, profiles "host" and, where something was decided,
/// "security_control".
inline constexpr const char* kOcsfVersion = "1.3.0";
[[nodiscard]] nlohmann::json toOcsf(const Alert& alert);

/// The same for the same alert wherever and whenever it is exported, and no other's: by machine and event, or by
/// machine and number.
[[nodiscard]] std::string globalId(const Alert& alert);

}  // namespace holdfast::alert
