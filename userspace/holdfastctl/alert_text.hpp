// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "alert/alert.hpp"

namespace holdfast::holdfastctl {

/// An alert in full, as people read it, with what to do next.
[[nodiscard]] std::string fullText(const alert::Alert& alert, std::size_t width);

/// The cells of its row in a list: id, time, severity, state, container, count, and the
/// kind and object, or the message where there is none.
[[nodiscard]] std::vector<std::string> rowOf(const alert::Alert& alert);

/// One line for `alerts follow`.
[[nodiscard]] std::string lineOf(const alert::Alert& alert);

}  // namespace holdfast::holdfastctl
