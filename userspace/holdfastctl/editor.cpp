// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/editor.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "base/file.hpp"

namespace holdfast::holdfastctl {
namespace {

std::string editorCommand() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

/// Other programs may not know "+LINE".
bool takesLine(const std::string& command) {
  std::string word = command.substr(0, command.find(' '));
  word = word.substr(word.rfind('/') + 1);
  for (const char* known : {"vi", "vim", "nvim", "nano", "emacs", "joe"}) {
    if (word == known) return true;
  }
  return false;
}

/// What a terminal sends to all that run in it is the editor's, which then does not end, either: as system(3) does it.
class TerminalSignals {
 public:
  TerminalSignals() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::posix_spawnattr_init(&child_);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      ::sigaction(kSignals[i], &ignore, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) ::sigaddset(&defaults, kSignals[i]);
    }
    ::posix_spawnattr_setsigdefault(&child_, &defaults);
    ::posix_spawnattr_setflags(&child_, POSIX_SPAWN_SETSIGDEF);
  }
  ~TerminalSignals() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
    ::posix_spawnattr_destroy(&child_);
  }
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;

  /// Of a child for which they are as they were.
  [[nodiscard]] const posix_spawnattr_t* child() const { return &child_; }

 private:
  static constexpr std::array kSignals = {SIGINT, SIGQUIT};
  std::array<struct sigaction, kSignals.size()> before_{};
  posix_spawnattr_t child_{};
};

}  // namespace

Result<void> runEditor(const std::filesystem::path& file, int line) {
  const std::string command = editorCommand();
  // The variable may hold options too, as a shell takes them.
  std::string script = command + " \"$@\"";
  std::string name = file.string();
  std::string place = "+" + std::to_string(line);
  std::array<char, 3> shell = {'s', 'h', '\0'};
  std::array<char, 3> option = {'-', 'c', '\0'};
  std::array<char*, 7> arguments = {shell.data(), option.data(), script.data(), shell.data(),
                                    name.data(),  nullptr,       nullptr};
  if (takesLine(command)) {
    arguments[4] = place.data();
    arguments[5] = name.data();
  }
  const TerminalSignals signals;
  pid_t child = 0;
  if (const int error = ::posix_spawn(&child, "/bin/sh", nullptr, signals.child(), arguments.data(), environ);
      error != 0)
    return tl::unexpected(systemError("cannot start an editor", error));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return tl::unexpected(systemError("cannot wait for the editor", errno));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail("the editor '" + command + "' failed: set EDITOR to one that is there, or use --set");
}

}  // namespace holdfast::holdfastctl
