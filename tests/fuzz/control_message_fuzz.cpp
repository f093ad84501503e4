// SPDX-License-Identifier: Apache-2.0
// Any bytes at the control socket, at either end of it: in pieces as the first byte says, cut into messages, each taken
// as request, as reply and as every shape.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.hpp"
#include "control/message.hpp"
#include "control/shapes.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::control;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What was understood is understood again, and fits a message.
template <class Shape>
void tryShape(const nlohmann::json& value) {
  const auto shape = read<Shape>(value);
  if (!shape) return require(!shape.error().message.empty());
  const nlohmann::json again = *shape;
  require(read<Shape>(again).has_value());
  (void)encode(again);
}

void take(const nlohmann::json& message) {
  if (const auto request = parseRequest(message)) {
    require(!request->name.empty() && request->params.is_object());
    require(parseRequest(requestMessage(*request)).has_value());
  } else {
    const auto refusal = replyMessage(tl::unexpected(request.error()));
    require(encode(refusal).has_value() && parseReply(refusal).has_value());
  }
  if (const auto reply = parseReply(message)) (void)encode(replyMessage(reply->result, reply->end));
  tryShape<NameParams>(message);
  tryShape<IdParams>(message);
  tryShape<AlertParams>(message);
  tryShape<SelftestParams>(message);
  tryShape<StatusReport>(message);
  tryShape<ContainerReport>(message);
  tryShape<SelftestReport>(message);
  tryShape<ReloadReport>(message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = data[0] == 0 ? bytes.size() : data[0];
  Decoder decoder;
  while (!bytes.empty()) {
    decoder.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      const auto message = decoder.next();
      if (!message) {
        require(isUtf8(message.error().message));
        return 0;  // the connection is closed
      }
      if (!*message) break;
      take(**message);
      if (const auto params = (*message)->is_object() ? (*message)->find("params") : (*message)->end();
          (*message)->is_object() && params != (*message)->end())
        take(*params);
    }
  }
  return 0;
}
