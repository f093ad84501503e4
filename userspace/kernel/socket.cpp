// SPDX-License-Identifier: Apache-2.0
#include "kernel/socket.hpp"

#include <linux/holdfast.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

#include "kernel/ack.hpp"

namespace holdfast::kernel {

namespace {

// Handlers of the module never wait; a reply that takes this long does not come.
constexpr timeval kReplyTimeout{.tv_sec = 5, .tv_usec = 0};
constexpr int kDumpTries = 5;

struct Exchange {
  const Socket::OnReply* on_reply = nullptr;
  bool done = false;
  int error = 0;  // positive errno that the kernel answered
  std::string text;
  Result<void> parsed{};
};

int onValid(nl_msg* message, void* argument) {
  auto& exchange = *static_cast<Exchange*>(argument);
  nlmsghdr* header = nlmsg_hdr(message);
  if (genlmsg_valid_hdr(header, 0) == 0) {
    exchange.parsed = fail("the kernel's message is too short");
    return NL_OK;
  }
  genlmsghdr* generic = genlmsg_hdr(header);
  const Bytes bytes(reinterpret_cast<const std::byte*>(genlmsg_attrdata(generic, 0)),
                    static_cast<std::size_t>(genlmsg_attrlen(generic, 0)));
  if (exchange.parsed && *exchange.on_reply) exchange.parsed = (*exchange.on_reply)(bytes);
  return NL_OK;
}

int onFinish(nl_msg* message, void* argument) {
  auto& exchange = *static_cast<Exchange*>(argument);
  exchange.done = true;
  // A dump that failed half-way says so in the closing message.
  const nlmsghdr* header = nlmsg_hdr(message);
  int error = 0;
  if (nlmsg_datalen(header) >= static_cast<int>(sizeof error)) std::memcpy(&error, nlmsg_data(header), sizeof error);
  if (error < 0) exchange.error = -error;
  return NL_OK;
}

int onAck(nl_msg*, void* argument) {
  static_cast<Exchange*>(argument)->done = true;
  return NL_OK;
}

int onError(sockaddr_nl*, nlmsgerr* error, void* argument) {
  auto& exchange = *static_cast<Exchange*>(argument);
  exchange.done = true;
  exchange.error = error->error == 0 ? EPROTO : std::abs(error->error);
  // libnl hands over only the body, out of the message in its own buffer, which the header precedes.
  const auto* header = reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const char*>(error) - NLMSG_HDRLEN);
  if (auto ack = parseAck({reinterpret_cast<const std::byte*>(header), header->nlmsg_len})) exchange.text = ack->text;
  return NL_STOP;
}

}  // namespace

Outcome<Socket> Socket::open() {
  nl_sock* raw = nl_socket_alloc();
  if (raw == nullptr) return failWith(ENOMEM, "no memory for a netlink socket");
  Socket socket(raw);
  if (const int error = genl_connect(raw); error < 0) {
    return failWith(EIO, std::string("netlink: ") + nl_geterror(error));
  }
  const int fd = nl_socket_get_fd(raw);
  const int on = 1;
  // Without these an error is still an error, only with less text.
  (void)::setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  (void)::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  (void)nl_socket_set_buffer_size(raw, 1 << 20, 1 << 18);
  // The kernel makes the messages of a dump as long as the reader takes them.
  (void)nl_socket_set_msg_buf_size(raw, 64UL * 1024);
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kReplyTimeout, sizeof kReplyTimeout) != 0) {
    return failWith(errno, std::string("netlink: ") + std::strerror(errno));
  }
  const int family = genl_ctrl_resolve(raw, HOLDFAST_GENL_NAME);
  if (family < 0) return failWith(ENODEV, "the kernel module holdfast is not loaded");
  socket.family_ = static_cast<std::uint16_t>(family);
  return socket;
}

Outcome<void> Socket::exchange(nl_msg* message, std::string_view what, const OnReply& on_reply, bool& interrupted) {
  Exchange exchange;
  exchange.on_reply = &on_reply;
  const std::unique_ptr<nl_cb, decltype(&nl_cb_put)> callbacks(nl_cb_alloc(NL_CB_DEFAULT), nl_cb_put);
  if (!callbacks) return failWith(ENOMEM, "no memory for a netlink request");
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, onValid, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, onFinish, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, onAck, &exchange);
  nl_cb_err(callbacks.get(), NL_CB_CUSTOM, onError, &exchange);

  int result = nl_send_auto(socket_.get(), message);
  while (result >= 0 && !exchange.done) result = nl_recvmsgs(socket_.get(), callbacks.get());
  interrupted = result == -NLE_DUMP_INTR;

  if (exchange.error != 0) {
    std::string text = std::string(what) + ": " + (exchange.text.empty() ? "" : exchange.text + ": ");
    return failWith(exchange.error, text + std::strerror(exchange.error));
  }
  if (result < 0 && !interrupted) {
    broken_ = true;
    return failWith(EIO, std::string(what) + ": netlink: " + nl_geterror(result));
  }
  // What comes of two lists in turn may make no sense.
  if (interrupted) return {};
  if (!exchange.parsed) return failWith(EPROTO, std::string(what) + ": " + exchange.parsed.error().message);
  return {};
}

Outcome<void> Socket::request(const Message& message, std::string_view what, const OnReply& on_reply) {
  if (!message.complete()) return failWith(EMSGSIZE, std::string(what) + ": the message is too long");
  bool interrupted = false;
  return exchange(message.get(), what, on_reply, interrupted);
}

Outcome<void> Socket::dump(std::uint8_t command, std::string_view what, const std::function<void()>& restart,
                           const OnReply& on_reply) {
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    restart();
    const Message message(family_, command);
    nlmsg_hdr(message.get())->nlmsg_flags |= NLM_F_DUMP;
    bool interrupted = false;
    auto done = exchange(message.get(), what, on_reply, interrupted);
    if (!interrupted || !done) return done;
  }
  return failWith(EINTR, std::string(what) + ": the kernel's list changed faster than it could be read");
}

}  // namespace holdfast::kernel
