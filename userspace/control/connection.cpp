// SPDX-License-Identifier: Apache-2.0
#include "control/connection.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace holdfast::control {

using nlohmann::json;

std::uint32_t Connection::interest() const {
  if (!out_.empty()) return EPOLLOUT;
  // It may have said its last word, and still waits for the answer.
  if (once()) return 0;
  // Nothing more is read from a follower; that it goes away is seen by this.
  return following() || closing_ ? EPOLLRDHUP : EPOLLIN;
}

bool Connection::receive() {
  std::array<char, 64 * 1024> bytes{};
  const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got > 0) decoder_.feed({bytes.data(), static_cast<std::size_t>(got)});
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void Connection::send(const json& message, Clock::time_point now) {
  if (closing_ || dead_) return;
  auto encoded = encode(message);
  // The error is short enough to be encoded.
  if (!encoded) encoded = encode(replyMessage(tl::unexpected(encoded.error()), true));
  // For a whole message: taking one byte now and then does not buy time.
  if (out_.empty()) deadline_ = now + request_timeout_;
  out_.push_back(std::move(*encoded));
}

void Connection::sendLast(const json& message, Clock::time_point now) {
  send(message, now);
  close(now);
}

void Connection::close(Clock::time_point now) {
  closing_ = true;
  source_.reset();
  deadline_ = now + linger_;
}

void Connection::flush(Clock::time_point now) {
  while (!dead_ && !out_.empty()) {
    const std::string& front = out_.front();
    const ssize_t took = ::send(fd_.get(), front.data() + sent_, front.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (took < 0) {
      if (errno == EINTR) continue;
      dead_ = dead_ || errno != EAGAIN;
      return;
    }
    sent_ += static_cast<std::size_t>(took);
    if (sent_ < front.size()) continue;
    out_.pop_front();
    sent_ = 0;
    if (following()) deadline_ = now + request_timeout_;
  }
  if (closing_)
    dead_ = true;
  else if (following())
    deadline_.reset();
  else
    deadline_ = now + request_timeout_;
}

void Connection::expire(Clock::time_point now) {
  if (!following() || closing_) {
    dead_ = true;
    return;
  }
  // A message that is half sent has to be finished, the others give way to the last one.
  if (sent_ > 0)
    out_.resize(1);
  else
    out_.clear();
  sendLast(replyMessage(fail("too slow: messages were not taken in time; ask again to go on")), now);
  flush(now);
}

}  // namespace holdfast::control
