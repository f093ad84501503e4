// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "kernel/types.hpp"

namespace holdfast::kernel {

/// What the controller asks of the module; the tests have another one than Client. Calls may come from any thread.
class Port {
 public:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  virtual ~Port() = default;

  [[nodiscard]] virtual Outcome<Status> status() = 0;
  [[nodiscard]] virtual Outcome<std::vector<HookInfo>> hooks() = 0;
  /// In force when it returns, or nothing has changed.
  [[nodiscard]] virtual Outcome<void> commitPolicy(const Policy& policy) = 0;
  [[nodiscard]] virtual Outcome<void> setContainer(const ContainerInfo& info) = 0;
  [[nodiscard]] virtual Outcome<void> delContainer(std::uint64_t cgroup_id) = 0;
  [[nodiscard]] virtual Outcome<std::vector<ContainerInfo>> containers() = 0;
  [[nodiscard]] virtual Outcome<std::vector<MemberInfo>> members() = 0;
  [[nodiscard]] virtual Outcome<std::vector<PolicyProfile>> profiles() = 0;
  [[nodiscard]] virtual Outcome<std::vector<Pattern>> patterns() = 0;
  [[nodiscard]] virtual Outcome<void> adopt(const MemberInfo& member) = 0;
  [[nodiscard]] virtual Outcome<void> calibrate(std::span<const Probe> probes) = 0;
  /// What holds of the directory that is open as `fd`; replaces what was said of it. `round`: see sweep.
  [[nodiscard]] virtual Outcome<void> setHostDirectory(int fd, std::uint32_t round,
                                                       std::span<const HostEntry> entries) = 0;
  /// Forgets the directories that were set in another round.
  [[nodiscard]] virtual Outcome<void> sweepHostDirectories(std::uint32_t round) = 0;
  [[nodiscard]] virtual Outcome<void> answer(const Answer& answer) = 0;
  /// All events up to `number` are stored.
  [[nodiscard]] virtual Outcome<void> acknowledge(std::uint64_t number) = 0;
  [[nodiscard]] virtual Outcome<void> lock() = 0;
};

}  // namespace holdfast::kernel
