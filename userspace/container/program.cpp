// SPDX-License-Identifier: Apache-2.0
#include "container/program.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "container/mount_line.hpp"

namespace holdfast::container {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMountinfoBytesMax = 64UL * 1024 * 1024;

/// What the process that looks has to say, followed by the path.
struct Found {
  int error = 0;  // errno, and in which step
  char step = 0;
  std::uint32_t mode = 0;
  std::uint64_t mount = 0;
  std::uint64_t root_mount = 0;
};

int openat2(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) {
  struct open_how how = {};
  how.flags = flags;
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

bool look(int fd, Found& found, std::uint64_t& mount) {
  struct statx status = {};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE | STATX_MNT_ID, &status) != 0)
    return false;
  found.mode = status.stx_mode;
  mount = status.stx_mnt_id;
  return true;
}

/// In the child: only system calls.
void lookUp(const char* root_path, const char* path, int out) {
  Found found;
  std::array<char, PATH_MAX> name = {};
  ssize_t length = 0;
  const auto in_root = [&]() -> char {
    const int root = ::open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int self = ::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || self < 0) return 'r';
    const int file = openat2(root, path, O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT);
    if (file < 0) return 'f';
    if (!look(root, found, found.root_mount) || !look(file, found, found.mount)) return 's';
    // The kernel names files from the reader's root.
    if (::fchdir(root) != 0 || ::chroot(".") != 0) return 'c';
    char number[16] = {};
    int digits = 0;
    for (int rest = file; rest > 0 || digits == 0; rest /= 10) ++digits;
    for (int rest = file, i = digits; i-- > 0; rest /= 10) number[i] = static_cast<char>('0' + rest % 10);
    length = ::readlinkat(self, number, name.data(), name.size());
    return length < 0 ? 'n' : '\0';
  };
  found.step = in_root();
  if (found.step != 0) found.error = errno;
  (void)!::write(out, &found, sizeof found);
  if (length > 0) (void)!::write(out, name.data(), static_cast<std::size_t>(length));
}

/// Until the other end is closed.
Result<std::string> readUntil(int fd, Clock::time_point deadline) {
  std::string all;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    struct pollfd wait = {fd, POLLIN, 0};
    const int ready = left > 0 ? ::poll(&wait, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return fail("the file system that it is on does not answer");
    std::array<char, 4096> buffer;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("cannot look it up");
    if (got == 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<std::string> inChild(const std::string& root, const std::string& path, std::chrono::milliseconds patience) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected(systemError("cannot make a pipe", errno));
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return tl::unexpected(systemError("cannot make a process", errno));
  if (child == 0) {
    lookUp(root.c_str(), path.c_str(), writing.get());
    ::_exit(0);
  }
  writing.reset();
  auto answer = readUntil(reading.get(), Clock::now() + patience);
  ::kill(child, SIGKILL);
  // One that hangs in spite of that is left to init.
  ::waitpid(child, nullptr, answer ? 0 : WNOHANG);
  return answer;
}

/// On the root's own overlay: an image's file has nothing in the upper directory.
kernel::Origin onOverlay(const MountLine& mount, const std::string& path) {
  const std::string upper_dir = mount.superOption("upperdir");
  if (upper_dir.empty()) return kernel::Origin::Image;  // nothing can have been written
  if (!upper_dir.starts_with('/')) return kernel::Origin::Unknown;
  const UniqueFd directory(::open(upper_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return kernel::Origin::Unknown;
  const std::string below = mount.inFileSystem(path).substr(1);
  // What is in there is the container's.
  const UniqueFd file(
      openat2(directory.get(), below.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
  if (!file) return errno == ENOENT || errno == ENOTDIR ? kernel::Origin::Image : kernel::Origin::Unknown;
  const std::string name = "/proc/self/fd/" + std::to_string(file.get());
  for (const char* note : {"trusted.overlay.origin", "user.overlay.origin"}) {
    if (::getxattr(name.c_str(), note, nullptr, 0) > 0) return kernel::Origin::Changed;
  }
  return kernel::Origin::Added;
}

kernel::Origin originOf(const MountLine& mount, const MountLine& root, const std::string& path) {
  if (mount.device == root.device) return root.type == "overlay" ? onOverlay(mount, path) : kernel::Origin::Untold;
  for (const char* memory : {"tmpfs", "ramfs", "hugetlbfs"}) {
    if (mount.type == memory) return kernel::Origin::Memory;
  }
  return kernel::Origin::Volume;
}

Error stepFailed(const Found& found, const std::string& path) {
  if (found.step == 'f') return systemError("in the container", found.error, path);
  return systemError(found.step == 'r' ? "cannot enter the container's root" : "cannot look it up", found.error, path);
}

std::string whyNotExecutable(const MountLine& mount, std::uint32_t mode) {
  if (!S_ISREG(mode)) return "it is no regular file";
  if ((mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) return "it has no x permission";
  return mount.noExec() ? "its mount is noexec" : "";
}

}  // namespace

Result<Program> findProgram(std::uint32_t pid, const std::string& path, std::chrono::milliseconds patience) {
  const std::string process = "/proc/" + std::to_string(pid);
  const auto answer = inChild(process + "/root", path, patience);
  if (!answer) return tl::unexpected(Error{answer.error().message, path});
  Found found;
  if (answer->size() < sizeof found) return fail("cannot look it up");
  std::memcpy(&found, answer->data(), sizeof found);
  if (found.step != 0) return tl::unexpected(stepFailed(found, path));
  Program program;
  program.path = answer->substr(sizeof found);
  const auto mountinfo = readFile(process + "/mountinfo", kMountinfoBytesMax);
  if (!mountinfo) return tl::unexpected(mountinfo.error());
  const auto mount = findMountLine(*mountinfo, found.mount);
  const auto root = findMountLine(*mountinfo, found.root_mount);
  if (!mount) return tl::unexpected(mount.error());
  if (!root) return tl::unexpected(root.error());
  program.file_system = mount->type;
  program.origin = originOf(*mount, *root, program.path);
  program.not_executable = whyNotExecutable(*mount, found.mode);
  return program;
}

}  // namespace holdfast::container
