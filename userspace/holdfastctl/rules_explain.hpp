// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/nlohmann.hpp"
#include "container/program.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/environment.hpp"

namespace holdfast::holdfastctl {

/// Prints what would come of a program in a container, by what the daemon says of the container and `list`s of its
/// rules. Returns Done if it would be allowed, else Found.
[[nodiscard]] int explain(const control::ContainerReport& report, const nlohmann::json& list,
                          container::Program program, bool overlay_verified, bool as_json,
                          const Environment& environment);

}  // namespace holdfast::holdfastctl
