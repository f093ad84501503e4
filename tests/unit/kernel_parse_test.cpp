// SPDX-License-Identifier: Apache-2.0
#include <linux/holdfast.h>

#include <catch2/catch.hpp>
#include <random>

#include "kernel/datagram.hpp"
#include "kernel/parse.hpp"
#include "kernel_bytes.hpp"

using namespace holdfast;
using namespace holdfast::kernel;
using holdfast::test::ByteWriter;

namespace {

constexpr std::uint16_t kFamily = 0x1d;

ByteWriter event(std::uint64_t number) {
  ByteWriter writer;
  writer.u64(HOLDFAST_A_EVENT_NUMBER, number)
      .u64(HOLDFAST_A_EVENT_LOAD_ID, 77)
      .u64(HOLDFAST_A_EVENT_TIME_BOOT, 5)
      .u32(HOLDFAST_A_EVENT_KIND, HOLDFAST_EVENT_MPROTECT)
      .u32(HOLDFAST_A_EVENT_VERDICT, HOLDFAST_VERDICT_DENY)
      .u32(HOLDFAST_A_EVENT_ORIGIN, HOLDFAST_ORIGIN_ADDED)
      .u64(HOLDFAST_A_EVENT_COUNT, 3)
      .text(HOLDFAST_A_EVENT_PATH, "/tmp/\x1b[31m\n\"x")
      .nest(HOLDFAST_A_EVENT_ANCESTOR,
            ByteWriter().u32(HOLDFAST_A_ANCESTOR_TGID, 9).text(HOLDFAST_A_ANCESTOR_COMM, "sh"))
      .nest(HOLDFAST_A_EVENT_ANCESTOR,
            ByteWriter().u32(HOLDFAST_A_ANCESTOR_TGID, 1).text(HOLDFAST_A_ANCESTOR_COMM, "init"));
  return writer;
}

ByteWriter query() {
  ByteWriter writer;
  writer.u64(HOLDFAST_A_QUERY_ID, 4)
      .u64(HOLDFAST_A_QUERY_CGROUP_ID, 1234)
      .text(HOLDFAST_A_QUERY_CGROUP_PATH, "/web")
      .u32(HOLDFAST_A_QUERY_TGID, 42)
      .u32(HOLDFAST_A_QUERY_FLAGS, HOLDFAST_QUERY_F_PID1)
      .u32(HOLDFAST_A_QUERY_TIMEOUT_MS, 2000)
      .u32(HOLDFAST_A_QUERY_OWNER, 1000);
  return writer;
}

Batch parsed(Bytes bytes) {
  Batch batch;
  parseDatagram(bytes, kFamily, batch);
  return batch;
}

}  // namespace

TEST_CASE("a message with two events gives both, in order") {
  const auto bytes = ByteWriter()
                         .nest(HOLDFAST_A_EVENT, event(1))
                         .nest(HOLDFAST_A_EVENT, event(2))
                         .message(kFamily, HOLDFAST_CMD_EVENT);
  const auto batch = parsed(bytes.bytes());
  REQUIRE(batch.damage.empty());
  REQUIRE(batch.messages.size() == 1);
  const auto& events = std::get<Events>(batch.messages[0]).events;
  REQUIRE(events.size() == 2);
  CHECK(events[0].number == 1);
  CHECK(events[1].number == 2);
  CHECK(events[0].kind == EventKind::Mprotect);
  CHECK(events[0].verdict == Verdict::Deny);
  CHECK(events[0].origin == Origin::Added);
  CHECK(events[0].count == 3);
  CHECK(events[0].time_boot_last == 5);
  CHECK(events[0].path == "/tmp/\x1b[31m\n\"x");
  REQUIRE(events[0].ancestors.size() == 2);
  CHECK(events[0].ancestors[1].comm == "init");
}

