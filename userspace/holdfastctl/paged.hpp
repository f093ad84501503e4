// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

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

}  // namespace holdfast::holdfastctl
