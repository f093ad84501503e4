// SPDX-License-Identifier: Apache-2.0
#include "container/runtimes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <system_error>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "container/cgroup.hpp"
#include "container/runc_state.hpp"

namespace holdfast::container {

namespace {

constexpr std::size_t kContainersMax = 16384;  // of one root
constexpr std::size_t kProblemsMax = 32;
// A directory without state that is older was left behind by a crash.
constexpr std::time_t kStartingSeconds = 30;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

bool trusted(const struct stat& status) {
  return (status.st_uid == 0 || status.st_uid == ::geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

struct StateFile {
  UniqueFd fd;
  struct stat status {};
};

/// Empty if it is missing.
Result<std::optional<StateFile>> openState(const std::filesystem::path& path) {
  StateFile file{UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)), {}};
  if (!file.fd && errno == ENOENT) return std::nullopt;
  if (!file.fd || ::fstat(file.fd.get(), &file.status) != 0) {
    return tl::unexpected(systemError("cannot be opened", errno, path));
  }
  if (!S_ISREG(file.status.st_mode) || !trusted(file.status)) {
    return tl::unexpected(Error{"is not a file that only root can write", path.string()});
  }
  return file;
}

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
  if (::lstat(root.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || !trusted(status)) return found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->symlink_status(ignored).type() != std::filesystem::file_type::directory) continue;
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
  for (const auto& root : roots_.runc) scanRoot(root, Runtime::Runc, scan);
  for (const auto& parent : roots_.runc_parents) {
    for (const auto& root : directoriesIn(parent)) scanRoot(root, Runtime::Runc, scan);
  }
  for (const auto& root : roots_.crun) scanRoot(root, Runtime::Crun, scan);
  std::erase_if(cache_, [this](const auto& entry) { return entry.second.round != round_; });
  return scan;
}

void Runtimes::scanRoot(const std::filesystem::path& root, Runtime runtime, Scan& scan) {
  for (const auto& directory : directoriesIn(root)) scanContainer(directory, runtime, scan);
}

void Runtimes::scanContainer(const std::filesystem::path& directory, Runtime runtime, Scan& scan) {
  const auto state_path = directory / (runtime == Runtime::Runc ? "state.json" : "status");
  const std::string id = directory.filename();
  const auto unsettled = [&](const Error* problem) {
    Unsettled one{id, {}};
    if (auto config = readFile(directory / "config.json", kStateBytesMax)) one.cgroups_path = parseCgroupsPath(*config);
    scan.unsettled.push_back(std::move(one));
    if (problem != nullptr && scan.problems.size() < kProblemsMax) scan.problems.push_back(problem->text());
  };

  auto opened = openState(state_path);
  if (!opened) return unsettled(&opened.error());
  if (!*opened) {
    if (startedLately(directory)) unsettled(nullptr);
    return;
  }
  const auto& status = (*opened)->status;
  const Stamp stamp{status.st_dev, status.st_ino, nanoseconds(status.st_mtim), status.st_size};
  auto& cached = cache_[state_path.string()];
  cached.round = round_;
  if (!cached.container || cached.stamp != stamp) {
    cached.container.reset();
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
    cached.stamp = stamp;
    cached.container = std::make_shared<const Container>(std::move(*parsed));
  }

  // What can change without the file: the cgroup goes, and the container that was created is started.
  Container now = *cached.container;
  now.cgroup_id = cgroupId(roots_.cgroup_mount, now.cgroup_path).value_or(0);
  now.state = isThere(directory / "exec.fifo") ? State::Created : State::Running;
  if (now.cgroup_id == 0) now.state = State::Stopped;
  if (now != *cached.container) cached.container = std::make_shared<const Container>(std::move(now));
  scan.containers.push_back(cached.container);
}

}  // namespace holdfast::container
