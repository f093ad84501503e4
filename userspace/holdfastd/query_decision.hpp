// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "container/container.hpp"
#include "container/runtimes.hpp"
#include "kernel/types.hpp"

namespace holdfast::holdfastd {

/// What to say to a query. Pure.
enum class Decision {
  FirstProgram,  // CONTAINER, and from now on the container's set-up is over
  Program,       // CONTAINER
  Setup,         // the runtime's own work
  Unknown,       // CONTAINER by the cgroup's name; no runtime's state names it, so it has the default profile
  None,          // no container
  LookAgain      // the runtime may be about to write its state
};

/// `armed`: the container's first program was judged before.
[[nodiscard]] Decision decideKnown(const kernel::Query& query, const container::Container& container, bool armed);

enum class Patience {
  Early,  // wait for state that may come, even if nothing but the cgroup's name speaks for a container
  Late,   // wait only for state that is seen to be on its way
  Gone    // decide now
};

/// For a cgroup that no runtime's state names. LookAgain with Patience::Gone means: give no answer.
[[nodiscard]] Decision decideUnknown(const kernel::Query& query, const container::Scan& scan, Patience patience);

/// Whether the task that waits is the container's init process.
[[nodiscard]] bool isInit(const kernel::Query& query, const container::Container& container);

}  // namespace holdfast::holdfastd
