// SPDX-License-Identifier: Apache-2.0
#include "kernel/build.hpp"

#include <linux/holdfast.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include <algorithm>
#include <new>
#include <string>

namespace holdfast::kernel {

namespace {

constexpr std::size_t kHeader = 20;  // netlink and generic netlink header

constexpr std::size_t padded(std::size_t payload) { return (NLA_HDRLEN + payload + 3) & ~std::size_t{3}; }
std::size_t sizeOf(std::string_view text) { return padded(text.size() + 1); }

std::size_t sizeOf(const PolicyProfile& profile) {
  std::size_t rules = 0;
  for (const auto& rule : profile.rules) {
    std::size_t directories = 0;
    for (const auto& directory : rule.directories) directories += sizeOf(directory);
    rules += padded(5 * padded(4) + padded(8) + padded(sizeof(rule.checks)) + directories);
  }
  return padded(padded(4) + rules);
}

std::size_t sizeOf(const Binding&) { return padded(padded(8) + padded(4)); }

std::size_t sizeOf(const Pattern& pattern) {
  return padded(sizeOf(pattern.prefix) + sizeOf(pattern.suffix) + sizeOf(pattern.parent));
}

/// More directories of a rule of a profile that was sent before.
struct MoreDirectories {
  std::uint32_t profile_id;
  std::uint32_t rule;
  std::span<const std::string> directories;
};

std::size_t sizeOf(const MoreDirectories& more) {
  std::size_t size = 2 * padded(4);
  for (const auto& directory : more.directories) size += sizeOf(directory);
  return padded(size);
}

void add(Message& message, const MoreDirectories& more) {
  message.nest(HOLDFAST_A_PROFILE, [&](Message& inside) {
    inside.put(HOLDFAST_A_PROFILE_ID, more.profile_id);
    inside.put(HOLDFAST_A_PROFILE_MORE, more.rule);
    for (const auto& directory : more.directories) inside.put(HOLDFAST_A_PROFILE_DIRECTORY, directory);
  });
}

/// Each small enough for a message.
std::vector<MoreDirectories> directoriesOf(const PolicyProfile& profile) {
  constexpr std::size_t kMost = kMessageMax / 2;
  std::vector<MoreDirectories> parts;
  for (std::uint32_t rule = 0; rule < profile.rules.size(); ++rule) {
    std::span<const std::string> rest(profile.rules[rule].directories);
    while (!rest.empty()) {
      std::size_t count = 0;
      for (std::size_t size = 0; count < rest.size() && size < kMost; ++count) size += sizeOf(rest[count]);
      parts.push_back({profile.id, rule, rest.first(count)});
      rest = rest.subspan(count);
    }
  }
  return parts;
}

PolicyProfile withoutDirectories(PolicyProfile profile) {
  for (auto& rule : profile.rules) rule.directories.clear();
  return profile;
}

void add(Message& message, const PolicyProfile& profile) {
  message.nest(HOLDFAST_A_PROFILE, [&](Message& in_profile) {
    in_profile.put(HOLDFAST_A_PROFILE_ID, profile.id);
    for (const auto& rule : profile.rules) {
      in_profile.nest(HOLDFAST_A_PROFILE_RULE, [&](Message& in_rule) {
        in_rule.put(HOLDFAST_A_RULE_TAG, rule.tag);
        in_rule.put(HOLDFAST_A_RULE_TYPE, static_cast<std::uint32_t>(rule.type));
        in_rule.put(HOLDFAST_A_RULE_ACTION, static_cast<std::uint32_t>(rule.action));
        if (rule.on_running != Verdict::Allow) {
          in_rule.put(HOLDFAST_A_RULE_ID, rule.id);
          in_rule.put(HOLDFAST_A_RULE_ON_RUNNING, static_cast<std::uint32_t>(rule.on_running));
        }
        for (const auto& directory : rule.directories) in_rule.put(HOLDFAST_A_RULE_DIRECTORY, directory);
        if (rule.digest_set != 0) in_rule.put(HOLDFAST_A_RULE_DIGEST_SET, rule.digest_set);
        if (rule.type == PolicyRuleType::ContainerEscape)
          in_rule.put(HOLDFAST_A_RULE_CHECKS, std::as_bytes(std::span(rule.checks)));
      });
    }
  });
}

void add(Message& message, const Binding& binding) {
  message.nest(HOLDFAST_A_BINDING, [&](Message& inside) {
    inside.put(HOLDFAST_A_BINDING_CGROUP_ID, binding.cgroup_id);
    inside.put(HOLDFAST_A_BINDING_PROFILE_ID, binding.profile_id);
  });
}

void add(Message& message, const Pattern& pattern) {
  message.nest(HOLDFAST_A_PATTERN, [&](Message& inside) {
    if (!pattern.prefix.empty()) inside.put(HOLDFAST_A_PATTERN_PREFIX, pattern.prefix);
    if (!pattern.suffix.empty()) inside.put(HOLDFAST_A_PATTERN_SUFFIX, pattern.suffix);
    if (!pattern.parent.empty()) inside.put(HOLDFAST_A_PATTERN_PARENT, pattern.parent);
  });
}

std::size_t sizeOf(const DigestSet& part) {
  return padded(padded(4) + padded(part.in_force ? 0 : part.digests->size() * sizeof(Sha256)));
}

void add(Message& message, const DigestSet& part) {
  message.nest(HOLDFAST_A_DIGESTS, [&](Message& inside) {
    inside.put(HOLDFAST_A_DIGESTS_SET, part.id);
    if (!part.in_force) inside.put(HOLDFAST_A_DIGESTS_SHA256, std::as_bytes(std::span(*part.digests)));
  });
}

/// Each small enough for a message.
std::vector<DigestSet> split(const std::vector<DigestSet>& sets) {
  constexpr std::size_t kMost = 900;
  std::vector<DigestSet> parts;
  for (const auto& set : sets) {
    if (set.in_force) {
      parts.push_back(set);
      continue;
    }
    for (std::size_t at = 0; at < set.digests->size(); at += kMost) {
      const auto some = std::span(*set.digests).subspan(at, std::min(kMost, set.digests->size() - at));
      parts.push_back({set.id, std::make_shared<const std::vector<Sha256>>(some.begin(), some.end())});
    }
  }
  return parts;
}

void add(Message& message, const std::string& runtime_program) {
  message.put(HOLDFAST_A_RUNTIME_PROGRAM, runtime_program);
}

Result<void> check(const PolicyProfile& profile) {
  if (profile.id == 0) return fail("a profile has the id 0");
  if (profile.rules.size() > HOLDFAST_RULES_MAX) {
    return fail("a container has more than " + std::to_string(HOLDFAST_RULES_MAX) + " rules");
  }
  for (const auto& rule : profile.rules) {
    if (rule.on_running != Verdict::Allow && rule.id == 0) return fail("a rule about what runs has the id 0");
    if (rule.directories.size() > HOLDFAST_DIRECTORIES_MAX) {
      return fail("a rule allows more than " + std::to_string(HOLDFAST_DIRECTORIES_MAX) + " directories");
    }
    for (const auto& directory : rule.directories) {
      if (directory.empty() || directory.front() != '/' || directory.size() > HOLDFAST_PATH_MAX ||
          directory.find('\0') != std::string::npos) {
        return fail("an allowed directory is not an absolute path of at most " + std::to_string(HOLDFAST_PATH_MAX) +
                    " bytes");
      }
    }
  }
  return {};
}

Result<void> check(const Policy& policy) {
  if (policy.profiles.size() > HOLDFAST_PROFILES_MAX) return fail("too many different profiles");
  if (policy.bindings.size() > HOLDFAST_BINDINGS_MAX) return fail("too many containers");
  if (policy.patterns.size() > HOLDFAST_PATTERNS_MAX) return fail("too many cgroup patterns");
  for (const auto& pattern : policy.patterns) {
    if (pattern.prefix.size() > HOLDFAST_PATTERN_MAX || pattern.suffix.size() > HOLDFAST_PATTERN_MAX ||
        pattern.parent.size() > HOLDFAST_PATTERN_MAX || (pattern.prefix.empty() && pattern.parent.empty())) {
      return fail("a cgroup pattern is too long or has neither prefix nor parent");
    }
  }
  std::size_t digests = 0;
  for (const auto& set : policy.digest_sets) digests += set.digests ? set.digests->size() : 0;
  if (digests > HOLDFAST_DIGESTS_MAX) {
    return fail("all rules exempt " + std::to_string(digests) + " programs by their digests, more than the " +
                std::to_string(HOLDFAST_DIGESTS_MAX) + " that the kernel keeps");
  }
  if (policy.runtime_programs.size() > HOLDFAST_RUNTIME_PROGRAMS_MAX) return fail("too many runtime programs");
  for (const auto& profile : policy.profiles) {
    if (auto fine = check(profile); !fine) return fine;
  }
  return {};
}

}  // namespace

Message::Message(std::uint16_t family, std::uint8_t command, std::size_t size) : message_(nlmsg_alloc_size(size)) {
  if (!message_) throw std::bad_alloc();
  complete_ = genlmsg_put(message_.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_REQUEST, command, 1) != nullptr;
}

void Message::put(int type, std::uint32_t value) {
  if (nla_put(message_.get(), type, sizeof value, &value) < 0) complete_ = false;
}

void Message::put(int type, std::uint64_t value) {
  if (nla_put(message_.get(), type, sizeof value, &value) < 0) complete_ = false;
}

void Message::put(int type, std::string_view text) {
  const std::string terminated(text);
  if (nla_put(message_.get(), type, static_cast<int>(terminated.size() + 1), terminated.c_str()) < 0) {
    complete_ = false;
  }
}

void Message::put(int type, std::span<const std::byte> bytes) {
  if (nla_put(message_.get(), type, static_cast<int>(bytes.size()), bytes.data()) < 0) complete_ = false;
}

nlattr* Message::beginNest(int type) {
  nlattr* start = nla_nest_start(message_.get(), NLA_F_NESTED | type);
  if (start == nullptr) complete_ = false;
  return start;
}

void Message::endNest(nlattr* start) {
  if (start == nullptr || nla_nest_end_keep_empty(message_.get(), start) < 0) complete_ = false;
}

std::size_t Message::size() const { return nlmsg_hdr(message_.get())->nlmsg_len; }

std::string kernelName(std::string_view name) {
  name = name.substr(0, name.find('\0')).substr(0, kNameMax);
  return name.empty() ? "-" : std::string(name);
}

Message buildHello(std::uint16_t family) {
  Message message(family, HOLDFAST_CMD_HELLO);
  message.put(HOLDFAST_A_ABI_VERSION, kAbiVersion);
  return message;
}

Message buildBegin(std::uint16_t family, const Policy& policy) {
  Message message(family, HOLDFAST_CMD_POLICY_BEGIN);
  message.put(HOLDFAST_A_POLICY_GENERATION, policy.generation);
  message.put(HOLDFAST_A_POLICY_DEFAULT_PROFILE, policy.default_profile);
  if (policy.query_timeout_ms != 0) message.put(HOLDFAST_A_POLICY_QUERY_TIMEOUT_MS, policy.query_timeout_ms);
  return message;
}

Result<std::vector<Message>> buildParts(std::uint16_t family, const Policy& policy) {
  if (auto fine = check(policy); !fine) return tl::unexpected(fine.error());
  std::vector<Message> parts;
  const auto addAll = [&](const auto& items) {
    for (const auto& item : items) {
      if (parts.empty() || parts.back().size() + sizeOf(item) > kMessageMax) {
        parts.emplace_back(family, HOLDFAST_CMD_POLICY_PART, kMessageMax);
      }
      add(parts.back(), item);
    }
  };
  addAll(split(policy.digest_sets));
  for (const auto& profile : policy.profiles) {
    if (sizeOf(profile) <= kMessageMax - kHeader) {
      addAll(std::span(&profile, 1));
    } else {
      addAll(std::vector{withoutDirectories(profile)});
      addAll(directoriesOf(profile));
    }
  }
  addAll(policy.bindings);
  addAll(policy.patterns);
  addAll(policy.runtime_programs);
  for (const auto& part : parts) {
    if (!part.complete()) return fail("a policy message is too long");
  }
  return parts;
}

Message buildContainerSet(std::uint16_t family, const ContainerInfo& info) {
  Message message(family, HOLDFAST_CMD_CONTAINER_SET);
  message.nest(HOLDFAST_A_CONTAINER, [&](Message& inside) {
    inside.put(HOLDFAST_A_CONTAINER_CGROUP_ID, info.cgroup_id);
    inside.put(HOLDFAST_A_CONTAINER_NAME, kernelName(info.name));
    inside.put(HOLDFAST_A_CONTAINER_PROFILE_ID, info.profile_id);
    inside.put(HOLDFAST_A_CONTAINER_GENERATION, info.generation);
    if (info.flags != 0) inside.put(HOLDFAST_A_CONTAINER_FLAGS, info.flags);
    if (info.owner != 0) inside.put(HOLDFAST_A_CONTAINER_OWNER, info.owner);
  });
  return message;
}

Message buildContainerDel(std::uint16_t family, std::uint64_t cgroup_id) {
  Message message(family, HOLDFAST_CMD_CONTAINER_DEL);
  message.nest(HOLDFAST_A_CONTAINER, [&](Message& inside) { inside.put(HOLDFAST_A_CONTAINER_CGROUP_ID, cgroup_id); });
  return message;
}

Message buildAdopt(std::uint16_t family, const MemberInfo& member) {
  Message message(family, HOLDFAST_CMD_ADOPT);
  message.nest(HOLDFAST_A_MEMBER, [&](Message& inside) {
    inside.put(HOLDFAST_A_MEMBER_TGID, member.tgid);
    inside.put(HOLDFAST_A_MEMBER_START_TIME, member.start_time);
    inside.put(HOLDFAST_A_MEMBER_CGROUP_ID, member.cgroup_id);
  });
  return message;
}

Message buildAnswer(std::uint16_t family, const Answer& answer) {
  Message message(family, HOLDFAST_CMD_QUERY_ANSWER);
  message.nest(HOLDFAST_A_QUERY, [&](Message& inside) {
    inside.put(HOLDFAST_A_QUERY_ID, answer.query_id);
    inside.put(HOLDFAST_A_QUERY_ANSWER, static_cast<std::uint32_t>(answer.kind));
    if (answer.kind != AnswerKind::Container) return;
    inside.nest(HOLDFAST_A_QUERY_CONTAINER, [&](Message& container) {
      container.put(HOLDFAST_A_CONTAINER_NAME, kernelName(answer.name));
      container.put(HOLDFAST_A_CONTAINER_PROFILE_ID, answer.profile_id);
      container.put(HOLDFAST_A_CONTAINER_GENERATION, answer.generation);
    });
  });
  return message;
}

Message buildAck(std::uint16_t family, std::uint64_t number) {
  Message message(family, HOLDFAST_CMD_EVENT_ACK);
  message.put(HOLDFAST_A_ACK_NUMBER, number);
  return message;
}

Message buildCalibrate(std::uint16_t family, std::span<const Probe> probes) {
  Message message(family, HOLDFAST_CMD_CALIBRATE);
  for (const auto& probe : probes) {
    message.nest(HOLDFAST_A_PROBE, [&](Message& inside) {
      inside.put(HOLDFAST_A_PROBE_FD, static_cast<std::uint32_t>(probe.fd));
      inside.put(HOLDFAST_A_PROBE_EXPECT, static_cast<std::uint32_t>(probe.expect));
    });
  }
  return message;
}

Message buildHostDirectory(std::uint16_t family, int fd, std::uint32_t round, std::span<const HostEntry> entries) {
  Message message(family, HOLDFAST_CMD_HOST_DIRECTORY_SET, kMessageMax);
  message.nest(HOLDFAST_A_HOST_DIRECTORY, [&](Message& directory) {
    directory.put(HOLDFAST_A_HOST_DIRECTORY_FD, static_cast<std::uint32_t>(fd));
    directory.put(HOLDFAST_A_HOST_DIRECTORY_ROUND, round);
    for (const auto& entry : entries) {
      directory.nest(HOLDFAST_A_HOST_DIRECTORY_ENTRY, [&](Message& inside) {
        if (!entry.name.empty()) inside.put(HOLDFAST_A_HOST_ENTRY_NAME, std::string_view(entry.name));
        if (entry.tree) inside.put(HOLDFAST_A_HOST_ENTRY_FLAGS, std::uint32_t{HOLDFAST_HOST_ENTRY_F_TREE});
        if (entry.write) inside.put(HOLDFAST_A_HOST_ENTRY_WRITE, *entry.write);
        if (entry.read) inside.put(HOLDFAST_A_HOST_ENTRY_READ, *entry.read);
        if (entry.link) inside.put(HOLDFAST_A_HOST_ENTRY_LINK, *entry.link);
        if (entry.owner != 0) inside.put(HOLDFAST_A_HOST_ENTRY_OWNER, entry.owner);
      });
    }
  });
  return message;
}

Message buildHostDirectorySweep(std::uint16_t family, std::uint32_t round) {
  Message message(family, HOLDFAST_CMD_HOST_DIRECTORY_SWEEP);
  message.nest(HOLDFAST_A_HOST_DIRECTORY,
               [&](Message& directory) { directory.put(HOLDFAST_A_HOST_DIRECTORY_ROUND, round); });
  return message;
}

}  // namespace holdfast::kernel