TEST_CASE("an event without number, or that stands for nothing, is refused") {
  const auto none = ByteWriter().u64(HOLDFAST_A_EVENT_NUMBER, 1).u64(HOLDFAST_A_EVENT_COUNT, 0);
  CHECK_FALSE(parseStreamMessage(HOLDFAST_CMD_EVENT, ByteWriter().nest(HOLDFAST_A_EVENT, none).bytes()));
  const auto unnumbered = ByteWriter().u64(HOLDFAST_A_EVENT_COUNT, 1);
  CHECK_FALSE(parseStreamMessage(HOLDFAST_CMD_EVENT, ByteWriter().nest(HOLDFAST_A_EVENT, unnumbered).bytes()));
}

TEST_CASE("values of a wrong width are refused, not widened") {
  const auto narrow = ByteWriter().u32(HOLDFAST_A_EVENT_NUMBER, 1);
  CHECK_FALSE(parseStreamMessage(HOLDFAST_CMD_EVENT, ByteWriter().nest(HOLDFAST_A_EVENT, narrow).bytes()));
  auto wide = query();
  wide.u64(HOLDFAST_A_QUERY_PID, 1);
  CHECK_FALSE(parseStreamMessage(HOLDFAST_CMD_QUERY, ByteWriter().nest(HOLDFAST_A_QUERY, wide).bytes()));
}

TEST_CASE("attributes and values of a newer module are overlooked") {
  auto newer = event(8);
  newer.u32(200, 1).u32(HOLDFAST_A_EVENT_KIND, 99);
  auto message = parseStreamMessage(HOLDFAST_CMD_EVENT, ByteWriter().nest(HOLDFAST_A_EVENT, newer).u32(300, 7).bytes());
  REQUIRE(message);
  CHECK(std::string(name(std::get<Events>(*message).events.at(0).kind)) == "unknown");
}

TEST_CASE("a query is read, and two in one message or none of a cgroup are refused") {
  auto one = parseStreamMessage(HOLDFAST_CMD_QUERY, ByteWriter().nest(HOLDFAST_A_QUERY, query()).bytes());
  REQUIRE(one);
  CHECK(std::get<Query>(*one).cgroup_path == "/web");
  CHECK(std::get<Query>(*one).tgid == 42);
  CHECK(std::get<Query>(*one).owner == 1000);
  CHECK_FALSE(parseStreamMessage(HOLDFAST_CMD_QUERY,
                                 ByteWriter().nest(HOLDFAST_A_QUERY, query()).nest(HOLDFAST_A_QUERY, query()).bytes()));
  CHECK_FALSE(parseStreamMessage(
      HOLDFAST_CMD_QUERY, ByteWriter().nest(HOLDFAST_A_QUERY, ByteWriter().u64(HOLDFAST_A_QUERY_ID, 1)).bytes()));
}

TEST_CASE("strings without an end, too long or with an early end") {
  std::vector<char> endless(10, 'a');
  auto ok = event(1);
  ok.raw(HOLDFAST_A_EVENT_COMM, endless.data(), endless.size());
  auto message = parseStreamMessage(HOLDFAST_CMD_EVENT, ByteWriter().nest(HOLDFAST_A_EVENT, ok).bytes());
  REQUIRE(message);
  CHECK(std::get<Events>(*message).events[0].comm == "aaaaaaaaaa");

  auto early = event(1);
  early.raw(HOLDFAST_A_EVENT_COMM, "ab\0cd", 6);
  message = parseStreamMessage(HOLDFAST_CMD_EVENT, ByteWriter().nest(HOLDFAST_A_EVENT, early).bytes());
  REQUIRE(message);
  CHECK(std::get<Events>(*message).events[0].comm == "ab");

  auto huge = event(1);
  huge.text(HOLDFAST_A_EVENT_PATH, std::string(5000, '/'));
  CHECK_FALSE(parseStreamMessage(HOLDFAST_CMD_EVENT, ByteWriter().nest(HOLDFAST_A_EVENT, huge).bytes()));
}

TEST_CASE("more ancestors than there can be are refused") {
  auto many = event(1);
  for (int i = 0; i < 9; ++i) many.nest(HOLDFAST_A_EVENT_ANCESTOR, ByteWriter().u32(HOLDFAST_A_ANCESTOR_TGID, 1));
  CHECK_FALSE(parseStreamMessage(HOLDFAST_CMD_EVENT, ByteWriter().nest(HOLDFAST_A_EVENT, many).bytes()));
}

