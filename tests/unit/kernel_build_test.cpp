// SPDX-License-Identifier: Apache-2.0
#include <linux/holdfast.h>
#include <netlink/genl/genl.h>
#include <sys/socket.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>

#include "base/fd.hpp"
#include "kernel/build.hpp"
#include "kernel/overlay_calibration.hpp"
#include "kernel/parse.hpp"

using namespace holdfast;
using namespace holdfast::kernel;

namespace {

constexpr std::uint16_t kFamily = 0x1d;

/// Checks the headers and returns a copy of the attributes.
std::vector<std::byte> attributes(const Message& message, std::uint8_t command) {
  REQUIRE(message.complete());
  nlmsghdr* header = nlmsg_hdr(message.get());
  CHECK(header->nlmsg_type == kFamily);
  CHECK((header->nlmsg_flags & NLM_F_REQUEST) != 0);
  CHECK(message.size() <= kMessageMax);
  const genlmsghdr* generic = genlmsg_hdr(header);
  CHECK(generic->cmd == command);
  CHECK(generic->version == 1);
  CHECK(generic->reserved == 0);
  const auto* begin = reinterpret_cast<const std::byte*>(genlmsg_attrdata(generic, 0));
  return {begin, begin + genlmsg_attrlen(generic, 0)};
}

/// The raw type of the first attribute, flags included.
std::uint16_t rawType(Bytes bytes) {
  nlattr header{};
  REQUIRE(bytes.size() >= sizeof header);
  std::memcpy(&header, bytes.data(), sizeof header);
  return header.nla_type;
}

PolicyProfile profile(std::uint32_t id, std::size_t directories, std::size_t length) {
  PolicyRule rule{.tag = id, .action = Verdict::Deny, .on_running = Verdict::Alert, .id = 0xFEDCBA9876543210U - id};
  for (std::size_t i = 0; i < directories; ++i) {
    std::string name = "/" + std::to_string(i) + "-";
    rule.directories.push_back(name + std::string(length - name.size(), 'd'));
  }
  return {id, {rule}};
}

}  // namespace

TEST_CASE("a policy is cut into messages and is the same when put together") {
  Policy policy{.generation = 7, .default_profile = 1, .query_timeout_ms = 2000};
  for (std::uint32_t id = 1; id <= 40; ++id) policy.profiles.push_back(profile(id, 30, 100));
  policy.profiles.push_back(profile(41, HOLDFAST_DIRECTORIES_MAX, 40));
  policy.profiles.push_back(profile(42, 40, 4000));
  policy.profiles.back().rules.push_back(policy.profiles.front().rules.front());
  for (std::uint64_t id = 0; id < 5000; ++id) policy.bindings.push_back({0x100000000ULL + id, 1});
  policy.patterns = {{"docker-", ".scope", ""}, {"", "", "docker"}};
  policy.runtime_programs = {"/usr/bin/docker-init"};
  policy.digest_sets = {
      {.id = 1, .digests = std::make_shared<const std::vector<holdfast::Sha256>>(2000)},
      {.id = 2, .digests = std::make_shared<const std::vector<holdfast::Sha256>>(1), .in_force = true}};
  policy.profiles[0].rules[0].digest_set = 1;
  policy.profiles[1].rules.push_back(
      {.tag = 9, .type = PolicyRuleType::ContainerEscape, .action = Verdict::Deny, .checks = {1, 2, 0x80}});

  const auto parts = buildParts(kFamily, policy);
  REQUIRE(parts);
  CHECK(parts->size() > 5);
  std::vector<PolicyProfile> profiles;
  std::vector<Pattern> patterns;
  std::size_t bindings = 0;
  std::size_t runtime_programs = 0;
  std::size_t digest_bytes = 0;
  for (const auto& part : *parts) {
    const auto bytes = attributes(part, HOLDFAST_CMD_POLICY_PART);
    REQUIRE(parseProfiles(bytes, profiles));
    const auto some_patterns = parsePatterns(bytes);
    REQUIRE(some_patterns);
    patterns.insert(patterns.end(), some_patterns->begin(), some_patterns->end());
    AttributeReader reader(bytes);
    Attribute attribute;
    while (reader.next(attribute)) {
      bindings += attribute.type == HOLDFAST_A_BINDING;
      runtime_programs += attribute.type == HOLDFAST_A_RUNTIME_PROGRAM;
      if (attribute.type == HOLDFAST_A_DIGESTS) digest_bytes += attribute.payload.size() - 8;
    }
    CHECK((rawType(bytes) & NLA_F_NESTED) != 0);
  }
  CHECK(profiles == policy.profiles);
  CHECK(patterns == policy.patterns);
  CHECK(bindings == policy.bindings.size());
  CHECK(runtime_programs == 1);
  // a header for each of three parts; of the set that is in force not even that
  CHECK(digest_bytes == 2000 * 32 + 3 * 4);
}

