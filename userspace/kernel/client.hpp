// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>

#include "kernel/port.hpp"
#include "kernel/socket.hpp"

namespace holdfast::kernel {

/// Talks to the module, one request at a time; connects when first used and again after the module was reloaded.
/// HELLO is not here: events go to the socket that says it (see Stream).
class Client : public Port {
 public:
  [[nodiscard]] Outcome<Status> status() override;
  [[nodiscard]] Outcome<std::vector<HookInfo>> hooks() override;
  [[nodiscard]] Outcome<void> commitPolicy(const Policy& policy) override;
  [[nodiscard]] Outcome<void> setContainer(const ContainerInfo& info) override;
  [[nodiscard]] Outcome<void> delContainer(std::uint64_t cgroup_id) override;
  [[nodiscard]] Outcome<std::vector<ContainerInfo>> containers() override;
  [[nodiscard]] Outcome<std::vector<MemberInfo>> members() override;
  [[nodiscard]] Outcome<std::vector<PolicyProfile>> profiles() override;
  [[nodiscard]] Outcome<std::vector<Pattern>> patterns() override;
  [[nodiscard]] Outcome<void> adopt(const MemberInfo& member) override;
  [[nodiscard]] Outcome<void> calibrate(std::span<const Probe> probes) override;
  [[nodiscard]] Outcome<void> setHostDirectory(int fd, std::uint32_t round,
                                               std::span<const HostEntry> entries) override;
  [[nodiscard]] Outcome<void> sweepHostDirectories(std::uint32_t round) override;
  [[nodiscard]] Outcome<void> answer(const Answer& answer) override;
  [[nodiscard]] Outcome<void> acknowledge(std::uint64_t number) override;
  [[nodiscard]] Outcome<void> lock() override;

 private:
  /// `use(socket)` with a connected socket, under the lock; a broken one is dropped afterwards.
  template <class Use>
  auto with(Use use) -> decltype(use(std::declval<Socket&>()));
  template <class Value>
  [[nodiscard]] Outcome<std::vector<Value>> dumpOf(std::uint8_t command, std::string_view what,
                                                   Result<std::vector<Value>> (*parse)(Bytes));
  template <class Value, class Parse>
  [[nodiscard]] Outcome<std::vector<Value>> dumpInto(std::uint8_t command, std::string_view what, Parse parse);

  std::mutex mutex_;
  std::optional<Socket> socket_;
};

}  // namespace holdfast::kernel
