// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/reconciler.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>

#include "base/json.hpp"
#include "container/cgroup.hpp"
#include "container/process.hpp"
#include "container/sandbox.hpp"

namespace holdfast::holdfastd {

Reconciler::Reconciler(kernel::Port& port, PolicyKeeper& keeper, container::Table& table, container::Runtimes& runtimes,
                       OnNew on_new)
    : port_(port), keeper_(keeper), table_(table), runtimes_(runtimes), on_new_(std::move(on_new)) {}

kernel::Outcome<Reconciler::Kernels> Reconciler::kernels() {
  auto dump = port_.containers();
  if (!dump) return tl::unexpected(dump.error());
  Kernels kernels;
  for (auto& info : *dump) {
    if ((info.flags & kernel::kContainerNone) == 0) {
      kernels[info.cgroup_id] = std::move(info);
    } else if (const auto process = kernel::processOfId(info.cgroup_id);
               process && container::startTicks(process->pid) != process->start_ticks) {
      // Anybody makes such ones, by sandboxes. Of cgroups there are few.
      (void)port_.delContainer(info.cgroup_id);
    }
  }
  return kernels;
}

std::vector<container::Table::Entry> Reconciler::takeScan(const container::Scan& scan, const Kernels& kernels,
                                                          bool at_start) {
  std::set<std::string> problems(scan.problems.begin(), scan.problems.end());
  for (const auto& problem : problems) {
    if (!problems_.contains(problem)) spdlog::warn("of a container not all is known: {}", safeUtf8(problem));
  }
  problems_ = std::move(problems);
  std::vector<container::Table::Entry> changed;
  for (const auto& container : scan.containers) {
    const auto id = container->cgroup_id;
    if (id == 0 || container->owner != 0) continue;
    const auto known = table_.find(id);
    if (known && known->self_test) continue;
    const auto in_kernel = kernels.find(id);
    // At the start nobody remembers; a container that runs is taken for one whose set-up is over.
    const bool armed = (in_kernel != kernels.end() && (in_kernel->second.flags & kernel::kContainerArmed) != 0) ||
                       (at_start && container->state == container::State::Running);
    if (!table_.put(id, container, armed)) continue;
    if (!known && on_new_) on_new_(*container);
    // An engine's record may come late, and with it other rules.
    if (known && in_kernel != kernels.end() && known->container->image != container->image)
      changed.push_back(*table_.find(id));
  }
  return changed;
}

void Reconciler::takeRootless(const container::Scan& scan, const Kernels& kernels) {
  std::set<std::uint64_t> waiting;
  for (const auto& container : scan.containers) {
    const auto id = container->cgroup_id;
    // One that the kernel has is known by its name there, which a controller has told it.
    if (container->owner == 0 || container->state != container::State::Running || table_.find(id) ||
        kernels.contains(id))
      continue;
    const container::Table::Entry entry{id, container, true, false};
    waiting.insert(id);
    if (!rootless_.contains(id) || !tell(entry)) continue;
    if (!table_.put(id, container, true)) continue;
    if (on_new_) on_new_(*container);
    (void)tell(entry);  // another policy may have come between
    adoptProcessesOf(entry);
  }
  rootless_ = std::move(waiting);
}

void Reconciler::takeNamed(const container::Scan& scan, bool only_sandboxes) {
  for (auto& one : container::cgroupsNamed(runtimes_.roots().cgroup_mount, keeper_.patterns())) {
    if (table_.find(one.id)) continue;
    const bool known = std::ranges::any_of(scan.containers, [&](const auto& container) {
      return !container->cgroup_path.empty() && (container::isWithin(container->cgroup_path, one.path) ||
                                                 container::isWithin(one.path, container->cgroup_path));
    });
    if (known) continue;
    const auto id = one.id;
    auto container =
        std::make_shared<container::Container>(container::containerOf(std::move(one.name), id, std::move(one.path)));
    container->sandbox = sandboxOf(*container);
    if (only_sandboxes && container->sandbox.empty()) continue;
    if (table_.put(id, container, true) && on_new_) on_new_(*container);
  }
}

std::vector<container::Table::Entry> Reconciler::takeKernels(const container::Scan& scan, const Kernels& kernels) {
  std::vector<container::Table::Entry> resolved;
  for (const auto& [id, info] : kernels) {
    if (info.members == 0 || table_.find(id)) continue;
    // A cgroup below or, with Podman, right above the container's own.
    const auto found = std::ranges::find_if(scan.containers, [&, id = id, &info = info](const auto& container) {
      const auto& path = container->cgroup_path;
      // What users say of theirs has no part in another's.
      if (container->owner != 0) return false;
      return container->id == info.name ||
             container::cgroupId(runtimes_.roots().cgroup_mount, path.substr(0, path.rfind('/'))) == id;
    });
    const bool armed = (info.flags & kernel::kContainerArmed) != 0;
    if (found != scan.containers.end()) {
      if (table_.put(id, *found, armed)) resolved.push_back({id, *found, armed, false});
      continue;
    }
    auto unnamed = container::containerOf(info.name.empty() ? "cgroup-" + std::to_string(id) : info.name, id, {});
    (void)table_.put(id, std::make_shared<const container::Container>(std::move(unnamed)), armed);
  }
  return resolved;
}

kernel::Outcome<void> Reconciler::adoptContainers() {
  auto kernels = this->kernels();
  if (!kernels) return tl::unexpected(kernels.error());
  const auto scan = runtimes_.scanAll();
  (void)takeScan(scan, *kernels, true);  // bound by the first policy
  (void)takeKernels(scan, *kernels);
  takeNamed(scan, false);
  untold_.clear();
  over_.clear();
  redecided_.clear();
  return {};
}

bool Reconciler::tell(const container::Table::Entry& entry) {
  const auto done = keeper_.withProfile(entry, [&](const Assignment& assignment) {
    kernel::ContainerInfo info;
    info.cgroup_id = entry.cgroup_id;
    info.name = entry.container->id;
    info.profile_id = assignment.profile_id;
    info.generation = assignment.generation;
    info.owner = entry.container->owner;
    return port_.setContainer(info);
  });
  // Of a user's that is not there, or another's, the user may say much.
  if (!done && done.error().code != ESRCH)
    spdlog::warn("container {}: {}", safeUtf8(entry.container->id), done.error().message);
  return done.has_value();
}

void Reconciler::adoptProcessesOf(const container::Table::Entry& entry) {
  const auto& path = entry.container->cgroup_path;
  std::string first_error;
  const auto adopt = [&](std::uint32_t pid, std::uint64_t ticks) {
    const auto done =
        port_.adopt({.tgid = pid, .start_time = container::ticksToNs(ticks), .cgroup_id = entry.cgroup_id, .flags = 0});
    const int code = done ? 0 : done.error().code;
    // Gone meanwhile, a member already, still the runtime's own program, or at home in the host's root: all as it is.
    const bool harmless = code == ESRCH || code == ENOENT || code == EEXIST || code == EAGAIN || code == EXDEV;
    if (!done && !harmless && first_error.empty()) first_error = done.error().message;
  };
  // The kernel finds the others by its first one's pid namespace.
  if (entry.container->owner != 0) adopt(entry.container->init_pid, entry.container->init_start_ticks);
  for (const auto pid : container::processesOf(runtimes_.roots().cgroup_mount, path)) {
    // The number may already be another process's: its identity is read, then that it is in the container's cgroup,
    // then its identity again.
    const auto ticks = container::startTicks(pid);
    const auto cgroup = container::cgroupOf(pid);
    if (!ticks || !cgroup || !container::isWithin(*cgroup, path) || container::startTicks(pid) != ticks) continue;
    adopt(pid, *ticks);
  }
  if (!first_error.empty()) spdlog::warn("container {}: {}", safeUtf8(entry.container->id), first_error);
}

kernel::Outcome<void> Reconciler::adoptProcesses() {
  auto kernels = this->kernels();
  if (!kernels) return tl::unexpected(kernels.error());
  for (const auto& entry : table_.all()) {
    if (entry.self_test || entry.container->state != container::State::Running) continue;
    if (!kernels->contains(entry.cgroup_id)) (void)tell(entry);
    adoptProcessesOf(entry);
  }
  takeRootless(runtimes_.scanAll(), *kernels);
  return {};
}

std::string Reconciler::sandboxOf(const container::Container& container) const {
  return container::sandboxOf(container::processesOf(runtimes_.roots().cgroup_mount, container.cgroup_path));
}

bool Reconciler::isSandbox(const container::Table::Entry& entry) {
  const auto& container = *entry.container;
  auto sandbox = sandboxOf(container);
  if (sandbox != container.sandbox) {
    auto changed = std::make_shared<container::Container>(container);
    changed->sandbox = sandbox;
    (void)table_.put(entry.cgroup_id, std::move(changed), entry.armed);
  }
  return !sandbox.empty();
}

bool Reconciler::isOver(const container::Table::Entry& entry, const container::Scan& scan,
                        const Kernels& kernels) const {
  const auto in_kernel = kernels.find(entry.cgroup_id);
  if (in_kernel != kernels.end() && in_kernel->second.members > 0) return false;
  const auto& container = *entry.container;
  if (container.runtime.empty() && !container.cgroup_path.empty()) {
    return container::cgroupId(runtimes_.roots().cgroup_mount, container.cgroup_path) != entry.cgroup_id;
  }
  return std::ranges::none_of(scan.containers, [&](const auto& one) {
    return one->id == container.id && one->runtime == container.runtime && one->owner == container.owner &&
           one->cgroup_id != 0 && (container.owner == 0 || one->cgroup_id == entry.cgroup_id);
  });
}

kernel::Outcome<void> Reconciler::tick() {
  auto kernels = this->kernels();
  if (!kernels) return tl::unexpected(kernels.error());
  const auto scan = runtimes_.scanAll();
  for (const auto& entry : takeScan(scan, *kernels, false)) (void)tell(entry);
  takeRootless(scan, *kernels);
  for (const auto& entry : takeKernels(scan, *kernels)) (void)tell(entry);
  // Others of which no state tells may be in the runtime's set-up.
  takeNamed(scan, true);

  // A container that the kernel knows by another of its cgroups needs no second record.
  std::set<std::string> told;
  for (const auto& entry : table_.all()) {
    if (kernels->contains(entry.cgroup_id) && entry.container->owner == 0) told.insert(entry.container->id);
  }
  std::set<std::uint64_t> untold;
  std::set<std::uint64_t> over;
  for (const auto& entry : table_.all()) {
    const auto id = entry.cgroup_id;
    if (isOver(entry, scan, *kernels)) {
      over.insert(id);
      if (!over_.contains(id)) continue;
      if (kernels->contains(id)) (void)port_.delContainer(id);
      table_.erase(id);
      redecided_.erase(id);
      continue;
    }
    if (entry.self_test) continue;
    const auto in_kernel = kernels->find(id);
    const bool known = in_kernel != kernels->end();
    // A record without a member: its processes run at the host's root, where no program makes them members.
    const bool memberless =
        known && in_kernel->second.members == 0 && (in_kernel->second.flags & kernel::kContainerArmed) == 0;
    const bool host_root = known && (in_kernel->second.flags & kernel::kContainerHostRoot) != 0;
    if (memberless && host_root) (void)isSandbox(entry);
    if (!known || (memberless && !host_root)) {
      if (entry.container->state != container::State::Running ||
          (!known && entry.container->owner == 0 && told.contains(entry.container->id)))
        continue;
      untold.insert(id);
      if (!untold_.contains(id) || isSandbox(entry)) continue;
      (void)tell(entry);
      table_.arm(id);
      adoptProcessesOf(entry);
    } else if ((in_kernel->second.flags & kernel::kContainerDefaulted) == 0) {
      redecided_.erase(id);
    } else if (redecided_.insert(id).second) {
      (void)tell(entry);
    }
  }
  untold_ = std::move(untold);
  over_ = std::move(over);
  return {};
}

}  // namespace holdfast::holdfastd
