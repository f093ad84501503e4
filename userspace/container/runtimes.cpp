// SPDX-License-Identifier: Apache-2.0
#include "container/runtimes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <system_error>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "container/cgroup.hpp"
#include "container/runc_state.hpp"
#include "container/state_json.hpp"

namespace holdfast::container {

namespace {

constexpr std::size_t kContainersMax = 16384;  // of one root
constexpr std::size_t kProblemsMax = 32;
// A directory without state that is older was left behind by a crash.
constexpr std::time_t kStartingSeconds = 30;
// between looks for an engine's record that is not there, or of no use
constexpr std::chrono::milliseconds kPauseMin{50};
constexpr std::chrono::milliseconds kPauseMax{60'000};

bool isThere(const std::filesystem::path& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool startedLately(const std::filesystem::path& directory) {
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 && std::time(nullptr) - status.st_ctim.tv_sec < kStartingSeconds;
}

std::vector<std::filesystem::path> directoriesIn(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> found;
  struct stat status {};
  if (::lstat(root.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || !isTrusted(status)) return found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    if (!isDirectory(*it)) continue;
    if (found.size() >= kContainersMax) break;
    found.push_back(it->path());
  }
  return found;
}

std::string_view lastPart(std::string_view text, const char* separators) {
  const auto at = text.find_last_of(separators);
  return at == text.npos ? text : text.substr(at + 1);
}

}  // namespace

RuntimeRoots RuntimeRoots::ofHost() {
  RuntimeRoots roots;
  roots.runc = {"/run/runc"};
  roots.runc_parents = {"/run/containerd/runc", "/run/docker/runtime-runc"};
  roots.crun = {"/run/crun"};
  // A host that still has the hierarchies of version 1 may have the unified one beside them.
  if (!isThere(roots.cgroup_mount / "cgroup.controllers") && isThere("/sys/fs/cgroup/unified/cgroup.procs")) {
    roots.cgroup_mount = "/sys/fs/cgroup/unified";
  }
  return roots;
}

std::shared_ptr<const Container> Scan::find(std::uint64_t cgroup_id, std::string_view cgroup_path, bool below) const {
  std::shared_ptr<const Container> nearest;
  std::shared_ptr<const Container> inside;
  std::size_t insides = 0;
  for (const auto& container : containers) {
    if (container->cgroup_id == 0) continue;
    if (container->cgroup_id == cgroup_id) return container;
    if (container->cgroup_path.empty()) continue;
    if (isWithin(cgroup_path, container->cgroup_path) &&
        (!nearest || container->cgroup_path.size() > nearest->cgroup_path.size())) {
      nearest = container;
    }
    if (!below || !isWithin(container->cgroup_path, cgroup_path)) continue;
    inside = container;
    ++insides;
  }
  if (nearest) return nearest;
  return insides == 1 ? inside : nullptr;
}

void Scan::addProblem(std::string problem) {
  if (problems.size() < kProblemsMax && std::ranges::find(problems, problem) == problems.end())
    problems.push_back(std::move(problem));
}

bool Scan::maySettle(std::string_view cgroup_path) const {
  return std::ranges::any_of(unsettled, [&](const Unsettled& one) {
    const auto configured = lastPart(one.cgroups_path, "/:");
    return cgroup_path.find(one.id) != cgroup_path.npos ||
           (!configured.empty() && cgroup_path.find(configured) != cgroup_path.npos);
  });
}

Scan Runtimes::scan() {
  const std::scoped_lock lock(mutex_);
  ++round_;
  Scan scan;
  for (const auto& root : roots_.runc) scanRoot(root, Runtime::Runc, {}, scan);
  for (const auto& parent : roots_.runc_parents) {
    for (const auto& root : directoriesIn(parent)) scanRoot(root, Runtime::Runc, root.filename().native(), scan);
  }
  for (const auto& root : roots_.crun) scanRoot(root, Runtime::Crun, {}, scan);
  std::erase_if(cache_, [this](const auto& entry) { return entry.second.round != round_; });
  return scan;
}

Scan Runtimes::scanAll() {
  Scan scan = this->scan();
  auto rootless = rootlessOfAll(roots_.rootless);
  scan.containers.insert(scan.containers.end(), std::make_move_iterator(rootless.begin()),
                         std::make_move_iterator(rootless.end()));
  return scan;
}

Scan Runtimes::scanRootless(uid_t user) const {
  Scan scan;
  scan.containers = rootlessOf(roots_.rootless, user);
  return scan;
}

void Runtimes::scanRoot(const std::filesystem::path& root, Runtime runtime, std::string_view space, Scan& scan) {
  for (const auto& directory : directoriesIn(root)) scanContainer(directory, runtime, space, scan);
}

void Runtimes::describeAgain(Cached& cached, std::string_view space) {
  const auto now = std::chrono::steady_clock::now();
  if (cached.described && !cached.file.empty() && stampOf(cached.file) != cached.file_stamp) cached.described = false;
  if (cached.described || now < cached.look_again) return;
  Container container = *cached.container;
  cached.problem.clear();
  auto found = engines_.find(container, space);
  if (found && !*found) {
    describeByAnnotations(container);
    cached.described = true;
  } else if (found) {
    cached.file = std::move((*found)->file);
    cached.file_stamp = (*found)->stamp;
    cached.described = (*found)->complete;
    describe(container, std::move((*found)->record));
  } else {
    // What was known of it before stays.
    cached.problem = found.error().text();
    if (container.name.empty()) container.name = container.id;
  }
  cached.pause = cached.described ? std::chrono::milliseconds(0) : std::clamp(cached.pause * 2, kPauseMin, kPauseMax);
  cached.look_again = now + cached.pause;
  cached.container = std::make_shared<const Container>(std::move(container));
}

void Runtimes::scanContainer(const std::filesystem::path& directory, Runtime runtime, std::string_view space,
                             Scan& scan) {
  // CRI-O may have one runtime keep its containers where the other would.
  const auto file = [&](Runtime one) { return directory / (one == Runtime::Runc ? "state.json" : "status"); };
  const auto other = runtime == Runtime::Runc ? Runtime::Crun : Runtime::Runc;
  if (!isThere(file(runtime)) && isThere(file(other))) runtime = other;
  const auto state_path = file(runtime);
  const std::string id = directory.filename();
  const auto unsettled = [&](const Error* problem) {
    Unsettled one{id, {}};
    if (auto config = readFile(directory / "config.json", kStateBytesMax)) one.cgroups_path = parseCgroupsPath(*config);
    scan.unsettled.push_back(std::move(one));
    if (problem != nullptr) scan.addProblem(problem->text());
  };

  auto known = cache_.find(state_path.string());
  if (known == cache_.end() || known->second.stamp != stampOf(state_path)) {
    auto opened = openStateFile(state_path);
    if (!opened) return unsettled(&opened.error());
    if (!*opened) {
      if (startedLately(directory)) unsettled(nullptr);
      return;
    }
    auto text = readFd((*opened)->fd.get(), kStateBytesMax, state_path);
    if (!text) return unsettled(&text.error());
    Result<Container> parsed;
    if (runtime == Runtime::Runc) {
      parsed = parseRuncState(*text, roots_.cgroup_mount.native());
    } else {
      parsed = parseCrunState(id, *text, readFile(directory / "config.json", kStateBytesMax).value_or(""));
    }
    if (!parsed) {
      parsed.error().file = state_path;
      return unsettled(&parsed.error());
    }
    known = cache_.insert_or_assign(state_path.string(), Cached()).first;
    known->second.stamp = (*opened)->stamp;
    known->second.container = std::make_shared<const Container>(std::move(*parsed));
  }
  Cached& cached = known->second;
  cached.round = round_;
  describeAgain(cached, space);
  if (!cached.problem.empty()) scan.addProblem(cached.problem);

  // What can change without the file: the cgroup goes, and the container that was created is started.
  const auto cgroup_id = cgroupId(roots_.cgroup_mount, cached.container->cgroup_path).value_or(0);
  const auto state = cgroup_id == 0                     ? State::Stopped
                     : isThere(directory / "exec.fifo") ? State::Created
                                                        : State::Running;
  if (cgroup_id != cached.container->cgroup_id || state != cached.container->state) {
    Container now = *cached.container;
    now.cgroup_id = cgroup_id;
    now.state = state;
    cached.container = std::make_shared<const Container>(std::move(now));
  }
  scan.containers.push_back(cached.container);
}

}  // namespace holdfast::container
