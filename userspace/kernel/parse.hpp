// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>
#include <vector>

#include "kernel/attribute.hpp"
#include "kernel/types.hpp"

/// From bytes to values. Nothing here touches a socket; every input, however damaged, gives a value or an error.
/// Attributes that are not known are skipped: a newer module may send more.
namespace holdfast::kernel {

struct Events {
  std::vector<Event> events;  // oldest first; boot_id is empty, the kernel says it once in HELLO
};
using StreamMessage = std::variant<Events, Query, Hello>;

/// What follows the generic netlink header of a message of the given command.
[[nodiscard]] Result<StreamMessage> parseStreamMessage(std::uint8_t command, Bytes attributes);

[[nodiscard]] Result<Hello> parseHello(Bytes attributes);
[[nodiscard]] Result<Status> parseStatus(Bytes attributes);

/// One message of a dump may carry several.
[[nodiscard]] Result<std::vector<HookInfo>> parseHooks(Bytes attributes);
[[nodiscard]] Result<std::vector<ContainerInfo>> parseContainers(Bytes attributes);
[[nodiscard]] Result<std::vector<MemberInfo>> parseMembers(Bytes attributes);
/// Adds to those of the messages before, of which there may be more directories in this one.
[[nodiscard]] Result<void> parseProfiles(Bytes attributes, std::vector<PolicyProfile>& profiles);
[[nodiscard]] Result<std::vector<Pattern>> parsePatterns(Bytes attributes);

}  // namespace holdfast::kernel