TEST_CASE("hello needs its parts") {
  const auto status = ByteWriter().u32(HOLDFAST_A_STATUS_FLAGS, 3).u64(HOLDFAST_A_STATUS_EVENTS_SEEN, 9);
  auto whole = ByteWriter()
                   .u32(HOLDFAST_A_ABI_VERSION, 1)
                   .text(HOLDFAST_A_BOOT_ID, "0f6d6fa1-8745-4381-a2ea-c46ccb48234b")
                   .u64(HOLDFAST_A_LOAD_ID, 12)
                   .nest(HOLDFAST_A_STATUS, status);
  const auto hello = parseHello(whole.bytes());
  REQUIRE(hello);
  CHECK(hello->load_id == 12);
  CHECK(hello->status.has(kStatusAttached | kStatusOverlay));
  CHECK(hello->status.events_seen == 9);
  CHECK_FALSE(parseHello(ByteWriter().u32(HOLDFAST_A_ABI_VERSION, 1).bytes()));
  CHECK_FALSE(parseStatus(ByteWriter().bytes()));
}

TEST_CASE("dumps: hooks, containers, members, profiles, patterns") {
  const auto hooks = parseHooks(
      ByteWriter()
          .nest(HOLDFAST_A_HOOK,
                ByteWriter().text(HOLDFAST_A_HOOK_SYMBOL, "security_bprm_check").u32(HOLDFAST_A_HOOK_FLAGS, 3))
          .bytes());
  REQUIRE(hooks);
  CHECK(hooks->at(0).symbol == "security_bprm_check");

  const auto rule = ByteWriter()
                        .u32(HOLDFAST_A_RULE_TAG, 5)
                        .u32(HOLDFAST_A_RULE_TYPE, 1)
                        .u32(HOLDFAST_A_RULE_ACTION, 2)
                        .u64(HOLDFAST_A_RULE_ID, 9)
                        .u32(HOLDFAST_A_RULE_ON_RUNNING, 1)
                        .text(HOLDFAST_A_RULE_DIRECTORY, "/opt")
                        .text(HOLDFAST_A_RULE_DIRECTORY, "/srv");
  const auto more = [](std::uint32_t id, std::uint32_t index) {
    return ByteWriter().nest(HOLDFAST_A_PROFILE, ByteWriter()
                                                     .u32(HOLDFAST_A_PROFILE_ID, id)
                                                     .u32(HOLDFAST_A_PROFILE_MORE, index)
                                                     .text(HOLDFAST_A_PROFILE_DIRECTORY, "/usr"));
  };
  std::vector<PolicyProfile> profiles;
  REQUIRE(parseProfiles(
      ByteWriter()
          .nest(HOLDFAST_A_PROFILE, ByteWriter().u32(HOLDFAST_A_PROFILE_ID, 3).nest(HOLDFAST_A_PROFILE_RULE, rule))
          .bytes(),
      profiles));
  REQUIRE(parseProfiles(more(3, 0).bytes(), profiles));
  CHECK(profiles == std::vector{PolicyProfile{3,
                                              {{.tag = 5,
                                                .action = Verdict::Deny,
                                                .on_running = Verdict::Alert,
                                                .id = 9,
                                                .directories = {"/opt", "/srv", "/usr"}}}}});
  CHECK_FALSE(parseProfiles(more(4, 0).bytes(), profiles));
  CHECK_FALSE(parseProfiles(more(3, 1).bytes(), profiles));

  CHECK(parsePatterns(
            ByteWriter().nest(HOLDFAST_A_PATTERN, ByteWriter().text(HOLDFAST_A_PATTERN_PARENT, "docker")).bytes())
            ->at(0)
            .parent == "docker");
  CHECK(parseMembers(ByteWriter().nest(HOLDFAST_A_MEMBER, ByteWriter().u32(HOLDFAST_A_MEMBER_TGID, 8)).bytes())
            ->at(0)
            .tgid == 8);
  CHECK(parseContainers(
            ByteWriter().nest(HOLDFAST_A_CONTAINER, ByteWriter().u64(HOLDFAST_A_CONTAINER_OVERFLOW, 8)).bytes())
            ->at(0)
            .overflow == 8);
}

