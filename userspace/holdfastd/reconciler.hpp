// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "container/runtimes.hpp"
#include "container/table.hpp"
#include "holdfastd/policy_keeper.hpp"
#include "kernel/port.hpp"

namespace holdfast::holdfastd {

/// Keeps the table, the runtimes' state and the kernel's records in agreement: at the start, after the module was
/// loaded again, and from time to time. One thread only.
class Reconciler {
 public:
  using OnNew = std::function<void(const container::Container&)>;

  Reconciler(kernel::Port& port, PolicyKeeper& keeper, container::Table& table, container::Runtimes& runtimes,
             OnNew on_new);

  /// Before the first policy: fills the table from what the kernel has and what the runtimes say.
  [[nodiscard]] kernel::Outcome<void> adoptContainers();
  /// After the first policy: tells the kernel of containers that it does not know, and of their processes.
  [[nodiscard]] kernel::Outcome<void> adoptProcesses();
  /// Now and then. What is to be removed or adopted late must look so twice in a row: starts and ends take time.
  [[nodiscard]] kernel::Outcome<void> tick();

 private:
  using Kernels = std::map<std::uint64_t, kernel::ContainerInfo>;
  [[nodiscard]] kernel::Outcome<Kernels> kernels();
  /// Returns those that the kernel knows and whose image is known better than before.
  [[nodiscard]] std::vector<container::Table::Entry> takeScan(const container::Scan& scan, const Kernels& kernels,
                                                              bool at_start);
  /// What only its cgroup's name tells: those of rootless engines, whose state their users may write, and sandboxes.
  void takeNamed(const container::Scan& scan, bool only_sandboxes);
  [[nodiscard]] std::string sandboxOf(const container::Container& container) const;
  /// Records that the kernel made by itself; returns those of which a runtime knows more than the name.
  [[nodiscard]] std::vector<container::Table::Entry> takeKernels(const container::Scan& scan, const Kernels& kernels);
  /// Users' containers without a cgroup that run: not before the kernel has said that they are the user's.
  void takeRootless(const container::Scan& scan, const Kernels& kernels);
  /// Whether the kernel took it.
  [[nodiscard]] bool tell(const container::Table::Entry& entry);
  void adoptProcessesOf(const container::Table::Entry& entry);
  /// Whether its processes are a sandbox's, which are not to become members; the table is told.
  [[nodiscard]] bool isSandbox(const container::Table::Entry& entry);
  [[nodiscard]] bool isOver(const container::Table::Entry& entry, const container::Scan& scan,
                            const Kernels& kernels) const;

  kernel::Port& port_;
  PolicyKeeper& keeper_;
  container::Table& table_;
  container::Runtimes& runtimes_;
  OnNew on_new_;
  std::set<std::string> problems_;     // at the last look, of files that runtimes and engines have left
  std::set<std::uint64_t> rootless_;   // running at the last look, and the kernel knew nothing of them
  std::set<std::uint64_t> untold_;     // running and nothing of it known to the kernel at the last look
  std::set<std::uint64_t> over_;       // seemed to have ended at the last look
  std::set<std::uint64_t> redecided_;  // ran under the default profile and got their own
};

}  // namespace holdfast::holdfastd
