// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "control/message.hpp"
#include "control/shapes.hpp"

using namespace holdfast;
using namespace holdfast::control;
using nlohmann::json;

namespace {

std::string framed(const std::string& text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string out;
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((size >> shift) & 0xffU);
  return out + text;
}

Result<std::optional<json>> decode(const std::string& bytes) {
  Decoder decoder;
  decoder.feed(bytes);
  return decoder.next();
}

}  // namespace

TEST_CASE("messages arrive whole, however they are cut") {
  const std::string bytes = *encode(requestMessage({"status", {{"a", 1}}})) + *encode(requestMessage({"reload"}));
  Decoder decoder;
  std::vector<std::string> names;
  for (const char byte : bytes) {
    decoder.feed({&byte, 1});
    const auto message = decoder.next();
    REQUIRE(message);
    if (*message) names.push_back(parseRequest(**message)->name);
  }
  CHECK(names == std::vector<std::string>{"status", "reload"});
  CHECK_FALSE(decoder.partial());
}

TEST_CASE("what is not the protocol is refused") {
  CHECK_FALSE(decode(std::string(4, '\0')));
  CHECK_FALSE(decode("\xff\xff\xff\xff"));
  CHECK_FALSE(decode(std::string("\x01\x00\x10\x00", 4)));  // one more than 1 MiB
  CHECK_FALSE(decode("GET / HTTP/1.1\r\n\r\n"));
  CHECK_FALSE(decode(framed("{")));
  CHECK_FALSE(decode(framed("{} {}")));
  CHECK_FALSE(decode(framed("\"\xff\"")));
  CHECK_FALSE(decode(framed("NaN")));
  CHECK(*decode(framed("{}")));
  CHECK_FALSE(*decode(std::string(3, '\0')));
}

TEST_CASE("deep nesting neither recurses nor passes") {
  CHECK_FALSE(decode(framed(std::string(1000000, '['))));
  CHECK_FALSE(decode(framed(std::string(100, '[') + std::string(100, ']'))));
  std::string objects;
  for (int i = 0; i < 100; ++i) objects += "{\"a\":";
  CHECK_FALSE(decode(framed(objects + "1" + std::string(100, '}'))));
  CHECK(*decode(framed(std::string(20, '[') + std::string(20, ']'))));
}

TEST_CASE("requests are checked") {
  CHECK(parseRequest({{"version", 1}, {"request", "status"}}));
  CHECK_FALSE(parseRequest({{"version", 2}, {"request", "status"}}));
  CHECK_FALSE(parseRequest({{"version", "1"}, {"request", "status"}}));
  CHECK_FALSE(parseRequest({{"request", "status"}}));
  CHECK_FALSE(parseRequest({{"version", 1}}));
  CHECK_FALSE(parseRequest({{"version", 1}, {"request", 5}}));
  CHECK_FALSE(parseRequest({{"version", 1}, {"request", "status"}, {"params", {1}}}));
  CHECK_FALSE(parseRequest(json::array()));
  CHECK_FALSE(parseRequest(nullptr));
}

TEST_CASE("errors keep their place on the way") {
  const auto reply = parseReply(replyMessage(tl::unexpected(Error{"bad\nkey", "/etc/x.yaml", 3, 7})));
  REQUIRE(reply);
  REQUIRE_FALSE(reply->result);
  CHECK(reply->end);
  CHECK(reply->result.error().message == "bad\\x0akey");
  CHECK(reply->result.error().line == 3);
  CHECK(reply->result.error().column == 7);
  CHECK_FALSE(parseReply(replyMessage(json(1), false))->end);
  CHECK_FALSE(parseReply({{"version", 1}, {"ok", false}}));
  CHECK_FALSE(parseReply({{"version", 1}}));
}

TEST_CASE("an answer that is too large is an error, hostile bytes are not") {
  CHECK_FALSE(encode(std::string(kMessageBytesMax, 'x')));
  CHECK(encode(std::string("\xff\xfe")));
}

TEST_CASE("shapes survive, forgive missing keys, and name wrong ones") {
  StatusReport report;
  report.interceptable = "Normal";
  report.hooks.push_back({"security_bprm_check", true, true, false, UINT64_MAX});
  report.controller.rule_set.errors.push_back({"m", "f", 1, 2});
  const json value = report;
  CHECK(value["hooks"][0]["hits"] == UINT64_MAX);
  const auto back = read<StatusReport>(value);
  REQUIRE(back);
  CHECK(json(*back) == value);
  CHECK(read<StatusReport>(json::object())->interceptable == "Abnormal");
  CHECK_FALSE(read<StatusReport>({{"hooks", 5}}));
  CHECK_FALSE(read<SelftestParams>({{"cgroup_id", "x"}}));
  CHECK_FALSE(read<SelftestParams>(json::array()));
}
