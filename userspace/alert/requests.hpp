// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/store.hpp"
#include "control/server.hpp"

namespace holdfast::alert {

/// Registers alerts.list, alerts.show and alerts.follow. `reader` belongs to the server's thread and outlives it.
void registerRequests(control::Server& server, const Store& reader);

}  // namespace holdfast::alert
