// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "alert/alert.hpp"
#include "holdfastctl/environment.hpp"
#include "holdfastctl/paged.hpp"

namespace holdfast::holdfastctl {

/// container::findProgram() from the root of the container's first process, if that still is one of the container's.
[[nodiscard]] Result<container::Program> findInContainer(const control::ContainerReport& container,
                                                         const std::string& path, std::chrono::milliseconds patience,
                                                         container::Links links);

/// What is in the programs that alerts are about: if their containers run, and it is what the kernel judged then. Each
/// file is read once; when all has taken a minute no more is. of() is to be used as an alert::DigestOf.
class ProgramDigests {
 public:
  /// The environment outlives it. `ask` tells of containers.
  ProgramDigests(const Environment& environment, Ask ask) : environment_(environment), ask_(std::move(ask)) {}

  /// An error says why no rule exempts it by its digest, or why that is not known.
  [[nodiscard]] Result<Sha256> of(const alert::Alert& alert);

 private:
  using Found = Result<container::Program>;

  [[nodiscard]] Result<control::ContainerReport> askFor(std::uint64_t cgroup_id) const;
  [[nodiscard]] Found find(std::uint64_t cgroup_id, const std::string& path);

  const Environment& environment_;
  Ask ask_;
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  std::map<std::uint64_t, Result<control::ContainerReport>> containers_;  // by cgroup
  std::map<std::pair<std::uint64_t, std::string>, Found> found_;          // by cgroup and path
};

}  // namespace holdfast::holdfastctl
