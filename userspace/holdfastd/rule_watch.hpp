// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/fd.hpp"

namespace holdfast::holdfastd {

/// Notices that files in some directories change (inotify), and waits for the change to come to an end.
class RuleWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// Of `files` nothing else in their directories matters.
  explicit RuleWatch(std::vector<std::filesystem::path> directories, std::vector<std::filesystem::path> files = {});

  /// Readable when drain() is to be called; -1 if the system has no more watches.
  [[nodiscard]] int fd() const { return fd_.get(); }
  void drain(Clock::time_point now);

  /// When to look at the files; nothing if nothing has changed.
  [[nodiscard]] std::optional<Clock::time_point> due() const;
  /// They are being looked at. Directories that have come into being or were replaced are watched from now on.
  void taken();

  /// Editors' and package managers' own files are none of ours.
  [[nodiscard]] static bool concerns(std::string_view file_name);

 private:
  void watch();
  [[nodiscard]] bool concerns(int watch, std::string_view file_name) const;

  const std::vector<std::filesystem::path> directories_;
  const std::vector<std::filesystem::path> files_;
  std::set<int> whole_;  // watches of directories that matter as a whole
  UniqueFd fd_;
  std::optional<Clock::time_point> first_;
  Clock::time_point last_{};
  bool created_ = false;  // the last event: a file was made and is not written yet
};

}  // namespace holdfast::holdfastd
