// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/result.hpp"

struct sqlite3;

namespace holdfast::alert {

/// A whole copy of an open store as it stands at one moment, itself a store; the other's writers go on meanwhile. A new
/// file, mode 0600, on disk when this returns: what is there already is an error, and after an error nothing is.
[[nodiscard]] Result<void> copyTo(sqlite3* db, const std::filesystem::path& file);

}  // namespace holdfast::alert
