// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/nlohmann.hpp"
#include "container/program.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/environment.hpp"

namespace holdfast::holdfastctl {

/// Prints what would come of a program in a container, by what the daemon says of the container and `list`s of its
/// rules. After the program, in `programs`, come the interpreters that the kernel starts it by. Returns Done if it
/// would be allowed, else Found.
[[nodiscard]] int explain(const control::ContainerReport& report, const nlohmann::json& list,
                          std::vector<container::Program> programs, bool overlay_verified, bool as_json,
                          const Environment& environment);

}  // namespace holdfast::holdfastctl
