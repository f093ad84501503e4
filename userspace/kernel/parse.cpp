// SPDX-License-Identifier: Apache-2.0
#include "kernel/parse.hpp"

#include <linux/holdfast.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

namespace holdfast::kernel {

namespace {

// The kernel caps each far below; these bound what a damaged message can make us allocate.
constexpr std::size_t kNestsMax = 4096;

tl::unexpected<Error> damaged(std::string_view what) {
  return fail("the kernel's message is damaged: " + std::string(what));
}

/// Reads all attributes of one nest. `field(attribute)` returns false for a value of wrong form.
template <class Field>
Result<void> readAll(Bytes bytes, std::string_view what, Field field) {
  AttributeReader reader(bytes);
  Attribute attribute;
  while (reader.next(attribute)) {
    if (!field(attribute)) return damaged(std::string(what) + ", attribute " + std::to_string(attribute.type));
  }
  if (reader.damaged()) return damaged(std::string(what) + ", length");
  return {};
}

template <class T>
struct Field {
  std::uint16_t type;
  std::variant<std::uint32_t T::*, std::uint64_t T::*, std::string T::*> member;
};

constexpr Field<Status> kStatusFields[] = {
    {HOLDFAST_A_STATUS_FLAGS, &Status::flags},
    {HOLDFAST_A_STATUS_MODULE_VERSION, &Status::module_version},
    {HOLDFAST_A_STATUS_GENERATION, &Status::generation},
    {HOLDFAST_A_STATUS_DEFAULT_PROFILE, &Status::default_profile},
    {HOLDFAST_A_STATUS_QUERY_TIMEOUT_MS, &Status::query_timeout_ms},
    {HOLDFAST_A_STATUS_CONTROLLER_PID, &Status::controller_pid},
    {HOLDFAST_A_STATUS_CONTAINERS, &Status::containers},
    {HOLDFAST_A_STATUS_MEMBERS, &Status::members},
    {HOLDFAST_A_STATUS_UNCLASSIFIED, &Status::unclassified},
    {HOLDFAST_A_STATUS_DEFAULTED, &Status::defaulted},
    {HOLDFAST_A_STATUS_EXECS, &Status::execs},
    {HOLDFAST_A_STATUS_MAPS, &Status::maps},
    {HOLDFAST_A_STATUS_DENIED, &Status::denied},
    {HOLDFAST_A_STATUS_ALERTED, &Status::alerted},
    {HOLDFAST_A_STATUS_QUERIES, &Status::queries},
    {HOLDFAST_A_STATUS_QUERIES_ANSWERED, &Status::queries_answered},
    {HOLDFAST_A_STATUS_QUERIES_TIMED_OUT, &Status::queries_timed_out},
    {HOLDFAST_A_STATUS_QUERIES_REFUSED, &Status::queries_refused},
    {HOLDFAST_A_STATUS_QUERIES_PENDING, &Status::queries_pending},
    {HOLDFAST_A_STATUS_EVENTS_SEEN, &Status::events_seen},
    {HOLDFAST_A_STATUS_EVENTS_DELIVERED, &Status::events_delivered},
    {HOLDFAST_A_STATUS_EVENTS_FOLDED, &Status::events_folded},
    {HOLDFAST_A_STATUS_EVENTS_QUEUED, &Status::events_queued},
    {HOLDFAST_A_STATUS_EVENTS_OVERFLOW, &Status::events_overflow},
    {HOLDFAST_A_STATUS_ADOPTED, &Status::adopted},
};
constexpr Field<Event> kEventFields[] = {
    {HOLDFAST_A_EVENT_NUMBER, &Event::number},
    {HOLDFAST_A_EVENT_LOAD_ID, &Event::load_id},
    {HOLDFAST_A_EVENT_TIME_BOOT, &Event::time_boot},
    {HOLDFAST_A_EVENT_TIME_REAL, &Event::time_real},
    {HOLDFAST_A_EVENT_TIME_BOOT_LAST, &Event::time_boot_last},
    {HOLDFAST_A_EVENT_COUNT, &Event::count},
    {HOLDFAST_A_EVENT_GENERATION, &Event::generation},
    {HOLDFAST_A_EVENT_PROFILE_ID, &Event::profile_id},
    {HOLDFAST_A_EVENT_RULE_TAG, &Event::rule_tag},
    {HOLDFAST_A_EVENT_CGROUP_ID, &Event::cgroup_id},
    {HOLDFAST_A_EVENT_CONTAINER_NAME, &Event::container_name},
    {HOLDFAST_A_EVENT_CONTAINER_FLAGS, &Event::container_flags},
    {HOLDFAST_A_EVENT_PID, &Event::pid},
    {HOLDFAST_A_EVENT_TGID, &Event::tgid},
    {HOLDFAST_A_EVENT_START_TIME, &Event::start_time},
    {HOLDFAST_A_EVENT_UID, &Event::uid},
    {HOLDFAST_A_EVENT_EUID, &Event::euid},
    {HOLDFAST_A_EVENT_COMM, &Event::comm},
    {HOLDFAST_A_EVENT_PATH, &Event::path},
    {HOLDFAST_A_EVENT_DEV, &Event::dev},
    {HOLDFAST_A_EVENT_INO, &Event::ino},
    {HOLDFAST_A_EVENT_TARGET_PID, &Event::target_pid},
    {HOLDFAST_A_EVENT_FLAGS, &Event::flags},
    {HOLDFAST_A_EVENT_CHECK, &Event::check},
};
constexpr Field<Ancestor> kAncestorFields[] = {
    {HOLDFAST_A_ANCESTOR_TGID, &Ancestor::tgid},
    {HOLDFAST_A_ANCESTOR_COMM, &Ancestor::comm},
};
constexpr Field<Query> kQueryFields[] = {
    {HOLDFAST_A_QUERY_ID, &Query::id},
    {HOLDFAST_A_QUERY_CGROUP_ID, &Query::cgroup_id},
    {HOLDFAST_A_QUERY_CGROUP_PATH, &Query::cgroup_path},
    {HOLDFAST_A_QUERY_PID, &Query::pid},
    {HOLDFAST_A_QUERY_TGID, &Query::tgid},
    {HOLDFAST_A_QUERY_START_TIME, &Query::start_time},
    {HOLDFAST_A_QUERY_FLAGS, &Query::flags},
    {HOLDFAST_A_QUERY_PATH, &Query::path},
    {HOLDFAST_A_QUERY_DEV, &Query::dev},
    {HOLDFAST_A_QUERY_INO, &Query::ino},
    {HOLDFAST_A_QUERY_ROOT_DEV, &Query::root_dev},
    {HOLDFAST_A_QUERY_TIMEOUT_MS, &Query::timeout_ms},
    {HOLDFAST_A_QUERY_OWNER, &Query::owner},
};
constexpr Field<HookInfo> kHookInfoFields[] = {
    {HOLDFAST_A_HOOK_SYMBOL, &HookInfo::symbol},
    {HOLDFAST_A_HOOK_FLAGS, &HookInfo::flags},
    {HOLDFAST_A_HOOK_HITS, &HookInfo::hits},
};
constexpr Field<ContainerInfo> kContainerInfoFields[] = {
    {HOLDFAST_A_CONTAINER_CGROUP_ID, &ContainerInfo::cgroup_id},
    {HOLDFAST_A_CONTAINER_NAME, &ContainerInfo::name},
    {HOLDFAST_A_CONTAINER_PROFILE_ID, &ContainerInfo::profile_id},
    {HOLDFAST_A_CONTAINER_GENERATION, &ContainerInfo::generation},
    {HOLDFAST_A_CONTAINER_FLAGS, &ContainerInfo::flags},
    {HOLDFAST_A_CONTAINER_MEMBERS, &ContainerInfo::members},
    {HOLDFAST_A_CONTAINER_ROOT_DEV, &ContainerInfo::root_dev},
    {HOLDFAST_A_CONTAINER_ROOT_MAGIC, &ContainerInfo::root_magic},
    {HOLDFAST_A_CONTAINER_OVERFLOW, &ContainerInfo::overflow},
};
constexpr Field<MemberInfo> kMemberInfoFields[] = {
    {HOLDFAST_A_MEMBER_TGID, &MemberInfo::tgid},
    {HOLDFAST_A_MEMBER_START_TIME, &MemberInfo::start_time},
    {HOLDFAST_A_MEMBER_CGROUP_ID, &MemberInfo::cgroup_id},
    {HOLDFAST_A_MEMBER_FLAGS, &MemberInfo::flags},
};
constexpr Field<Pattern> kPatternFields[] = {
    {HOLDFAST_A_PATTERN_PREFIX, &Pattern::prefix},
    {HOLDFAST_A_PATTERN_SUFFIX, &Pattern::suffix},
    {HOLDFAST_A_PATTERN_PARENT, &Pattern::parent},
};

/// The plain values of a nest; true also for an attribute that is not in the table.
template <class T, std::size_t N>
bool readField(const Attribute& attribute, const Field<T> (&fields)[N], T& value) {
  for (const auto& field : fields) {
    if (field.type != attribute.type) continue;
    return std::visit([&](auto member) { return read(attribute, value.*member); }, field.member);
  }
  return true;
}

template <class T, std::size_t N>
Result<T> plainFrom(Bytes bytes, std::string_view what, const Field<T> (&fields)[N]) {
  T value;
  auto done = readAll(bytes, what, [&](const Attribute& a) { return readField(a, fields, value); });
  if (!done) return tl::unexpected(done.error());
  return value;
}

template <class Enum>
bool readEnum(const Attribute& attribute, Enum& value) {
  std::uint32_t number = 0;
  if (!read(attribute, number)) return false;
  value = static_cast<Enum>(number);  // one that is not known is shown as "unknown"
  return true;
}

/// Nests in a nest, of which there may be at most `max`.
template <class T>
bool append(std::vector<T>& values, std::size_t max, Result<T> value) {
  if (!value || values.size() >= max) return false;
  values.push_back(std::move(*value));
  return true;
}

bool readChecks(const Attribute& attribute, CheckBytes& checks) {
  if (attribute.payload.size() != checks.size()) return false;
  std::memcpy(checks.data(), attribute.payload.data(), checks.size());
  return true;
}

Result<Status> statusFrom(Bytes bytes) {
  Status status;
  auto done = readAll(bytes, "status", [&status](const Attribute& a) {
    return a.type == HOLDFAST_A_STATUS_CHECKS ? readChecks(a, status.checks) : readField(a, kStatusFields, status);
  });
  if (!done) return tl::unexpected(done.error());
  return status;
}
Result<Ancestor> ancestorFrom(Bytes bytes) { return plainFrom(bytes, "ancestor", kAncestorFields); }
Result<HookInfo> hookFrom(Bytes bytes) { return plainFrom(bytes, "hook", kHookInfoFields); }
Result<ContainerInfo> containerFrom(Bytes bytes) { return plainFrom(bytes, "container", kContainerInfoFields); }
Result<MemberInfo> memberFrom(Bytes bytes) { return plainFrom(bytes, "member", kMemberInfoFields); }
Result<Pattern> patternFrom(Bytes bytes) { return plainFrom(bytes, "pattern", kPatternFields); }

Result<Query> queryFrom(Bytes bytes) {
  auto query = plainFrom(bytes, "query", kQueryFields);
  if (query && query->cgroup_id == 0) return damaged("query without cgroup");
  return query;
}

Result<Event> eventFrom(Bytes bytes) {
  Event event;
  auto done = readAll(bytes, "event", [&event](const Attribute& a) {
    if (a.type == HOLDFAST_A_EVENT_KIND) return readEnum(a, event.kind);
    if (a.type == HOLDFAST_A_EVENT_VERDICT) return readEnum(a, event.verdict);
    if (a.type == HOLDFAST_A_EVENT_ORIGIN) return readEnum(a, event.origin);
    if (a.type == HOLDFAST_A_EVENT_ANCESTOR) {
      return append(event.ancestors, HOLDFAST_ANCESTORS_MAX, ancestorFrom(a.payload));
    }
    return readField(a, kEventFields, event);
  });
  if (!done) return tl::unexpected(done.error());
  if (event.number == 0) return damaged("event without number");
  if (event.count == 0) return damaged("event that stands for nothing");
  if (event.time_boot_last == 0) event.time_boot_last = event.time_boot;
  return event;
}

Result<PolicyRule> ruleFrom(Bytes bytes) {
  PolicyRule rule;
  auto done = readAll(bytes, "rule", [&rule](const Attribute& a) {
    if (a.type == HOLDFAST_A_RULE_TAG) return read(a, rule.tag);
    if (a.type == HOLDFAST_A_RULE_TYPE) return readEnum(a, rule.type);
    if (a.type == HOLDFAST_A_RULE_ACTION) return readEnum(a, rule.action);
    if (a.type == HOLDFAST_A_RULE_ON_RUNNING) return readEnum(a, rule.on_running);
    if (a.type == HOLDFAST_A_RULE_ID) return read(a, rule.id);
    if (a.type == HOLDFAST_A_RULE_DIGEST_SET) return read(a, rule.digest_set);
    if (a.type == HOLDFAST_A_RULE_CHECKS) return readChecks(a, rule.checks);
    if (a.type != HOLDFAST_A_RULE_DIRECTORY) return true;
    std::string directory;
    if (!read(a, directory)) return false;
    return append<std::string>(rule.directories, HOLDFAST_DIRECTORIES_MAX, std::move(directory));
  });
  if (!done) return tl::unexpected(done.error());
  return rule;
}

/// A profile, or more directories of the rule `more_of` of one that came before.
struct ProfilePart {
  PolicyProfile profile;
  std::optional<std::uint32_t> more_of;
  std::vector<std::string> directories;
};

Result<ProfilePart> profilePartFrom(Bytes bytes) {
  ProfilePart part;
  auto done = readAll(bytes, "profile", [&part](const Attribute& a) {
    if (a.type == HOLDFAST_A_PROFILE_ID) return read(a, part.profile.id);
    if (a.type == HOLDFAST_A_PROFILE_RULE) return append(part.profile.rules, HOLDFAST_RULES_MAX, ruleFrom(a.payload));
    if (a.type == HOLDFAST_A_PROFILE_MORE) return read(a, part.more_of.emplace());
    if (a.type != HOLDFAST_A_PROFILE_DIRECTORY) return true;
    std::string directory;
    if (!read(a, directory)) return false;
    return append<std::string>(part.directories, HOLDFAST_DIRECTORIES_MAX, std::move(directory));
  });
  if (!done) return tl::unexpected(done.error());
  return part;
}

/// To the profile that it is of, or as one of its own.
Result<void> join(std::vector<PolicyProfile>& profiles, ProfilePart part) {
  if (!part.more_of) {
    profiles.push_back(std::move(part.profile));
    return {};
  }
  const auto whole = std::ranges::find(profiles, part.profile.id, &PolicyProfile::id);
  if (whole == profiles.end() || *part.more_of >= whole->rules.size()) return damaged("directories of no rule");
  auto& directories = whole->rules[*part.more_of].directories;
  if (directories.size() + part.directories.size() > HOLDFAST_DIRECTORIES_MAX) return damaged("too many directories");
  std::ranges::move(part.directories, std::back_inserter(directories));
  return {};
}

/// All nests of one type at the top level.
template <class Value>
Result<std::vector<Value>> listOf(Bytes attributes, std::uint16_t type, Result<Value> (*from)(Bytes)) {
  std::vector<Value> values;
  AttributeReader reader(attributes);
  Attribute attribute;
  while (reader.next(attribute)) {
    if (attribute.type != type) continue;
    if (values.size() >= kNestsMax) return damaged("too much in one message");
    auto value = from(attribute.payload);
    if (!value) return tl::unexpected(value.error());
    values.push_back(std::move(*value));
  }
  if (reader.damaged()) return damaged("length");
  return values;
}

}  // namespace

Result<Status> parseStatus(Bytes attributes) {
  auto found = listOf<Status>(attributes, HOLDFAST_A_STATUS, statusFrom);
  if (!found) return tl::unexpected(found.error());
  if (found->size() != 1) return damaged("no status in it");
  // cppcheck-suppress returnStdMoveLocal ; it is a part of what is local
  return std::move(found->front());
}

Result<Hello> parseHello(Bytes attributes) {
  Hello hello;
  bool has_status = false;
  auto done = readAll(attributes, "hello", [&](const Attribute& a) {
    if (a.type == HOLDFAST_A_ABI_VERSION) return read(a, hello.abi_version);
    if (a.type == HOLDFAST_A_BOOT_ID) return read(a, hello.boot_id);
    if (a.type == HOLDFAST_A_LOAD_ID) return read(a, hello.load_id);
    if (a.type != HOLDFAST_A_STATUS) return true;
    auto status = statusFrom(a.payload);
    if (!status) return false;
    hello.status = std::move(*status);
    return has_status = true;
  });
  if (!done) return tl::unexpected(done.error());
  if (hello.abi_version == 0 || hello.boot_id.empty() || !has_status) return damaged("hello is not complete");
  return hello;
}

Result<std::vector<HookInfo>> parseHooks(Bytes b) { return listOf<HookInfo>(b, HOLDFAST_A_HOOK, hookFrom); }
Result<std::vector<MemberInfo>> parseMembers(Bytes b) { return listOf<MemberInfo>(b, HOLDFAST_A_MEMBER, memberFrom); }
Result<std::vector<Pattern>> parsePatterns(Bytes b) { return listOf<Pattern>(b, HOLDFAST_A_PATTERN, patternFrom); }
Result<std::vector<ContainerInfo>> parseContainers(Bytes b) {
  return listOf<ContainerInfo>(b, HOLDFAST_A_CONTAINER, containerFrom);
}
Result<void> parseProfiles(Bytes b, std::vector<PolicyProfile>& profiles) {
  auto parts = listOf<ProfilePart>(b, HOLDFAST_A_PROFILE, profilePartFrom);
  if (!parts) return tl::unexpected(parts.error());
  for (auto& part : *parts) {
    if (auto joined = join(profiles, std::move(part)); !joined) return joined;
  }
  return {};
}

Result<StreamMessage> parseStreamMessage(std::uint8_t command, Bytes attributes) {
  switch (command) {
    case HOLDFAST_CMD_HELLO: {
      auto hello = parseHello(attributes);
      if (!hello) return tl::unexpected(hello.error());
      return StreamMessage(std::move(*hello));
    }
    case HOLDFAST_CMD_EVENT: {
      auto events = listOf<Event>(attributes, HOLDFAST_A_EVENT, eventFrom);
      if (!events) return tl::unexpected(events.error());
      return StreamMessage(Events{std::move(*events)});
    }
    case HOLDFAST_CMD_QUERY: {
      auto queries = listOf<Query>(attributes, HOLDFAST_A_QUERY, queryFrom);
      if (!queries) return tl::unexpected(queries.error());
      if (queries->size() != 1) return damaged("not one query in it");
      return StreamMessage(std::move(queries->front()));
    }
    default:
      return fail("the kernel sent command " + std::to_string(command) + ", which is not known");
  }
}

}  // namespace holdfast::kernel
