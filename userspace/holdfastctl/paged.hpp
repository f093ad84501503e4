// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "alert/alert.hpp"
#include "alert/store.hpp"
#include "base/nlohmann.hpp"
#include "control/message.hpp"
#include "control/shapes.hpp"

/// Lists that take several answers, as each must fit a message.
namespace holdfast::holdfastctl {

using Ask = std::function<Result<nlohmann::json>(const control::Request&)>;

/// All containers of the host.
[[nodiscard]] Result<std::vector<control::ContainerReport>> fetchContainers(const Ask& ask);

/// rules.list, with all rules.
[[nodiscard]] Result<nlohmann::json> fetchRules(const Ask& ask);

/// Calls `take` for each alert that the filter selects and that is there now, once, the oldest first; what comes
/// meanwhile is not among them. Ends with the first error, also one of `take`.
[[nodiscard]] Result<void> forEachAlert(const Ask& ask, alert::Filter filter,
                                        const std::function<Result<void>(const alert::Alert&)>& take);

}  // namespace holdfast::holdfastctl
