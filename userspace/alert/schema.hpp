// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

struct sqlite3;

namespace holdfast::alert {

/// Brings a database to the newest schema in one transaction, after a copy was made beside it (FILE.schema-N, mode
/// 0600, N the schema that it had). A newer schema, and a database of another program, are refused and left as they
/// are. With `read_only` an older or empty one is refused too.
[[nodiscard]] Result<void> migrate(sqlite3* db, bool read_only);

}  // namespace holdfast::alert
