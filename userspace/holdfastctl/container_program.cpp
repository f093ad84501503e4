// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/container_program.hpp"

#include "alert/exemption.hpp"
#include "container/cgroup.hpp"
#include "container/process.hpp"

namespace holdfast::holdfastctl {
namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

Result<container::Program> findInContainer(const control::ContainerReport& container, const std::string& path,
                                           std::chrono::milliseconds patience, container::Links links) {
  const auto pid = static_cast<std::uint32_t>(container.init_pid);
  // The number may be another process's by now.
  const auto cgroup = container::cgroupOf(pid);
  if (pid == 0 || !cgroup || !container::isWithin(*cgroup, container.cgroup_path) || container.cgroup_path.size() < 2)
    return fail("the container's first process does not run");
  return container::findProgram(pid, path, patience, links);
}

Result<control::ContainerReport> ProgramDigests::askFor(std::uint64_t cgroup_id) const {
  const auto answer = ask_({"containers.show", control::IdParams{std::to_string(cgroup_id)}});
  if (!answer) return fail("its container is not there: " + answer.error().message);
  auto report = control::read<control::ContainerReport>(*answer);
  // It may be another's name.
  if (report && report->cgroup_id != cgroup_id) return fail("its container is not there");
  return report;
}

ProgramDigests::Found ProgramDigests::find(std::uint64_t cgroup_id, const std::string& path) {
  if (std::chrono::steady_clock::now() > end_) return fail("there was no time left to read it");
  auto known = containers_.find(cgroup_id);
  if (known == containers_.end()) known = containers_.emplace(cgroup_id, askFor(cgroup_id)).first;
  const auto& container = known->second;
  if (!container) return tl::unexpected(container.error());
  return environment_.find_program(*container, path, kPatience, container::Links::Refused);
}

Result<Sha256> ProgramDigests::of(const alert::Alert& alert) {
  if (std::string why = alert::whyNoDigest(alert); !why.empty()) return fail(std::move(why));
  const auto key = std::pair(alert.container.cgroup_id, alert.path);
  auto known = found_.find(key);
  if (known == found_.end()) known = found_.emplace(key, find(key.first, key.second)).first;
  const Found& found = known->second;
  if (!found) return fail(found.error().message);
  if (found->path != alert.path || found->device != alert.dev || found->inode != alert.ino)
    return fail("another file is there now");
  // Of bytes that came later nobody was told.
  if (found->changed_at > alert.first_real) return fail("it was changed after the alert");
  if (alert.kind == kernel::name(kernel::EventKind::Interpreter) && found->size > container::kInterpreterDigestBytesMax)
    return fail("it is larger than a program interpreter may be");
  if (!found->not_by_digest.empty()) return fail(found->not_by_digest);
  return *found->digest;
}

}  // namespace holdfast::holdfastctl
