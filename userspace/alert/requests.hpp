// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/store.hpp"
#include "control/server.hpp"
#include "control/shapes.hpp"

namespace holdfast::alert {

[[nodiscard]] control::StoreTotals storeTotals(const Totals& totals);

/// Registers alerts.list, alerts.show, alerts.stats and alerts.follow. `reader` belongs to the server's thread and
/// outlives it.
void registerRequests(control::Server& server, const Store& reader);

}  // namespace holdfast::alert
