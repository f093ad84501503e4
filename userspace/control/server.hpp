// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/nlohmann.hpp"
#include "base/result.hpp"
#include "control/message.hpp"
#include "control/peer.hpp"

namespace holdfast::control {

/// Answers at once, on the thread that calls dispatch().
using Handler = std::function<Result<nlohmann::json>(const Request&, const Peer&)>;

/// What is new for one follower, at most about 100 values; empty if nothing. An error ends the stream.
using Source = std::function<Result<std::vector<nlohmann::json>>()>;

/// Begins what is answered when it is done: its Source gives one value, or an error, which is the answer.
using LaterHandler = std::function<Result<Source>(const Request&, const Peer&)>;

/// Begins a stream. The Source lives until the follower is gone.
using StreamHandler = std::function<Result<Source>(const Request&, const Peer&)>;

struct ServerOptions {
  std::optional<gid_t> readers;                      // this group may read; without it root only
  std::size_t clients_max = 64;                      // a quarter of these places is kept for root
  std::chrono::milliseconds request_timeout{10000};  // for a whole request to arrive, and a reply to be taken
  std::chrono::milliseconds linger{5000};            // for a last message to be taken
  /// A reason to refuse this peer whoever it is (a member of a container), empty for none.
  std::function<std::string(const Peer&)> refuse;
};

/// The daemon's end of the control socket. Never waits; all methods on one thread.
class Server {
 public:
  /// Makes the socket (root:readers, 0660; 0600 without readers) in an existing directory; replaces what a dead
  /// daemon left, and refuses to take the place of a living one. Removes it in the end.
  [[nodiscard]] static Result<Server> listen(const std::filesystem::path& path, ServerOptions options);

  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  enum class Access { Read, Write };
  void handle(const std::string& request, Access access, Handler handler);
  /// For what takes long: done elsewhere, and answered by pump(). Other requests of the same client wait for it.
  void handleLater(const std::string& request, Access access, LaterHandler handler);
  void stream(const std::string& request, Access access, StreamHandler handler);

  /// Readable when dispatch() has something to do; it includes the time-outs.
  [[nodiscard]] int fd() const;
  void dispatch();
  /// Asks the sources of all followers who have taken everything so far. Call it when there may be something new.
  void pump();

  [[nodiscard]] std::size_t clients() const;

 private:
  class State;
  explicit Server(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace holdfast::control
