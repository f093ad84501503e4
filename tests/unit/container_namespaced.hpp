// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <string>

#include "container/process.hpp"

namespace holdfast::test {

/// A process in a user namespace of its own. Another program: the thread sanitizer's own thread does not outlive
/// fork().
class Namespaced {
 public:
  Namespaced() {
    const char* const arguments[] = {"unshare", "--user", "--map-root-user", "sleep", "1000", nullptr};
    REQUIRE(::posix_spawnp(&pid_, arguments[0], nullptr, nullptr, const_cast<char* const*>(arguments), environ) == 0);
    for (int tries = 0; tries < 2000 && !isThere(); ++tries) ::usleep(5000);
    REQUIRE(isThere());
  }
  Namespaced(const Namespaced&) = delete;
  Namespaced& operator=(const Namespaced&) = delete;
  ~Namespaced() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  [[nodiscard]] std::uint64_t ticks() const { return container::startTicks(pid()).value_or(0); }

 private:
  /// The program that it starts in the end has come.
  [[nodiscard]] bool isThere() const {
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(pid_) + "/comm"), name);
    return name == "sleep";
  }

  pid_t pid_ = 0;
};

}  // namespace holdfast::test
