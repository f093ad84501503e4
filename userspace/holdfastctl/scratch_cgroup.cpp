// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <thread>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "holdfastctl/scratch_container.hpp"

namespace holdfast::holdfastctl {
namespace {

constexpr std::string_view kPrefix = "holdfast-selftest-";

Result<std::filesystem::path> hierarchy() {
  for (const char* path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct statfs status {};
    if (::statfs(path, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC) return std::filesystem::path(path);
  }
  return fail("there is no cgroup v2 hierarchy in /sys/fs/cgroup");
}

/// Those whose self-test is dead. One that is not empty stays: its processes are not ours to kill.
void removeLeftovers(const std::filesystem::path& root) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (!name.starts_with(kPrefix)) continue;
    pid_t pid = 0;
    const char* last = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + kPrefix.size(), last, pid);
    if (parsed.ec == std::errc() && parsed.ptr == last && ::kill(pid, 0) != 0 && errno == ESRCH)
      ::rmdir(it->path().c_str());
  }
}

}  // namespace

Result<ScratchCgroup> ScratchCgroup::make() {
  const auto root = hierarchy();
  if (!root) return tl::unexpected(root.error());
  removeLeftovers(*root);
  const auto path = *root / (std::string(kPrefix) + std::to_string(::getpid()));
  struct stat status {};
  if ((::rmdir(path.c_str()) != 0 && errno != ENOENT) || ::mkdir(path.c_str(), 0755) != 0)
    return tl::unexpected(systemError("the self-test's control group cannot be made", errno, path));
  ScratchCgroup cgroup(path, 0);
  if (::stat(path.c_str(), &status) != 0)
    return tl::unexpected(systemError("the self-test's control group cannot be read", errno, path));
  cgroup.id_ = status.st_ino;
  return cgroup;
}

void ScratchCgroup::killAll() const {
  const UniqueFd kill(::open((path_ / "cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  if (kill && ::write(kill.get(), "1", 1) == 1) return;
  // Before Linux 5.14. One pass is enough for a probe that does not race with it.
  std::ifstream processes(path_ / "cgroup.procs");
  for (pid_t pid = 0; processes >> pid;)
    if (pid > 0) ::kill(pid, SIGKILL);
}

ScratchCgroup::~ScratchCgroup() {
  if (path_.empty()) return;
  killAll();
  // Killed processes leave a moment later.
  for (int tries = 0; ::rmdir(path_.c_str()) != 0 && errno == EBUSY && tries < 100; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

}  // namespace holdfast::holdfastctl