TEST_CASE("datagrams: several messages, other families, refusals, wrong lengths") {
  auto bytes = ByteWriter().nest(HOLDFAST_A_QUERY, query()).message(kFamily, HOLDFAST_CMD_QUERY);
  const auto other = ByteWriter().message(kFamily + 1, HOLDFAST_CMD_QUERY);
  const auto unknown = ByteWriter().message(kFamily, 250);
  auto& data = bytes.data();
  for (const auto* more : {&other, &unknown}) data.insert(data.end(), more->bytes().begin(), more->bytes().end());
  auto batch = parsed(bytes.bytes());
  CHECK(batch.messages.size() == 1);
  CHECK(batch.damage.size() == 1);

  data.resize(data.size() - 1);
  CHECK(parsed(bytes.bytes()).damage.size() == 1);
  data.resize(7);
  CHECK(parsed(bytes.bytes()).damage.size() == 1);
  CHECK(parsed({}).damage.empty());
}

TEST_CASE("a message cannot claim to be longer than what came") {
  for (const std::uint32_t length : {0U, 15U, 17U, 0x7fffffffU, 0x80000000U, 0xfffffffdU, 0xffffffffU}) {
    auto bytes = ByteWriter().message(kFamily + 1, 1);
    std::memcpy(bytes.data().data(), &length, sizeof length);
    bytes.data().resize(16);
    INFO(length);
    CHECK(parsed(bytes.bytes()).damage.size() == 1);
  }
}

TEST_CASE("no damage done to a message makes the parser stumble") {
  auto bytes = ByteWriter()
                   .nest(HOLDFAST_A_EVENT, event(1))
                   .nest(HOLDFAST_A_EVENT, event(2))
                   .message(kFamily, HOLDFAST_CMD_EVENT);
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    auto broken = bytes;
    for (int i = 0; i < 3; ++i) broken.data()[random() % broken.data().size()] = static_cast<std::byte>(random());
    broken.data().resize(1 + random() % broken.data().size());
    (void)parsed(broken.bytes());
  }
  SUCCEED();
}

TEST_CASE("acknowledgements: text of the extended one, with and without the request in it") {
  const auto ack = [](int error, int flags, std::uint32_t request_length, std::size_t payload, const char* text) {
    std::vector<std::byte> bytes(NLMSG_HDRLEN + sizeof(nlmsgerr) + payload);
    nlmsgerr body{};
    body.error = error;
    body.msg.nlmsg_len = request_length;
    std::memcpy(bytes.data() + NLMSG_HDRLEN, &body, sizeof body);
    if (text != nullptr) {
      const auto attributes = ByteWriter().u32(NLMSGERR_ATTR_OFFS, 4).text(NLMSGERR_ATTR_MSG, text);
      bytes.insert(bytes.end(), attributes.bytes().begin(), attributes.bytes().end());
    }
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(bytes.size());
    header.nlmsg_type = NLMSG_ERROR;
    header.nlmsg_flags = static_cast<std::uint16_t>(flags);
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
  };
  const auto capped = parseAck(ack(-116, NLM_F_CAPPED | NLM_F_ACK_TLVS, 500, 0, "generation is not in force"));
  REQUIRE(capped);
  CHECK(capped->error == 116);
  CHECK(capped->text == "generation is not in force");
  CHECK(parseAck(ack(-1, NLM_F_ACK_TLVS, NLMSG_HDRLEN + 8, 8, "no"))->text == "no");
  CHECK(parseAck(ack(0, 0, 0, 0, nullptr))->error == 0);
  // A length that points behind the end, and one that is shorter than a header.
  CHECK(parseAck(ack(-1, NLM_F_ACK_TLVS, 0xfffffff0U, 0, "no"))->text.empty());
  CHECK(parseAck(ack(-1, NLM_F_ACK_TLVS, 3, 0, "no"))->text.empty());
  CHECK_FALSE(parseAck(ack(5, 0, 0, 0, nullptr)));
  CHECK_FALSE(parseAck(Bytes(ack(0, 0, 0, 0, nullptr)).first(20)));
}