TEST_CASE("a profile is in one message, unless its directories need more") {
  Policy policy{.generation = 1, .default_profile = 1};
  policy.profiles = {profile(1, 1, 10), profile(2, 7, 4000), profile(3, 7, 4000)};
  auto parts = buildParts(kFamily, policy);
  REQUIRE(parts);
  CHECK(parts->size() == 2);

  policy.profiles = {profile(1, 8, 4000)};
  parts = buildParts(kFamily, policy);
  REQUIRE(parts);
  CHECK(parts->size() == 2);
}

TEST_CASE("what the interface does not take is refused before anything is sent") {
  Policy policy{.generation = 1, .default_profile = 1};
  const auto refused = [&](const PolicyProfile& one) {
    policy.profiles = {one};
    return !buildParts(kFamily, policy);
  };
  CHECK(refused({0, {}}));
  CHECK(refused({1, std::vector<PolicyRule>(65)}));
  CHECK(refused({1, {{.tag = 1, .on_running = Verdict::Alert}}}));
  CHECK(refused({1, {{.tag = 1, .directories = {"relative"}}}}));
  CHECK(refused({1, {{.tag = 1, .directories = {""}}}}));
  CHECK(refused({1, {{.tag = 1, .directories = {std::string("/a\0b", 4)}}}}));
  CHECK(refused({1, {{.tag = 1, .directories = {"/" + std::string(4095, 'a')}}}}));
  CHECK(refused({1, {{.tag = 1, .directories = std::vector<std::string>(HOLDFAST_DIRECTORIES_MAX + 1, "/a")}}}));
  policy.profiles.clear();
  policy.patterns = {{"", ".scope", ""}};
  CHECK_FALSE(buildParts(kFamily, policy));
  policy.patterns = {{std::string(65, 'a'), "", ""}};
  CHECK_FALSE(buildParts(kFamily, policy));
}

TEST_CASE("single requests have the attributes that the module demands") {
  const auto set =
      attributes(buildContainerSet(kFamily, {.cgroup_id = 5, .name = "web", .profile_id = 2, .generation = 3}),
                 HOLDFAST_CMD_CONTAINER_SET);
  const auto containers = parseContainers(set);
  REQUIRE(containers);
  CHECK(containers->at(0).cgroup_id == 5);
  CHECK(containers->at(0).name == "web");
  CHECK(containers->at(0).generation == 3);
  CHECK(rawType(set) == (HOLDFAST_A_CONTAINER | NLA_F_NESTED));

  const auto adopt = attributes(buildAdopt(kFamily, {.tgid = 9, .start_time = 11, .cgroup_id = 5}), HOLDFAST_CMD_ADOPT);
  CHECK(parseMembers(adopt)->at(0).start_time == 11);
  const ContainerInfo info{.cgroup_id = 5, .name = "web"};
  ContainerInfo owned = info;
  owned.owner = 1000;
  CHECK(attributes(buildContainerSet(kFamily, owned), HOLDFAST_CMD_CONTAINER_SET).size() ==
        attributes(buildContainerSet(kFamily, info), HOLDFAST_CMD_CONTAINER_SET).size() + 8);

  CHECK(attributes(buildAck(kFamily, 3), HOLDFAST_CMD_EVENT_ACK).size() == 12);
  CHECK(attributes(buildHello(kFamily), HOLDFAST_CMD_HELLO).size() == 8);
  CHECK(attributes(buildBegin(kFamily, {.generation = 1, .default_profile = 1}), HOLDFAST_CMD_POLICY_BEGIN).size() ==
        16);
  CHECK(attributes(buildBegin(kFamily, {.generation = 1, .default_profile = 1, .query_timeout_ms = 9}),
                   HOLDFAST_CMD_POLICY_BEGIN)
            .size() == 24);
  const Probe probes[] = {{3, Expect::Lower}, {4, Expect::Upper}};
  CHECK(attributes(buildCalibrate(kFamily, probes), HOLDFAST_CMD_CALIBRATE).size() == 40);
}

TEST_CASE("an answer carries a container only if it says so") {
  Answer answer{.query_id = 1, .kind = AnswerKind::Setup, .name = "x", .profile_id = 1, .generation = 1};
  CHECK(attributes(buildAnswer(kFamily, answer), HOLDFAST_CMD_QUERY_ANSWER).size() == 24);
  answer.kind = AnswerKind::Container;
  CHECK(attributes(buildAnswer(kFamily, answer), HOLDFAST_CMD_QUERY_ANSWER).size() > 40);
}

