// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <string>

#include "container/process.hpp"

namespace holdfast::test {

/// A process in a user namespace of its own.
class Namespaced {
 public:
  Namespaced() {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const char done = ::unshare(CLONE_NEWUSER) == 0 ? 'y' : 'n';
      (void)!::write(ready[1], &done, 1);
      for (;;) ::pause();
    }
    char done = 0;
    REQUIRE(::read(ready[0], &done, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
    REQUIRE(done == 'y');
    std::ofstream("/proc/" + std::to_string(pid_) + "/uid_map") << "0 " << ::geteuid() << " 1";
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
  pid_t pid_ = 0;
};

}  // namespace holdfast::test
