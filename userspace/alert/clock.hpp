// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/store.hpp"

namespace holdfast::alert {

/// The store's own clock after it was moved on to now, in nanoseconds. It began with the time of the day; within a boot
/// it goes by the boot clock, so that setting the time of the day neither shortens nor lengthens anybody's age. From
/// one boot to the next it goes by the time of the day, but for at least as long as the new boot has lasted. Within a
/// transaction.
[[nodiscard]] Result<std::uint64_t> advanceClock(sqlite3* db, const Clocks& clocks);

}  // namespace holdfast::alert
