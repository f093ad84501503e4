// SPDX-License-Identifier: Apache-2.0
// Everything that the kernel's messages go through, and the dumps. The first byte chooses.
#include <cstdint>
#include <vector>

#include "kernel/datagram.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using namespace holdfast::kernel;
  // A copy is aligned as a socket's buffer is, and its end is watched.
  const std::vector<std::byte> bytes(reinterpret_cast<const std::byte*>(data) + 1,
                                     reinterpret_cast<const std::byte*>(data) + size);
  Batch batch;
  switch (data[0] % 10) {
    case 0:
      parseDatagram(bytes, 0x1d, batch);
      break;
    case 1:
      (void)parseAck(bytes);
      break;
    case 2:
      (void)parseHello(bytes);
      break;
    case 3:
      (void)parseStatus(bytes);
      break;
    case 4:
      (void)parseHooks(bytes);
      break;
    case 5:
      (void)parseContainers(bytes);
      break;
    case 6:
      (void)parseMembers(bytes);
      break;
    case 7: {
      std::vector<holdfast::kernel::PolicyProfile> profiles;
      (void)parseProfiles(bytes, profiles);
      break;
    }
    case 8:
      (void)parsePatterns(bytes);
      break;
    default:
      (void)parseStreamMessage(static_cast<std::uint8_t>(size % 32), bytes);
      break;
  }
  return 0;
}
