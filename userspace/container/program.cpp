// SPDX-License-Identifier: Apache-2.0
#include "container/program.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/sha256.hpp"
#include "container/mount_line.hpp"
#include "container/overlay_place.hpp"

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
  std::uint32_t name_length = 0;
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

/// All that is in the file, to `out`. The name leads to what was found, whatever happens to its path.
bool copyTo(int out, int self, const char* number) {
  const int file = ::openat(self, number, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return false;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    if (::write(out, buffer.data(), static_cast<std::size_t>(got)) != got) return false;
  }
}

/// In the child: only system calls. Has all been written?
bool lookUp(const char* root_path, const char* path, int out) {
  Found found;
  std::array<char, PATH_MAX> name = {};
  std::array<char, 16> number = {};
  ssize_t length = 0;
  int self = -1;
  const auto in_root = [&]() -> char {
    const int root = ::open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    self = ::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || self < 0) return 'r';
    const int file = openat2(root, path, O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT);
    if (file < 0) return 'f';
    if (!look(root, found, found.root_mount) || !look(file, found, found.mount)) return 's';
    // The kernel names files from the reader's root.
    if (::fchdir(root) != 0 || ::chroot(".") != 0) return 'c';
    int digits = 0;
    for (int rest = file; rest > 0 || digits == 0; rest /= 10) ++digits;
    for (int rest = file, i = digits; i-- > 0; rest /= 10) number[i] = static_cast<char>('0' + rest % 10);
    length = ::readlinkat(self, number.data(), name.data(), name.size());
    return length < 0 ? 'n' : '\0';
  };
  found.step = in_root();
  if (found.step != 0) found.error = errno;
  found.name_length = length > 0 ? static_cast<std::uint32_t>(length) : 0;
  (void)!::write(out, &found, sizeof found);
  (void)!::write(out, name.data(), found.name_length);
  return found.step == 0 && S_ISREG(found.mode) && copyTo(out, self, number.data());
}

/// What the child says: what it has found, the name, the bytes.
class Answer {
 public:
  void add(std::string_view bytes) {
    while (!named() && !bytes.empty()) {
      const auto some = std::min(bytes.size(), headLength() - head_.size());
      head_.append(bytes.substr(0, some));
      bytes.remove_prefix(some);
    }
    if (!bytes.empty()) hash_.add(bytes);
  }
  [[nodiscard]] bool named() const { return head_.size() >= sizeof(Found) && head_.size() == headLength(); }
  [[nodiscard]] Found found() const {
    Found found;
    std::memcpy(&found, head_.data(), sizeof found);
    return found;
  }
  [[nodiscard]] std::string name() const { return head_.substr(sizeof(Found)); }
  /// Of the bytes so far.
  [[nodiscard]] std::optional<Sha256> digest() { return hash_.take(); }

 private:
  [[nodiscard]] std::size_t headLength() const {
    return sizeof(Found) + (head_.size() < sizeof(Found) ? 0 : found().name_length);
  }

  std::string head_;
  Sha256Hash hash_;
};

/// The next bytes; none at the end.
Result<std::string> readSome(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    struct pollfd wait = {fd, POLLIN, 0};
    const int ready = left > 0 ? ::poll(&wait, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return fail("the file system that it is on does not answer");
    std::string buffer(65536, '\0');
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("cannot look it up");
    buffer.resize(static_cast<std::size_t>(got));
    return buffer;
  }
}

/// True at the end, false if there was no time for it.
Result<bool> readAll(int fd, std::chrono::milliseconds patience, Answer& answer) {
  auto deadline = Clock::now() + patience;
  for (bool named = false;;) {
    const auto some = readSome(fd, deadline);
    if (!some && named) return false;
    if (!some) return tl::unexpected(some.error());
    if (some->empty()) return answer.named() ? Result<bool>(true) : fail("cannot look it up");
    answer.add(*some);
    if (answer.named() && !named) deadline = Clock::now() + patience;
    named = answer.named();
  }
}

struct Looked {
  Found found;
  std::string name;
  std::optional<Sha256> digest;
};

Result<Looked> inChild(const std::string& root, const std::string& path, std::chrono::milliseconds patience) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected(systemError("cannot make a pipe", errno));
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return tl::unexpected(systemError("cannot make a process", errno));
  if (child == 0) {
    ::_exit(lookUp(root.c_str(), path.c_str(), writing.get()) ? 0 : 1);
  }
  writing.reset();
  Answer answer;
  const auto ended = readAll(reading.get(), patience, answer);
  ::kill(child, SIGKILL);
  // One that hangs in spite of that is left to init.
  int status = 1;
  ::waitpid(child, &status, ended && *ended ? 0 : WNOHANG);
  if (!ended) return tl::unexpected(ended.error());
  Looked looked{answer.found(), answer.name(), std::nullopt};
  if (*ended && WIFEXITED(status) && WEXITSTATUS(status) == 0) looked.digest = answer.digest();
  return looked;
}

void judgeOnOverlay(const MountLine& mount, Program& program) {
  const auto place = findOnOverlay(mount, mount.inFileSystem(program.path));
  program.layer = place.layer;
  program.unchanged = place.unchanged;
  program.origin = place.origin;
}

void judgeOrigin(const MountLine& mount, const MountLine& root, Program& program) {
  if (mount.device == root.device) {
    program.origin = kernel::Origin::Untold;
    if (root.type == "overlay") judgeOnOverlay(mount, program);
    return;
  }
  program.origin = kernel::Origin::Volume;
  for (const char* memory : {"tmpfs", "ramfs", "hugetlbfs"}) {
    if (mount.type == memory) program.origin = kernel::Origin::Memory;
  }
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
  auto looked = inChild(process + "/root", path, patience);
  if (!looked) return tl::unexpected(Error{looked.error().message, path});
  const Found& found = looked->found;
  if (found.step != 0) return tl::unexpected(stepFailed(found, path));
  Program program;
  program.path = std::move(looked->name);
  program.digest = looked->digest;
  const auto mountinfo = readFile(process + "/mountinfo", kMountinfoBytesMax);
  if (!mountinfo) return tl::unexpected(mountinfo.error());
  const auto mount = findMountLine(*mountinfo, found.mount);
  const auto root = findMountLine(*mountinfo, found.root_mount);
  if (!mount) return tl::unexpected(mount.error());
  if (!root) return tl::unexpected(root.error());
  program.file_system = mount->type;
  judgeOrigin(*mount, *root, program);
  program.not_executable = whyNotExecutable(*mount, found.mode);
  return program;
}

}  // namespace holdfast::container
