// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "kernel/ack.hpp"
#include "kernel/parse.hpp"

namespace holdfast::kernel {

/// What one or more datagrams of the event socket brought, in order.
struct Batch {
  std::vector<StreamMessage> messages;
  std::vector<Ack> refusals;        // of our own HELLO
  std::vector<std::string> damage;  // messages that could not be understood
};

/// Adds what `datagram` holds to `batch`. Messages of other families are skipped; a damaged length ends the walk.
void parseDatagram(Bytes datagram, std::uint16_t family, Batch& batch);

}  // namespace holdfast::kernel
