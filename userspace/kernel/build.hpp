// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netlink/msg.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "kernel/types.hpp"

/// From values to messages. Nothing here touches a socket; what the ABI's limits forbid is refused with the reason.
namespace holdfast::kernel {

/// No message is longer, so that neither side needs a large contiguous buffer, and the kernel can dump a profile, which
/// is in one message whole, into the 32 KiB of its own.
inline constexpr std::size_t kMessageMax = 31UL * 1024;

/// A request to the family. Adding beyond the size given is remembered and shows in complete().
class Message {
 public:
  Message(std::uint16_t family, std::uint8_t command, std::size_t size = 4096);

  void put(int type, std::uint32_t value);
  void put(int type, std::uint64_t value);
  void put(int type, std::string_view text);
  void put(int type, std::span<const std::byte> bytes);

  /// `fill(message)` adds what is inside the nest.
  template <class Fill>
  void nest(int type, Fill fill) {
    nlattr* start = beginNest(type);
    fill(*this);
    endNest(start);
  }

  [[nodiscard]] bool complete() const { return complete_; }
  /// Bytes of the message so far, header included.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] nl_msg* get() const { return message_.get(); }

 private:
  struct Free {
    void operator()(nl_msg* message) const { nlmsg_free(message); }
  };
  nlattr* beginNest(int type);
  void endNest(nlattr* start);

  std::unique_ptr<nl_msg, Free> message_;
  bool complete_ = true;
};

[[nodiscard]] Message buildHello(std::uint16_t family);
[[nodiscard]] Message buildBegin(std::uint16_t family, const Policy& policy);
/// The POLICY_PART messages of a policy, each at most kMessageMax long.
[[nodiscard]] Result<std::vector<Message>> buildParts(std::uint16_t family, const Policy& policy);
/// `info`: cgroup, name, profile, generation and, if not 0, flags are sent.
[[nodiscard]] Message buildContainerSet(std::uint16_t family, const ContainerInfo& info);
[[nodiscard]] Message buildContainerDel(std::uint16_t family, std::uint64_t cgroup_id);
[[nodiscard]] Message buildAdopt(std::uint16_t family, const MemberInfo& member);
[[nodiscard]] Message buildAnswer(std::uint16_t family, const Answer& answer);
[[nodiscard]] Message buildAck(std::uint16_t family, std::uint64_t number);
[[nodiscard]] Message buildCalibrate(std::uint16_t family, std::span<const Probe> probes);
/// `fd`: of the directory, the caller's.
[[nodiscard]] Message buildHostDirectory(std::uint16_t family, int fd, std::uint32_t round,
                                         std::span<const HostEntry> entries);
[[nodiscard]] Message buildHostDirectorySweep(std::uint16_t family, std::uint32_t round);

/// The kernel takes names of 1 to kNameMax bytes; longer ones are cut, an empty one becomes "-".
[[nodiscard]] std::string kernelName(std::string_view name);

}  // namespace holdfast::kernel
