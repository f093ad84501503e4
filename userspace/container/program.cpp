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
#include "container/interpreter.hpp"
#include "container/mount_line.hpp"
#include "container/overlay_place.hpp"

namespace holdfast::container {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMountinfoBytesMax = 64UL * 1024 * 1024;

/// What the process that looks has to say, followed by the path, an Interpreter, its path, and all that is in the
/// file.
struct Found {
  int error = 0;  // errno, and in which step
  char step = 0;
  struct statx file = {};
  std::uint64_t root_mount = 0;
  std::uint32_t name_length = 0;
};

/// What it ends with.
enum Reading : int { Read = 0, Unread = 1, Written = 2 };

int openat2(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) {
  struct open_how how = {};
  how.flags = flags;
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

bool look(int fd, struct statx& status) {
  return ::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID, &status) == 0;
}

bool isRead(const struct statx& file) { return S_ISREG(file.stx_mode) && file.stx_size <= kDigestBytesMax; }

/// The interpreter's path and all that is in the file, to `out`. The name leads to what was found, whatever happens to
/// its path.
Reading copyTo(int out, int self, const char* number, const struct statx& before) {
  const int file = ::openat(self, number, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  std::array<char, 65536> buffer;
  static_assert(buffer.size() >= PATH_MAX);
  const Interpreter interpreter = interpreterOf(file, buffer);
  (void)!::write(out, &interpreter, sizeof interpreter);
  (void)!::write(out, buffer.data(), interpreter.length);
  for (ssize_t got = -1; got != 0;) {
    got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || ::write(out, buffer.data(), static_cast<std::size_t>(got)) != got) return Unread;
  }
  struct statx after = {};
  if (!look(file, after)) return Unread;
  return after.stx_size == before.stx_size && after.stx_ctime.tv_sec == before.stx_ctime.tv_sec &&
                 after.stx_ctime.tv_nsec == before.stx_ctime.tv_nsec
             ? Read
             : Written;
}

/// In the child: only system calls.
Reading lookUp(const char* root_path, const char* path, std::uint64_t resolve, int out) {
  Found found;
  std::array<char, PATH_MAX> name = {};
  std::array<char, 16> number = {};
  ssize_t length = 0;
  int self = -1;
  const auto in_root = [&]() -> char {
    const int root = ::open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    self = ::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || self < 0) return 'r';
    const int file = openat2(root, path, O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT | resolve);
    if (file < 0) return 'f';
    struct statx status = {};
    if (!look(root, status) || !look(file, found.file)) return 's';
    found.root_mount = status.stx_mnt_id;
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
  return found.step == 0 && isRead(found.file) ? copyTo(out, self, number.data(), found.file) : Unread;
}

/// What the child says: what it has found, the name, the bytes.
class Answer {
 public:
  void add(std::string_view bytes) {
    while (head_.size() < headLength() && !bytes.empty()) {
      const auto some = std::min(bytes.size(), headLength() - head_.size());
      head_.append(bytes.substr(0, some));
      bytes.remove_prefix(some);
    }
    if (!bytes.empty()) hash_.add(bytes);
  }
  [[nodiscard]] bool named() const { return head_.size() >= sizeof(Found) && head_.size() >= nameEnd(); }
  [[nodiscard]] Found found() const {
    Found found;
    std::memcpy(&found, head_.data(), sizeof found);
    return found;
  }
  [[nodiscard]] std::string name() const { return head_.substr(sizeof(Found), found().name_length); }
  [[nodiscard]] Interpreter interpreter() const {
    Interpreter interpreter;
    if (head_.size() >= interpreterPath()) std::memcpy(&interpreter, head_.data() + nameEnd(), sizeof interpreter);
    return interpreter;
  }
  [[nodiscard]] std::string interpreterName() const {
    return head_.size() > interpreterPath() ? head_.substr(interpreterPath()) : "";
  }
  /// Of the bytes so far.
  [[nodiscard]] std::optional<Sha256> digest() { return hash_.take(); }

