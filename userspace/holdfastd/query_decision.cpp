// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/query_decision.hpp"

#include "container/process.hpp"

namespace holdfast::holdfastd {

bool isInit(const kernel::Query& query, const container::Container& container) {
  if (query.tgid == 0 || query.tgid != container.init_pid) return false;
  return container.init_start_ticks == 0 || container.init_start_ticks == container::nsToTicks(query.start_time);
}

Decision decideKnown(const kernel::Query& query, const container::Container& container, bool armed) {
  if (isInit(query, container) || (query.flags & kernel::kQueryPid1) != 0) return Decision::FirstProgram;
  if (armed) return Decision::Program;
  // Before its init has run a program, only the runtime's hooks run in a container, and an early "exec". Of the two
  // only the latter's program lies on the container's root.
  return (query.flags & kernel::kQueryRootFile) != 0 ? Decision::Program : Decision::Setup;
}

Decision decideUnknown(const kernel::Query& query, const container::Scan& scan, Patience patience) {
  const bool may_settle = scan.maySettle(query.cgroup_path);
  const bool pattern = (query.flags & kernel::kQueryPattern) != 0;
  if (may_settle && patience != Patience::Gone) return Decision::LookAgain;
  if (pattern) return patience == Patience::Early ? Decision::LookAgain : Decision::Unknown;
  // "None" is kept by the kernel for the cgroup's life: not said as long as it might turn out wrong.
  return may_settle ? Decision::LookAgain : Decision::None;
}

}  // namespace holdfast::holdfastd
