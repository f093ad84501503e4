// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/control_handlers.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "rule/describe.hpp"

namespace holdfast::holdfastd {

using control::Peer;
using control::Request;
using nlohmann::json;
using Access = control::Server::Access;
using namespace std::chrono_literals;

namespace {

constexpr const char* kSelfTestPrefix = "holdfast-selftest-";
constexpr auto kEventsPatience = 1000ms;

Result<json> rulesList(const HandlerParts& parts, const Request& request) {
  const auto params = control::read<control::PageParams>(request.params);
  if (!params) return tl::unexpected(params.error());
  return rulePage(parts.inputs(), params->after);
}

Result<json> rulesShow(const HandlerParts& parts, const Request& request) {
  const auto params = control::read<control::NameParams>(request.params);
  if (!params) return tl::unexpected(params.error());
  const auto inputs = parts.inputs();
  if (!inputs.in_force || !inputs.in_force->rules) return fail("no rules of this controller are in force");
  const auto* rule = inputs.in_force->rules->find(params->name);
  if (rule == nullptr) return fail("there is no rule with this name");
  return rule::describe(*rule, *inputs.in_force->rules, inputs.in_force->config, hostProblem(inputs));
}

bool matches(const control::ContainerReport& report, const std::string& id) {
  return report.id == id || report.name == id || std::to_string(report.cgroup_id) == id;
}

Result<json> containersShow(const HandlerParts& parts, const Request& request) {
  const auto params = control::read<control::IdParams>(request.params);
  if (!params) return tl::unexpected(params.error());
  if (params->id.empty()) return fail("which container?");
  const auto reports = containerReports(parts.inputs());
  const auto exact = std::ranges::find_if(reports, [&](const auto& report) { return matches(report, params->id); });
  if (exact != reports.end()) return json(*exact);
  const control::ContainerReport* found = nullptr;
  for (const auto& report : reports) {
    if (!report.id.starts_with(params->id)) continue;
    if (found != nullptr && found->id != report.id) return fail("several containers' ids begin so");
    found = &report;
  }
  if (found == nullptr) return fail("there is no such container");
  return json(*found);
}

Result<json> selfTestBegin(const HandlerParts& parts, const Request& request) {
  const auto params = control::read<control::SelftestParams>(request.params);
  if (!params) return tl::unexpected(params.error());
  const auto path = selfTestCgroup(parts.cgroup_mount, params->cgroup_id);
  if (!path) return tl::unexpected(path.error());
  if (!parts.self_tests.begin(params->cgroup_id)) return fail("too many self-tests at once");

  container::Container container;
  container.id = container.name = container.runtime = "selftest";
  container.cgroup_id = params->cgroup_id;
  container.cgroup_path = *path;
  container.state = container::State::Created;
  (void)parts.table.put(params->cgroup_id, std::make_shared<const container::Container>(std::move(container)), true,
                        true);
  const auto entry = parts.table.find(params->cgroup_id);
  if (!entry) return fail("too many containers");
  const auto done = parts.keeper.withProfile(*entry, [&](const Assignment& assignment) {
    kernel::ContainerInfo info;
    info.cgroup_id = params->cgroup_id;
    info.name = "selftest";
    info.profile_id = assignment.profile_id;
    info.generation = assignment.generation;
    return parts.port.setContainer(info);
  });
  if (done) return json::object();
  parts.table.erase(params->cgroup_id);
  (void)parts.self_tests.end(params->cgroup_id);
  return fail("the kernel does not take the self-test's container: " + done.error().message);
}

Result<json> selfTestEnd(const HandlerParts& parts, const Request& request) {
  const auto params = control::read<control::SelftestParams>(request.params);
  if (!params) return tl::unexpected(params.error());
  if (!parts.self_tests.running(params->cgroup_id)) return fail("no such self-test is going on");
  // Its last events may still be on their way; an event that has arrived is counted and soon acknowledged.
  const auto until = std::chrono::steady_clock::now() + kEventsPatience;
  while (std::chrono::steady_clock::now() < until) {
    const auto status = parts.port.status();
    if (!status || status->events_queued == 0) break;
    std::this_thread::sleep_for(20ms);
  }
  const control::SelftestReport report{parts.self_tests.end(params->cgroup_id)};
  (void)parts.port.delContainer(params->cgroup_id);
  parts.table.erase(params->cgroup_id);
  return json(report);
}

}  // namespace

Result<std::string> selfTestCgroup(const std::filesystem::path& mount, std::uint64_t cgroup_id) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(mount, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    struct stat status {};
    if (!name.starts_with(kSelfTestPrefix) || ::lstat(it->path().c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode) && status.st_ino == cgroup_id) return "/" + name;
  }
  return fail(std::string("there is no cgroup ") + kSelfTestPrefix + "... with this id");
}

std::string refuseMember(kernel::Port& port, const Peer& peer) {
  const auto members = port.members();
  // Without the module nobody is a member; the socket's own permissions stand.
  if (!members) return {};
  const bool member =
      std::ranges::any_of(*members, [&](const auto& one) { return one.tgid == static_cast<std::uint32_t>(peer.pid); });
  return member ? "a container's process may not use the control socket" : "";
}

void registerRequests(control::Server& server, const HandlerParts& parts) {
  server.handle("status", Access::Read,
                [parts](const Request&, const Peer&) -> Result<json> { return json(statusReport(parts.inputs())); });
  server.handle("metrics", Access::Read,
                [parts](const Request&, const Peer&) -> Result<json> { return json(parts.metrics()); });
  server.handle("rules.list", Access::Read,
                [parts](const Request& request, const Peer&) { return rulesList(parts, request); });
  server.handle("rules.show", Access::Read,
                [parts](const Request& request, const Peer&) { return rulesShow(parts, request); });
  server.handle("containers.list", Access::Read, [parts](const Request& request, const Peer&) -> Result<json> {
    const auto params = control::read<control::PageParams>(request.params);
    if (!params) return tl::unexpected(params.error());
    return json(containerPage(parts.inputs(), params->after));
  });
  server.handle("containers.show", Access::Read,
                [parts](const Request& request, const Peer&) { return containersShow(parts, request); });
  server.handle("selftest.begin", Access::Write,
                [parts](const Request& request, const Peer&) { return selfTestBegin(parts, request); });
  server.handle("selftest.end", Access::Write,
                [parts](const Request& request, const Peer&) { return selfTestEnd(parts, request); });
  server.handle("reload", Access::Write, [parts](const Request&, const Peer&) -> Result<json> {
    const auto done = parts.reload();
    if (done) return json(*done);
    return tl::unexpected(done.error().front());
  });
}

}  // namespace holdfast::holdfastd