 private:
  [[nodiscard]] std::size_t nameEnd() const { return sizeof(Found) + found().name_length; }
  [[nodiscard]] std::size_t interpreterPath() const { return nameEnd() + sizeof(Interpreter); }
  /// As far as is known by now.
  [[nodiscard]] std::size_t headLength() const {
    return head_.size() < sizeof(Found) ? sizeof(Found) : interpreterPath() + interpreter().length;
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
  std::string interpreter;
  bool is_script = false;
  std::optional<Sha256> digest;
  std::string unread;  // why there is none
};

std::string whyUnread(const struct statx& file, bool in_time, int ended) {
  if (!S_ISREG(file.stx_mode)) return "it is no regular file";
  if (!isRead(file)) return "it is larger than " + std::to_string(kDigestBytesMax >> 20U) + " MiB";
  if (!in_time) return "it could not be read in time";
  return ended == Written ? "it was written to while it was read" : "it cannot be read";
}

Result<Looked> inChild(const std::string& root, const std::string& path, std::chrono::milliseconds patience,
                       std::uint64_t resolve) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected(systemError("cannot make a pipe", errno));
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return tl::unexpected(systemError("cannot make a process", errno));
  if (child == 0) {
    ::_exit(lookUp(root.c_str(), path.c_str(), resolve, writing.get()));
  }
  writing.reset();
  Answer answer;
  const auto ended = readAll(reading.get(), patience, answer);
  ::kill(child, SIGKILL);
  // One that hangs in spite of that is left to init.
  int status = 1;
  ::waitpid(child, &status, ended && *ended ? 0 : WNOHANG);
  if (!ended) return tl::unexpected(ended.error());
  Looked looked{
      answer.found(), answer.name(), answer.interpreterName(), answer.interpreter().of_script, std::nullopt, {}};
  const int how = *ended && WIFEXITED(status) ? WEXITSTATUS(status) : Unread;
  if (how == Read) looked.digest = answer.digest();
  if (!looked.digest) looked.unread = whyUnread(looked.found.file, *ended, how);
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

/// As the kernel decides which file systems tell reliably when a file is written.
bool tellsOfWrites(const std::string& type) {
  // FAT's time of a change is one that everybody sets
  if (type.starts_with("fuse") || type.ends_with("fat") || type.ends_with("dos")) return false;
  const auto known = readFile("/proc/filesystems", kMountinfoBytesMax);
  // those that need no device begin with "nodev"
  return known && ("\n" + *known).find("\n\t" + type + "\n") != std::string::npos;
}

/// Why the kernel exempts no file there by its digest; empty if it does. `own_layer`: of a container's overlay, which
/// no container has made.
std::string whyNotByDigest(const MountLine& mount, bool own_layer) {
  if (mount.type == "tmpfs" || mount.type == "devtmpfs") return {};
  if (!tellsOfWrites(mount.type))
    return "it is on " + mount.type + ", which does not tell reliably when a file is written";
  const bool loop = mount.device.starts_with("7:") || mount.source.starts_with("/dev/loop");
  return loop && !own_layer ? "it is on a loop device, whose file can be written to" : "";
}

/// Of the file system, on this host, that a layer is on.
std::string whyNotByDigest(const std::string& layer) {
  struct statx status = {};
  const auto mountinfo = readFile("/proc/self/mountinfo", kMountinfoBytesMax);
  if (!mountinfo || ::statx(AT_FDCWD, layer.c_str(), 0, STATX_MNT_ID, &status) != 0) return "its layer cannot be found";
  const auto mount = findMountLine(*mountinfo, status.stx_mnt_id);
  return mount ? whyNotByDigest(*mount, true) : mount.error().message;
}

std::string whyNotExecutable(const MountLine& mount, std::uint32_t mode) {
  if (!S_ISREG(mode)) return "it is no regular file";
  if ((mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) return "it has no x permission";
  return mount.noExec() ? "its mount is noexec" : "";
}

}  // namespace

Result<Program> findProgram(std::uint32_t pid, const std::string& path, std::chrono::milliseconds patience,
                            Links links) {
  const std::string process = "/proc/" + std::to_string(pid);
  auto looked = inChild(process + "/root", path, patience, links == Links::Refused ? RESOLVE_NO_SYMLINKS : 0);
  if (!looked) return tl::unexpected(Error{looked.error().message, path});
  const Found& found = looked->found;
  if (found.step != 0) return tl::unexpected(stepFailed(found, path));
  Program program;
  program.path = std::move(looked->name);
  program.interpreter = std::move(looked->interpreter);
  program.is_script = looked->is_script;
  program.digest = looked->digest;
  const auto mountinfo = readFile(process + "/mountinfo", kMountinfoBytesMax);
  if (!mountinfo) return tl::unexpected(mountinfo.error());
  const auto mount = findMountLine(*mountinfo, found.file.stx_mnt_id);
  const auto root = findMountLine(*mountinfo, found.root_mount);
  if (!mount) return tl::unexpected(mount.error());
  if (!root) return tl::unexpected(root.error());
  program.file_system = mount->type;
  judgeOrigin(*mount, *root, program);
  program.not_executable = whyNotExecutable(*mount, found.file.stx_mode);
  program.mounted_alone = mount->point == program.path && mount->readOnly();
  program.device = mount->deviceNumber();
  program.inode = found.file.stx_ino;
  program.size = found.file.stx_size;
  program.changed_at =
      static_cast<std::uint64_t>(found.file.stx_ctime.tv_sec) * 1'000'000'000 + found.file.stx_ctime.tv_nsec;
  program.not_by_digest = looked->unread;
  if (program.digest)
    program.not_by_digest = mount->device == root->device && root->type == "overlay" ? whyNotByDigest(program.layer)
                                                                                     : whyNotByDigest(*mount, false);
  return program;
}

bool isRuntimeProgram(const Program& program, const std::vector<std::string>& names) {
  if (!program.mounted_alone) return false;
  const auto mountinfo = readFile("/proc/self/mountinfo", kMountinfoBytesMax);
  return mountinfo && std::any_of(names.begin(), names.end(), [&](const std::string& name) {
           struct statx file = {};
           if (::statx(AT_FDCWD, name.c_str(), 0, STATX_BASIC_STATS | STATX_MNT_ID, &file) != 0) return false;
           const auto mount = findMountLine(*mountinfo, file.stx_mnt_id);
           return mount && mount->deviceNumber() == program.device && file.stx_ino == program.inode;
         });
}

}  // namespace holdfast::container
