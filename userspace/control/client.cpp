// SPDX-License-Identifier: Apache-2.0
#include "control/client.hpp"

#include <sys/time.h>

#include <array>
#include <cerrno>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "control/address.hpp"

namespace holdfast::control {
namespace {

using nlohmann::json;

/// Blocking; a time-out of 0 waits without limit.
class Channel {
 public:
  static Result<Channel> open(const std::filesystem::path& path, std::chrono::milliseconds timeout) {
    const auto address = addressOf(path);
    if (!address) return tl::unexpected(address.error());
    Channel channel(UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    if (!channel.fd_) return tl::unexpected(systemError("no socket can be made", errno));
    channel.limit(SO_SNDTIMEO, std::chrono::seconds(10));  // also of connect()
    channel.limit(SO_RCVTIMEO, timeout);
    if (::connect(channel.fd_.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0)
      return channel;
    if (errno == ENOENT || errno == ECONNREFUSED)
      return tl::unexpected(Error{"holdfastd does not run; see 'systemctl status holdfastd'", path.string()});
    if (errno == EACCES || errno == EPERM)
      return tl::unexpected(Error{"only root and members of the group holdfast may ask holdfastd", path.string()});
    return tl::unexpected(systemError("holdfastd cannot be reached", errno, path));
  }

  Result<void> send(const Request& request) {
    const auto bytes = encode(requestMessage(request));
    if (!bytes) return tl::unexpected(bytes.error());
    for (std::string_view rest = *bytes; !rest.empty();) {
      const ssize_t took = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (took < 0 && errno == EINTR) continue;
      // The daemon may have closed after an answer that says why: read that first.
      if (took < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};
      if (took < 0) return tl::unexpected(systemError("holdfastd does not take the request", errno));
      rest.remove_prefix(static_cast<std::size_t>(took));
    }
    return {};
  }

  Result<Reply> receive() {
    for (;;) {
      auto message = decoder_.next();
      if (!message) return tl::unexpected(message.error());
      if (*message) return parseReply(**message);
      std::array<char, 64 * 1024> bytes{};
      const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return fail("holdfastd does not answer in time");
      if (got < 0) return tl::unexpected(systemError("the connection to holdfastd broke", errno));
      if (got == 0) return fail("holdfastd closed the connection");
      decoder_.feed({bytes.data(), static_cast<std::size_t>(got)});
    }
  }

 private:
  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}

  void limit(int option, std::chrono::milliseconds timeout) const {
    timeval value{};
    value.tv_sec = timeout.count() / 1000;
    value.tv_usec = (timeout.count() % 1000) * 1000;
    ::setsockopt(fd_.get(), SOL_SOCKET, option, &value, sizeof(value));
  }

  UniqueFd fd_;
  Decoder decoder_;
};

Result<Channel> ask(const std::filesystem::path& socket, const Request& request, std::chrono::milliseconds timeout) {
  auto channel = Channel::open(socket, timeout);
  if (!channel) return channel;
  if (auto sent = channel->send(request); !sent) return tl::unexpected(sent.error());
  return channel;
}

}  // namespace

Result<json> call(const std::filesystem::path& socket, const Request& request, std::chrono::milliseconds timeout) {
  auto channel = ask(socket, request, timeout);
  if (!channel) return tl::unexpected(channel.error());
  auto reply = channel->receive();
  if (!reply) return tl::unexpected(reply.error());
  return std::move(reply->result);
}

Result<void> follow(const std::filesystem::path& socket, const Request& request,
                    const std::function<bool(const json&)>& receive) {
  auto channel = ask(socket, request, std::chrono::milliseconds(0));
  if (!channel) return tl::unexpected(channel.error());
  for (;;) {
    auto reply = channel->receive();
    if (!reply) return tl::unexpected(reply.error());
    if (!reply->result) return tl::unexpected(reply->result.error());
    if (reply->end || !receive(*reply->result)) return {};
  }
}

}  // namespace holdfast::control
