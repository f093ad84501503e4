// SPDX-License-Identifier: Apache-2.0
#include "container/rootless.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "container/cgroup.hpp"
#include "container/mount_line.hpp"
#include "container/process.hpp"
#include "container/runc_state.hpp"
#include "kernel/types.hpp"

namespace holdfast::container {

namespace {

using std::filesystem::path;

// of one user
constexpr std::size_t kContainersMax = 256;
constexpr std::size_t kStateBytesMax = 128UL * 1024;
constexpr std::size_t kAllBytesMax = 2UL * 1024 * 1024;  // also of what turns out to be of no use
constexpr std::size_t kUsersMax = 4096;
constexpr std::size_t kMountinfoBytesMax = 64UL * 1024 * 1024;

/// What is in the directory itself and on its file system: a user may have mounted one there that never answers.
UniqueFd openBelow(int directory, const std::string& name, std::uint64_t flags) {
  open_how how{};
  how.flags = O_CLOEXEC | O_NOFOLLOW | flags;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, directory, name.c_str(), &how, sizeof how)));
}

UniqueFd openDirectory(int directory, const std::string& name, uid_t user) {
  UniqueFd fd = openBelow(directory, name, O_RDONLY | O_DIRECTORY);
  struct stat status {};
  const bool is_theirs =
      fd && ::fstat(fd.get(), &status) == 0 && status.st_uid == user && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  return is_theirs ? std::move(fd) : UniqueFd();
}

/// What is mounted where, read once and only if it is asked for.
class Mounts {
 public:
  /// Told without asking the file system.
  [[nodiscard]] bool isTmpfs(int fd) {
    constexpr std::string_view kMark = "mnt_id:";
    const auto info = readFile("/proc/self/fdinfo/" + std::to_string(fd), 4096);
    const auto at = info ? info->find(kMark) : std::string::npos;
    const auto digits = at == std::string::npos ? at : info->find_first_not_of(" \t", at + kMark.size());
    if (digits == std::string::npos) return false;
    std::uint64_t id = 0;
    std::from_chars(info->data() + digits, info->data() + info->size(), id);
    if (lines_.empty()) lines_ = readFile("/proc/self/mountinfo", kMountinfoBytesMax).value_or("");
    const auto line = findMountLine(lines_, id);
    return line && line->type == "tmpfs";
  }

 private:
  std::string lines_;
};

/// The user's directory, which systemd mounts for each.
UniqueFd openRunDirectory(const path& run_user, uid_t user, Mounts& mounts) {
  const std::string name = std::to_string(user);
  const UniqueFd all(::open(run_user.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!all) return {};
  if (auto plain = openDirectory(all.get(), name, user)) return plain;
  const UniqueFd mounted(::openat(all.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return mounted && mounts.isTmpfs(mounted.get()) ? openDirectory(mounted.get(), ".", user) : UniqueFd();
}

std::vector<std::string> namesIn(int directory, std::size_t max) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/self/fd/" + std::to_string(directory), error), end;
       !error && it != end && names.size() < max; it.increment(error))
    names.push_back(it->path().filename().string());
  return names;
}

/// As /proc shows it to one who is in none: the whole range, as it is.
bool isInUserNamespace(std::uint32_t pid) {
  const auto map = readFile("/proc/" + std::to_string(pid) + "/uid_map", 64UL * 1024);
  return map && !map->empty() && map->find(std::to_string(std::numeric_limits<std::uint32_t>::max())) == map->npos;
}

/// Nothing of it but who the first process is, and its name.
std::shared_ptr<const Container> believed(const Container& told, uid_t user, State state) {
  const auto pid = told.init_pid;
  const auto cgroup = cgroupOf(pid);
  if (told.init_start_ticks == 0 || startTicks(pid) != told.init_start_ticks || !cgroup || !isInUserNamespace(pid) ||
      isInNamed(*cgroup, runtimePatterns()))
    return nullptr;
  auto container = containerOf(told.id, kernel::idOfProcess(pid, told.init_start_ticks), {});
  container.runtime = told.runtime;
  container.owner = user;
  container.init_pid = pid;
  container.init_start_ticks = told.init_start_ticks;
  container.state = state;
  return std::make_shared<const Container>(std::move(container));
}

struct Reading {
  uid_t user = 0;
  std::size_t bytes_left = kAllBytesMax;
  std::vector<std::shared_ptr<const Container>> containers;

  void readRuntime(int directory, const std::string& runtime, const std::string& file) {
    const auto root = openDirectory(directory, runtime, user);
    if (!root) return;
    for (const auto& id : namesIn(root.get(), kContainersMax)) {
      const auto one = openDirectory(root.get(), id, user);
      const auto state = one ? openBelow(one.get(), file, O_RDONLY | O_NONBLOCK) : UniqueFd();
      if (!state) continue;
      const auto limit = std::min(kStateBytesMax, bytes_left);
      const auto text = readFd(state.get(), limit, file);
      bytes_left -= text ? text->size() : limit;
      if (!text) continue;
      const auto told = runtime == "runc" ? parseRuncState(*text, {}) : parseCrunState(id, *text, {});
      if (!told || told->id != id) continue;
      const bool created = static_cast<bool>(openBelow(one.get(), "exec.fifo", O_PATH));
      if (auto container = believed(*told, user, created ? State::Created : State::Running))
        containers.push_back(std::move(container));
    }
  }

  void readDirectory(const UniqueFd& directory) {
    if (!directory) return;
    readRuntime(directory.get(), "crun", "status");
    readRuntime(directory.get(), "runc", "state.json");
  }
};

std::vector<std::shared_ptr<const Container>> readUser(const RootlessRoots& roots, uid_t user, Mounts& mounts) {
  Reading reading{.user = user, .containers = {}};
  reading.readDirectory(openRunDirectory(roots.run_user, user, mounts));
  if (const UniqueFd temporary(::open(roots.temporary.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)); temporary)
    reading.readDirectory(openDirectory(temporary.get(), "podman-run-" + std::to_string(user), user));
  return std::move(reading.containers);
}

}  // namespace

std::vector<std::shared_ptr<const Container>> rootlessOf(const RootlessRoots& roots, uid_t user) {
  Mounts mounts;
  return readUser(roots, user, mounts);
}

std::vector<std::shared_ptr<const Container>> rootlessOfAll(const RootlessRoots& roots) {
  std::vector<std::shared_ptr<const Container>> all;
  const UniqueFd users(::open(roots.run_user.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!users) return all;
  Mounts mounts;
  for (const auto& name : namesIn(users.get(), kUsersMax)) {
    uid_t user = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), user);
    if (error != std::errc() || end != name.data() + name.size() || user == 0) continue;
    auto theirs = readUser(roots, user, mounts);
    all.insert(all.end(), std::make_move_iterator(theirs.begin()), std::make_move_iterator(theirs.end()));
  }
  return all;
}

}  // namespace holdfast::container
