// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/nlohmann.hpp"
#include "base/result.hpp"

namespace holdfast::control {

inline constexpr int kProtocolVersion = 1;
inline constexpr std::size_t kMessageBytesMax = 1024UL * 1024;
/// A list is cut into pages of this size, which fit a message whatever goes around them.
inline constexpr std::size_t kPageBytesMax = kMessageBytesMax * 3 / 4;
inline constexpr int kDepthMax = 32;  // of nested arrays and objects
inline constexpr const char* kDefaultSocket = "/run/holdfast/holdfastd.sock";

/// Length prefix and JSON text. A value too large for one message is an error.
[[nodiscard]] Result<std::string> encode(const nlohmann::json& value);

/// Collects bytes of one direction of a connection and cuts them into messages.
class Decoder {
 public:
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next whole message, nothing if it has not all arrived, an error if this is not the protocol (then the
  /// connection is beyond help).
  [[nodiscard]] Result<std::optional<nlohmann::json>> next();
  /// Whether part of a message is waiting for the rest.
  [[nodiscard]] bool partial() const { return !buffer_.empty(); }

 private:
  std::string buffer_;
};

struct Request {
  std::string name;
  nlohmann::json params = nlohmann::json::object();
};

[[nodiscard]] nlohmann::json requestMessage(const Request& request);
[[nodiscard]] Result<Request> parseRequest(const nlohmann::json& message);

/// `end` is false in all but the last message of a stream.
[[nodiscard]] nlohmann::json replyMessage(const Result<nlohmann::json>& result, bool end = true);

struct Reply {
  Result<nlohmann::json> result;
  bool end = true;
};
[[nodiscard]] Result<Reply> parseReply(const nlohmann::json& message);

}  // namespace holdfast::control
