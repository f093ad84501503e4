// SPDX-License-Identifier: Apache-2.0
#include "kernel/stream.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "kernel/build.hpp"
#include "kernel/socket.hpp"

namespace holdfast::kernel {

namespace {

constexpr int kReceiveBuffer = 32 << 20;            // bytes of kernel memory, some ten thousand events
constexpr std::size_t kDatagramMax = 256UL * 1024;  // more than the kernel puts into one
constexpr int kDatagramsAtOnce = 256;

tl::unexpected<Failure> systemFailure(const char* what) {
  const int error = errno;
  return failWith(error, std::string(what) + ": " + std::strerror(error));
}

}  // namespace

Stream::Stream(UniqueFd fd, std::uint16_t family) : fd_(std::move(fd)), family_(family), buffer_(kDatagramMax) {}

Outcome<Stream> Stream::open() {
  auto resolved = Socket::open();
  if (!resolved) return tl::unexpected(resolved.error());

  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC));
  if (!fd) return systemFailure("event socket");
  // Connected to the kernel, the socket refuses what any other process sends: nobody else can fill its buffer.
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) != 0) {
    return systemFailure("event socket");
  }
  const int on = 1;
  (void)::setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  (void)::setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  }
  return Stream(std::move(fd), resolved->family());
}

Outcome<void> Stream::sayHello() {
  const Message hello = buildHello(family_);
  nlmsghdr* header = nlmsg_hdr(hello.get());
  header->nlmsg_flags |= NLM_F_ACK;
  header->nlmsg_seq = 1;
  header->nlmsg_pid = 0;
  if (::send(fd_.get(), header, header->nlmsg_len, 0) < 0) return systemFailure("hello");
  return {};
}

Outcome<Stream::Received> Stream::receive() {
  Received received;
  for (int count = 0; count < kDatagramsAtOnce; ++count) {
    sockaddr_nl sender{};
    iovec vector{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    msghdr message{};
    message.msg_name = &sender;
    message.msg_namelen = sizeof sender;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    const ssize_t length = ::recvmsg(fd_.get(), &message, 0);
    if (length < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      if (errno != ENOBUFS) return systemFailure("event socket");
      received.overrun = true;
      continue;
    }
    if (message.msg_namelen != sizeof sender || sender.nl_pid != 0) continue;
    if ((message.msg_flags & MSG_TRUNC) != 0) {
      received.batch.damage.emplace_back("the kernel's message is too long");
      continue;
    }
    parseDatagram({buffer_.data(), static_cast<std::size_t>(length)}, family_, received.batch);
  }
  return received;
}

}  // namespace holdfast::kernel
