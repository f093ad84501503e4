// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "container/container.hpp"

namespace holdfast::container {

/// Which containers are known, by cgroup id. For any thread; every call is short.
class Table {
 public:
  struct Entry {
    std::uint64_t cgroup_id = 0;  // the container's own, or that of a cgroup below it in which a program was started
    std::shared_ptr<const Container> container;
    bool armed = false;  // its first program was judged: what starts in it now is no hook of the runtime
    bool self_test = false;
  };

  explicit Table(std::size_t capacity = 65536) : capacity_(capacity) {}

  /// Keeps what was known about `armed` as long as the init process is the same. False if the table is full.
  bool put(std::uint64_t cgroup_id, std::shared_ptr<const Container> container, bool armed = false,
           bool self_test = false);
  void arm(std::uint64_t cgroup_id);
  void erase(std::uint64_t cgroup_id);

  [[nodiscard]] std::optional<Entry> find(std::uint64_t cgroup_id) const;
  /// Also one that is gone, for the events it left behind.
  [[nodiscard]] std::shared_ptr<const Container> remember(std::uint64_t cgroup_id) const;
  [[nodiscard]] std::vector<Entry> all() const;
  [[nodiscard]] std::size_t size() const;

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Entry> entries_;
  std::deque<Entry> gone_;  // the latest last
};

}  // namespace holdfast::container
