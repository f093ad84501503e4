// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

struct sqlite3;

namespace holdfast::alert {

/// Brings a database to the newest schema in one transaction. A newer schema, and a database of another program, are
/// refused and left as they are. With `read_only` an older or empty one is refused too.
[[nodiscard]] Result<void> migrate(sqlite3* db, bool read_only);

}  // namespace holdfast::alert
