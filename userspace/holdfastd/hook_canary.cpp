// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/hook_canary.hpp"

#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <map>
#include <system_error>

#include "base/fd.hpp"
#include "base/json.hpp"

namespace holdfast::holdfastd {

namespace {

constexpr std::chrono::milliseconds kPatience{5000};

/// The child begins with no signal blocked, unlike this process.
int spawn(pid_t& child, const std::string& program) {
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string name = program;
  std::string hello = "hello";
  char* const arguments[] = {name.data(), hello.data(), nullptr};
  char* const environment[] = {nullptr};
  const int error = ::posix_spawn(&child, program.c_str(), nullptr, &attributes, arguments, environment);
  ::posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

std::string HookCanary::run() const {
  pid_t child = 0;
  if (const int error = spawn(child, program_); error != 0) {
    return "cannot start " + program_.string() + ": " + std::generic_category().message(error);
  }
  // Asks whether this process may look into that one, which is one more hook; also when it has ended already.
  std::error_code ignored;
  (void)std::filesystem::read_symlink("/proc/" + std::to_string(child) + "/exe", ignored);

  const UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd ready{.fd = ended.get(), .events = POLLIN, .revents = 0};
  const bool in_time = ended && ::poll(&ready, 1, static_cast<int>(kPatience.count())) > 0;
  if (!in_time) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return program_.string() + " did not end in time";
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return program_.string() + " did not end as it should";
  return {};
}

std::string HookCanary::check() {
  const auto before = port_.hooks();
  if (!before) return before.error().message;
  if (auto problem = run(); !problem.empty()) return problem;
  const auto after = port_.hooks();
  if (!after) return after.error().message;

  std::map<std::string, std::uint64_t> hits;
  for (const auto& hook : *before) hits[hook.symbol] = hook.hits;
  std::string silent;
  for (const auto& hook : *after) {
    // The others are of single checks, which are not made for a trial.
    constexpr auto kWatched = kernel::kHookAttached | kernel::kHookMandatory;
    const bool watched = (hook.flags & kWatched) == kWatched;
    if (watched && hook.hits <= hits[hook.symbol]) silent += (silent.empty() ? "" : ", ") + safeUtf8(hook.symbol);
  }
  return silent.empty() ? silent : "not called although what it watches was done: " + silent;
}

}  // namespace holdfast::holdfastd
