// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/result.hpp"

namespace holdfast::holdfastctl {

/// Runs $VISUAL, $EDITOR or vi on the file and waits for it. Most editors take "+LINE" for where to begin.
[[nodiscard]] Result<void> runEditor(const std::filesystem::path& file, int line);

}  // namespace holdfast::holdfastctl
