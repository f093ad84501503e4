// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netlink/socket.h>

#include <functional>
#include <memory>

#include "kernel/attribute.hpp"
#include "kernel/build.hpp"
#include "kernel/types.hpp"

namespace holdfast::kernel {

/// One libnl socket with the family resolved. One request at a time; not for several threads at once.
class Socket {
 public:
  /// Gets the attributes of each reply.
  using OnReply = std::function<Result<void>(Bytes attributes)>;

  /// Fails with ENODEV if the module is not loaded.
  [[nodiscard]] static Outcome<Socket> open();

  [[nodiscard]] std::uint16_t family() const { return family_; }

  /// Sends and waits for the acknowledgement. The error text begins with `what`.
  [[nodiscard]] Outcome<void> request(const Message& message, std::string_view what, const OnReply& on_reply = {});
  /// A dump that was interrupted by changes is begun again; `restart` empties what was collected.
  [[nodiscard]] Outcome<void> dump(std::uint8_t command, std::string_view what, const std::function<void()>& restart,
                                   const OnReply& on_reply);

  /// After a transport error sequence numbers are out of step: the socket must be thrown away.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  struct Free {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
  };
  explicit Socket(nl_sock* socket) : socket_(socket) {}
  [[nodiscard]] Outcome<void> exchange(nl_msg* message, std::string_view what, const OnReply& on_reply,
                                       bool& interrupted);

  std::unique_ptr<nl_sock, Free> socket_;
  std::uint16_t family_ = 0;
  bool broken_ = false;
};

}  // namespace holdfast::kernel
