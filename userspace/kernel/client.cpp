// SPDX-License-Identifier: Apache-2.0
#include "kernel/client.hpp"

#include <linux/holdfast.h>

#include <cerrno>
#include <iterator>

#include "kernel/parse.hpp"

namespace holdfast::kernel {

template <class Use>
auto Client::with(Use use) -> decltype(use(std::declval<Socket&>())) {
  const std::scoped_lock lock(mutex_);
  if (!socket_) {
    auto opened = Socket::open();
    if (!opened) return tl::unexpected(opened.error());
    socket_.emplace(std::move(*opened));
  }
  auto result = use(*socket_);
  // A reloaded module may have another family number: unknown families answer ENOENT.
  if (socket_->broken() || (!result && result.error().code == ENOENT)) socket_.reset();
  return result;
}

template <class Value>
Outcome<std::vector<Value>> Client::dumpOf(std::uint8_t command, std::string_view what,
                                           Result<std::vector<Value>> (*parse)(Bytes)) {
  return dumpInto<Value>(command, what, [parse](Bytes attributes, std::vector<Value>& values) -> Result<void> {
    auto some = parse(attributes);
    if (!some) return tl::unexpected(some.error());
    std::move(some->begin(), some->end(), std::back_inserter(values));
    return {};
  });
}

template <class Value, class Parse>
Outcome<std::vector<Value>> Client::dumpInto(std::uint8_t command, std::string_view what, Parse parse) {
  return with([&](Socket& socket) -> Outcome<std::vector<Value>> {
    std::vector<Value> values;
    auto done = socket.dump(
        command, what, [&values] { values.clear(); }, [&](Bytes attributes) { return parse(attributes, values); });
    if (!done) return tl::unexpected(done.error());
    return values;
  });
}

Outcome<Status> Client::status() {
  return with([](Socket& socket) -> Outcome<Status> {
    Status status;
    bool found = false;
    auto done = socket.request(Message(socket.family(), HOLDFAST_CMD_STATUS_GET), "status",
                               [&](Bytes attributes) -> Result<void> {
                                 auto parsed = parseStatus(attributes);
                                 if (!parsed) return tl::unexpected(parsed.error());
                                 status = std::move(*parsed);
                                 found = true;
                                 return {};
                               });
    if (!done) return tl::unexpected(done.error());
    if (!found) return failWith(EPROTO, "status: the kernel acknowledged and said nothing");
    return status;
  });
}

Outcome<void> Client::commitPolicy(const Policy& policy) {
  return with([&](Socket& socket) -> Outcome<void> {
    const auto family = socket.family();
    auto parts = buildParts(family, policy);
    if (!parts) return failWith(EINVAL, "policy: " + parts.error().message);
    auto done = socket.request(buildBegin(family, policy), "policy, begin");
    if (!done) return done;
    for (const auto& part : *parts) {
      if (done) done = socket.request(part, "policy, part");
    }
    if (done) done = socket.request(Message(family, HOLDFAST_CMD_POLICY_COMMIT), "policy, commit");
    // If even this fails, closing the socket rolls back.
    if (!done && !socket.broken()) (void)socket.request(Message(family, HOLDFAST_CMD_POLICY_ABORT), "policy, abort");
    return done;
  });
}

Outcome<void> Client::setContainer(const ContainerInfo& info) {
  return with([&](Socket& s) { return s.request(buildContainerSet(s.family(), info), "container"); });
}

Outcome<void> Client::delContainer(std::uint64_t cgroup_id) {
  return with([&](Socket& s) { return s.request(buildContainerDel(s.family(), cgroup_id), "container, removal"); });
}

Outcome<void> Client::adopt(const MemberInfo& member) {
  return with([&](Socket& s) { return s.request(buildAdopt(s.family(), member), "adoption"); });
}

Outcome<void> Client::calibrate(std::span<const Probe> probes) {
  return with([&](Socket& s) { return s.request(buildCalibrate(s.family(), probes), "overlay calibration"); });
}

Outcome<void> Client::setHostDirectory(int fd, std::uint32_t round, std::span<const HostEntry> entries) {
  return with(
      [&](Socket& s) { return s.request(buildHostDirectory(s.family(), fd, round, entries), "host directory"); });
}

Outcome<void> Client::sweepHostDirectories(std::uint32_t round) {
  return with([&](Socket& s) { return s.request(buildHostDirectorySweep(s.family(), round), "host directories"); });
}

Outcome<void> Client::answer(const Answer& answer) {
  return with([&](Socket& s) { return s.request(buildAnswer(s.family(), answer), "answer"); });
}

Outcome<void> Client::acknowledge(std::uint64_t number) {
  return with([&](Socket& s) { return s.request(buildAck(s.family(), number), "acknowledgement"); });
}

Outcome<void> Client::lock() {
  return with([](Socket& s) { return s.request(Message(s.family(), HOLDFAST_CMD_LOCK), "lock"); });
}

Outcome<std::vector<HookInfo>> Client::hooks() { return dumpOf(HOLDFAST_CMD_HOOK_GET, "hooks", parseHooks); }
Outcome<std::vector<ContainerInfo>> Client::containers() {
  return dumpOf(HOLDFAST_CMD_CONTAINER_GET, "containers", parseContainers);
}
Outcome<std::vector<MemberInfo>> Client::members() { return dumpOf(HOLDFAST_CMD_MEMBER_GET, "members", parseMembers); }
Outcome<std::vector<PolicyProfile>> Client::profiles() {
  return dumpInto<PolicyProfile>(HOLDFAST_CMD_PROFILE_GET, "profiles", parseProfiles);
}
Outcome<std::vector<Pattern>> Client::patterns() { return dumpOf(HOLDFAST_CMD_PATTERN_GET, "patterns", parsePatterns); }

}  // namespace holdfast::kernel
