// SPDX-License-Identifier: Apache-2.0
#include "control/message.hpp"

#include "base/json.hpp"

namespace holdfast::control {
namespace {

using nlohmann::json;

constexpr std::size_t kPrefixBytes = 4;

/// Discards what is nested too deep, and says so.
Result<json> parseBounded(std::string_view text) {
  bool too_deep = false;
  const auto limit = [&too_deep](int depth, json::parse_event_t, const json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  json value = json::parse(text, limit, /*allow_exceptions=*/false);
  if (too_deep) return fail("message is nested too deep");
  if (value.is_discarded()) return fail("message is not JSON");
  return value;
}

std::string textOr(const json& object, const char* key, std::string otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::move(otherwise);
}

int intOr(const json& object, const char* key, int otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : otherwise;
}

Result<void> checkVersion(const json& message) {
  if (!message.is_object()) return fail("message is not an object");
  const auto version = message.find("version");
  if (version == message.end() || !version->is_number_integer()) return fail("message has no protocol version");
  if (*version != kProtocolVersion)
    return fail("protocol version " + version->dump() + " is not spoken here, only " +
                std::to_string(kProtocolVersion) + "; holdfastctl and holdfastd are of different releases");
  return {};
}

}  // namespace

Result<std::string> encode(const json& value) {
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kMessageBytesMax) return fail("answer is larger than one message can be; ask for less");
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string out;
  out.reserve(kPrefixBytes + text.size());
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((size >> shift) & 0xffU);
  return out += text;
}

Result<std::optional<json>> Decoder::next() {
  if (buffer_.size() < kPrefixBytes) return std::nullopt;
  std::uint32_t size = 0;
  for (unsigned i = 0; i < kPrefixBytes; ++i)
    size |= static_cast<std::uint32_t>(static_cast<unsigned char>(buffer_[i])) << (8 * i);
  if (size == 0 || size > kMessageBytesMax)
    return fail("message of " + std::to_string(size) + " bytes; 1 to " + std::to_string(kMessageBytesMax) +
                " are taken");
  if (buffer_.size() - kPrefixBytes < size) return std::nullopt;
  auto value = parseBounded(std::string_view(buffer_).substr(kPrefixBytes, size));
  if (!value) return tl::unexpected(value.error());
  buffer_.erase(0, kPrefixBytes + size);
  return std::optional<json>(std::move(*value));
}

json requestMessage(const Request& request) {
  return {{"version", kProtocolVersion}, {"request", request.name}, {"params", request.params}};
}

Result<Request> parseRequest(const json& message) {
  if (auto checked = checkVersion(message); !checked) return tl::unexpected(checked.error());
  Request request{textOr(message, "request", ""), json::object()};
  if (request.name.empty()) return fail("message names no request");
  if (const auto params = message.find("params"); params != message.end()) {
    if (!params->is_object()) return fail("params is not an object");
    request.params = *params;
  }
  return request;
}

json replyMessage(const Result<json>& result, bool end) {
  json message = {{"version", kProtocolVersion}, {"ok", result.has_value()}, {"end", end}};
  if (result)
    message["result"] = *result;
  else
    message["error"] = {{"message", safeUtf8(result.error().message)},
                        {"file", safeUtf8(result.error().file)},
                        {"line", result.error().line},
                        {"column", result.error().column}};
  return message;
}

Result<Reply> parseReply(const json& message) {
  if (auto checked = checkVersion(message); !checked) return tl::unexpected(checked.error());
  const auto ok = message.find("ok");
  if (ok == message.end() || !ok->is_boolean()) return fail("reply does not say whether it is one");
  const auto end = message.find("end");
  const bool last = end == message.end() || !end->is_boolean() || end->get<bool>();
  if (*ok) {
    const auto result = message.find("result");
    return Reply{result == message.end() ? json(nullptr) : *result, last};
  }
  const auto error = message.find("error");
  if (error == message.end() || !error->is_object()) return fail("reply refuses without a reason");
  return Reply{tl::unexpected(Error{textOr(*error, "message", "refused without a reason"), textOr(*error, "file", ""),
                                    intOr(*error, "line", 0), intOr(*error, "column", 0)}),
               last};
}

}  // namespace holdfast::control