TEST_CASE("names are cut to what the kernel takes") {
  CHECK(kernelName("") == "-");
  CHECK(kernelName(std::string(300, 'n')).size() == 128);
  CHECK(kernelName(std::string_view("a\0b", 3)) == "a");
}

TEST_CASE("a socket connected to the kernel takes nothing from other processes") {
  // What kernel::Stream relies on, so that nobody can fill its buffer.
  const UniqueFd stream(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC));
  const UniqueFd stranger(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC));
  REQUIRE(stream);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  REQUIRE(::connect(stream.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  socklen_t length = sizeof address;
  REQUIRE(::getsockname(stream.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  nlmsghdr message{};
  message.nlmsg_len = sizeof message;
  CHECK(::sendto(stranger.get(), &message, sizeof message, 0, reinterpret_cast<const sockaddr*>(&address), length) < 0);
}

TEST_CASE("calibration files are of both kinds and leave no mount behind, or the reason is said") {
  const auto files = makeCalibrationFiles();
  if (files) {
    CHECK(files->size() == 6);
    CHECK(std::count_if(files->begin(), files->end(), [](const auto& file) { return file.expect == Expect::Lower; }) ==
          1);
  } else {
    CHECK(files.error().message.find("for calibration") != std::string::npos);
  }
  std::ifstream mounts("/proc/self/mounts");
  std::stringstream text;
  text << mounts.rdbuf();
  CHECK(text.str().find("holdfast /run") == std::string::npos);
}

TEST_CASE("the netlink specification has every enumerator of the header, in its order") {
  std::ifstream file(HOLDFAST_SOURCE_DIR "/kmod/include/uapi/linux/holdfast.h");
  std::stringstream header;
  header << file.rdbuf();
  const std::string text = header.str();
  const YAML::Node spec = YAML::LoadFile(HOLDFAST_SOURCE_DIR "/kmod/include/uapi/holdfast.yaml");

  const auto enumerators = [&text](const std::string& name, const std::string& prefix) {
    std::vector<std::string> names;
    const auto begin = text.find("enum " + name + " {");
    REQUIRE(begin != std::string::npos);
    const auto body = text.substr(begin, text.find("};", begin) - begin);
    const std::regex line("\n\t(HOLDFAST_[A-Z0-9_]+)");
    for (std::sregex_iterator it(body.begin(), body.end(), line), end; it != end; ++it) {
      std::string one = (*it)[1];
      if (one.ends_with("_MAX")) continue;
      one.erase(0, prefix.size());
      for (auto& c : one) c = c == '_' ? '-' : static_cast<char>(std::tolower(c));
      names.push_back(one);
    }
    return names;
  };
  const auto inSpec = [](const YAML::Node& list) {
    std::vector<std::string> names;
    for (const auto& one : list) names.push_back(one["name"].as<std::string>());
    return names;
  };
  const auto dashed = [](std::string name) {
    for (auto& c : name) c = c == '_' ? '-' : c;
    return name;
  };

  std::size_t sets = 0;
  const std::regex enums("enum (holdfast_[a-z_]+) \\{");
  for (std::sregex_iterator it(text.begin(), text.end(), enums), end; it != end; ++it, ++sets) {
    const std::string name = (*it)[1];
    INFO(name);
    bool found = false;
    for (const auto& set : spec["attribute-sets"]) {
      if (set["enum-name"].as<std::string>() != dashed(name)) continue;
      found = true;
      auto expected = enumerators(name, set["name-prefix"].as<std::string>());
      expected.erase(expected.begin());  // UNSPEC is not in the specification
      CHECK(inSpec(set["attributes"]) == expected);
    }
    for (const auto& definition : spec["definitions"]) {
      if ("holdfast-" + definition["name"].as<std::string>() != dashed(name)) continue;
      found = true;
      auto expected = enumerators(name, "");
      const auto prefix = expected.back().rfind(inSpec(definition["entries"]).back());
      for (auto& one : expected) one.erase(0, prefix);
      CHECK(inSpec(definition["entries"]) == expected);
    }
    if (name == "holdfast_cmd") {
      found = true;
      auto expected = enumerators(name, "HOLDFAST_CMD_");
      expected.erase(expected.begin());
      CHECK(inSpec(spec["operations"]["list"]) == expected);
    }
    CHECK(found);
  }
  CHECK(sets == 23);
}
