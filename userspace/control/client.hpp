// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>

#include "base/nlohmann.hpp"
#include "base/result.hpp"
#include "control/message.hpp"

namespace holdfast::control {

/// One request, one reply. Errors of the daemon come back as they are; that it cannot be reached says what to look at.
[[nodiscard]] Result<nlohmann::json> call(const std::filesystem::path& socket, const Request& request,
                                          std::chrono::milliseconds timeout = std::chrono::seconds(30));

/// Calls `receive` for every value until it returns false (success) or the daemon ends the stream (its error, or
/// success). Waits for values without limit.
[[nodiscard]] Result<void> follow(const std::filesystem::path& socket, const Request& request,
                                  const std::function<bool(const nlohmann::json&)>& receive);

}  // namespace holdfast::control
