// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// What Podman has written down of containers and pods: in bolt_state.db, since version 5 in db.sql (libpod/
/// boltdb_state_internal.go, sqlite_state_internal.go).
namespace holdfast::container {

enum class Libpod { Container, Pod };

/// The JSON of the one with this id, of whichever database below `storage` has it; nothing if none has. Only files that
/// root owns and nobody else may write are read.
[[nodiscard]] Result<std::optional<std::string>> libpodConfig(const std::filesystem::path& storage, Libpod kind,
                                                              std::string_view id);

}  // namespace holdfast::container
