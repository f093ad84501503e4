// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "base/nlohmann.hpp"
#include "control/message.hpp"
#include "control/shapes.hpp"

namespace holdfast::holdfastctl {

/// All containers of the host, by as many questions as it takes: each answer fits one message.
[[nodiscard]] Result<std::vector<control::ContainerReport>> fetchContainers(
    const std::function<Result<nlohmann::json>(const control::Request&)>& ask);

}  // namespace holdfast::holdfastctl
