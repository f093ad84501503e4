// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/scratch_container.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/fd.hpp"
#include "base/file.hpp"

namespace holdfast::holdfastctl {
namespace {

// Covered in the child's own mount namespace only; there is one on every system.
constexpr const char* kScratch = "/run";
constexpr const char* kProbe = "/selftest-probe";
constexpr std::size_t kProbeBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kOutputBytesMax = 64 * 1024;

Result<void> failedTo(const char* what) {
  return tl::unexpected(systemError(std::string("the scratch container cannot ") + what, errno));
}

Result<void> enter(const ScratchCgroup& cgroup) {
  const UniqueFd fd(::open((cgroup.path() / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), "0", 1) != 1) return failedTo("enter its control group");
  return {};
}

Result<void> mountRoot(const std::string& probe) {
  const std::string base = kScratch;
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return failedTo("have a mount namespace");
  if (::mount("holdfast", kScratch, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755,size=64m") != 0)
    return failedTo("mount a tmpfs");
  for (const char* name : {"/lower", "/lower/tmp", "/upper", "/work", "/root"})
    if (::mkdir((base + name).c_str(), 0755) != 0) return failedTo("make a directory");
  if (auto written = writeFileAtomically(base + "/lower" + kProbe, probe, 0755); !written) return written;
  const std::string options = "lowerdir=" + base + "/lower,upperdir=" + base + "/upper,workdir=" + base + "/work";
  if (::mount("holdfast", (base + "/root").c_str(), "overlay", MS_NODEV | MS_NOSUID, options.c_str()) != 0)
    return failedTo("mount an overlay");
  if (::mount("holdfast", (base + "/root/tmp").c_str(), "tmpfs", MS_NODEV | MS_NOSUID, "size=16m") != 0)
    return failedTo("mount a tmpfs");
  return {};
}

/// The old root is stacked on the new one, then taken off: pivot_root(2), NOTES. An initramfs cannot be taken off.
Result<void> changeRoot() {
  const std::string root = std::string(kScratch) + "/root";
  if (::chdir(root.c_str()) != 0) return failedTo("change its root");
  const bool pivoted = ::syscall(SYS_pivot_root, ".", ".") == 0;
  const bool changed = pivoted ? ::umount2(".", MNT_DETACH) == 0 : errno == EINVAL && ::chroot(".") == 0;
  if (!changed || ::chdir("/") != 0) return failedTo("change its root");
  return {};
}

/// The child: never returns.
[[noreturn]] void becomeProbe(const ScratchCgroup& cgroup, const std::string& probe, int out) {
  // Dies with the self-test, and is stopped as usual though the self-test holds signals back.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  Result<void> done = ::dup2(out, STDOUT_FILENO) < 0 ? failedTo("write") : Result<void>();
  if (done) done = enter(cgroup);
  if (done) done = mountRoot(probe);
  if (done) done = changeRoot();
  if (done) {
    std::array<char*, 2> arguments = {const_cast<char*>(kProbe), nullptr};
    std::array<char*, 1> environment = {nullptr};
    ::execve(kProbe, arguments.data(), environment.data());
    done = failedTo("start its image's own program");
  }
  const std::string text = "!" + done.error().text() + "\n";
  (void)!::write(STDOUT_FILENO, text.data(), text.size());
  ::_exit(1);
}

/// All that arrives before the other end is closed. False if the time is over first.
bool readAll(int fd, std::chrono::milliseconds timeout, std::string& output) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd ready{fd, POLLIN, 0};
    const int count = left.count() <= 0 ? 0 : ::poll(&ready, 1, static_cast<int>(left.count()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got <= 0) return got == 0;
    if (output.size() < kOutputBytesMax) output.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::string> runInScratchContainer(const ScratchCgroup& cgroup, const std::filesystem::path& probe,
                                          std::chrono::milliseconds timeout) {
  const auto program = readFile(probe, kProbeBytesMax);
  if (!program) return tl::unexpected(program.error());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return tl::unexpected(systemError("no pipe can be made", errno));
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return tl::unexpected(systemError("no process can be made", errno));
  if (child == 0) becomeProbe(cgroup, *program, writing.get());
  writing.reset();

  std::string output;
  const bool ended = readAll(reading.get(), timeout, output);
  if (!ended) {
    cgroup.killAll();
    ::kill(child, SIGKILL);
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return fail("the scratch container did not end in time");
  if (output.starts_with("!")) return fail(output.substr(1, output.find('\n') - 1));
  return output;
}

}  // namespace holdfast::holdfastctl
