// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/work.hpp"
#include "control/server.hpp"

namespace holdfast::alert {

/// Registers alerts.handle, alerts.ignore, alerts.allow-listed and alerts.purge, for root only. They are answered when
/// the store has it on disk, without the server waiting for that.
void registerChanges(control::Server& server, Writer writer);

/// The process at the other end, and who logged in for it.
[[nodiscard]] Person personOf(const control::Peer& peer);

}  // namespace holdfast::alert
