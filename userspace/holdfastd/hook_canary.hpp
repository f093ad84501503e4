// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "kernel/port.hpp"

namespace holdfast::holdfastd {

/// Shows that the module's hooks still fire: starts a harmless program, which does once what each of them watches, and
/// looks whether their counters moved. ftrace can be made to leave a function alone while everything else looks well.
class HookCanary {
 public:
  /// `program` ends at once with status 0 when it is given the argument "hello".
  HookCanary(kernel::Port& port, std::filesystem::path program) : port_(port), program_(std::move(program)) {}

  /// What is wrong; empty if every hook that is attached fired. Takes as long as the program does, five seconds at
  /// most.
  [[nodiscard]] std::string check();

 private:
  /// Runs the program to its end. What went wrong, or empty.
  [[nodiscard]] std::string run() const;

  kernel::Port& port_;
  const std::filesystem::path program_;
};

}  // namespace holdfast::holdfastd
