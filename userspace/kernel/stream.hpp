// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "base/fd.hpp"
#include "kernel/datagram.hpp"

namespace holdfast::kernel {

/// The socket that says HELLO and therefore gets events and queries. For one thread; never waits.
class Stream {
 public:
  /// Fails with ENODEV if the module is not loaded.
  [[nodiscard]] static Outcome<Stream> open();

  [[nodiscard]] int fd() const { return fd_.get(); }

  /// The kernel answers with Hello and then sends again every event that is not acknowledged; both come by receive().
  [[nodiscard]] Outcome<void> sayHello();

  struct Received {
    Batch batch;
    /// Messages were lost, the socket's buffer was full: say HELLO again once there is room.
    bool overrun = false;
  };
  /// All that is there, up to some hundred messages. An error means that the socket is of no use any more.
  [[nodiscard]] Outcome<Received> receive();

 private:
  Stream(UniqueFd fd, std::uint16_t family);

  UniqueFd fd_;
  std::uint16_t family_;
  std::vector<std::byte> buffer_;
};

}  // namespace holdfast::kernel
