// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "control/message.hpp"
#include "control/peer.hpp"
#include "control/server.hpp"

namespace holdfast::control {

using Clock = std::chrono::steady_clock;

/// One client of the server: bytes in, bytes out, and how long that may take. Knows nothing of requests.
class Connection {
 public:
  Connection(UniqueFd fd, Peer peer, const ServerOptions& options, Clock::time_point now)
      : fd_(std::move(fd)), peer_(peer), request_timeout_(options.request_timeout), linger_(options.linger) {
    deadline_ = now + request_timeout_;
  }

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] bool dead() const { return dead_; }
  [[nodiscard]] bool following() const { return source_.has_value(); }
  /// Has taken everything and may ask, or be told, something.
  [[nodiscard]] bool idle() const { return !dead_ && !closing_ && out_.empty(); }
  [[nodiscard]] std::optional<Clock::time_point> deadline() const { return deadline_; }
  /// What epoll is to watch.
  [[nodiscard]] std::uint32_t interest() const;

  void drop() { dead_ = true; }

  /// Reads once; false if the other end has closed or broken.
  bool receive();
  [[nodiscard]] Result<std::optional<nlohmann::json>> nextMessage() { return decoder_.next(); }

  void send(const nlohmann::json& message, Clock::time_point now);
  /// As send(), and nothing after it.
  void sendLast(const nlohmann::json& message, Clock::time_point now);
  /// Writes what the other end takes.
  void flush(Clock::time_point now);

  void follow(Source source, bool once) {
    source_ = std::move(source);
    once_ = once;
  }
  void unfollow() { source_.reset(); }
  /// Follows for one value only.
  [[nodiscard]] bool once() const { return once_ && following(); }
  [[nodiscard]] Source& source() { return *source_; }

  /// What is to be done when the deadline has passed: a follower hears why, others are dropped.
  void expire(Clock::time_point now);

 private:
  void close(Clock::time_point now);

  UniqueFd fd_;
  Peer peer_;
  std::chrono::milliseconds request_timeout_;
  std::chrono::milliseconds linger_;
  Decoder decoder_;
  std::deque<std::string> out_;  // encoded messages
  std::size_t sent_ = 0;         // bytes of the first one
  std::optional<Source> source_;
  bool once_ = false;
  std::optional<Clock::time_point> deadline_;
  bool closing_ = false;
  bool dead_ = false;
};

}  // namespace holdfast::control
