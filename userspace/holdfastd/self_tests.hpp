// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "control/shapes.hpp"
#include "kernel/event.hpp"

namespace holdfast::holdfastd {

/// The self-tests that are going on, by cgroup, and what the kernel reported of each. For any thread.
class SelfTests {
 public:
  /// False if there are too many.
  [[nodiscard]] bool begin(std::uint64_t cgroup_id);
  void count(const kernel::Event& event);
  [[nodiscard]] bool running(std::uint64_t cgroup_id) const;
  [[nodiscard]] std::uint64_t seen(std::uint64_t cgroup_id) const;
  [[nodiscard]] std::vector<control::SelftestEvent> end(std::uint64_t cgroup_id);

 private:
  using Key = std::tuple<kernel::EventKind, kernel::Origin, kernel::Verdict>;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::map<Key, std::uint64_t>> counts_;
};

}  // namespace holdfast::holdfastd
