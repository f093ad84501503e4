// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace holdfast::holdfastctl {

/// A control group of its own for one self-test, "holdfast-selftest-PID", gone with the object and all that runs in it.
class ScratchCgroup {
 public:
  /// Also removes those that earlier self-tests left behind when they were killed.
  [[nodiscard]] static Result<ScratchCgroup> make();

  ScratchCgroup(ScratchCgroup&& other) noexcept : path_(std::move(other.path_)), id_(other.id_) { other.path_.clear(); }
  ScratchCgroup& operator=(ScratchCgroup&&) = delete;
  ~ScratchCgroup();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// As the kernel names it: the inode number of the directory.
  [[nodiscard]] std::uint64_t id() const { return id_; }
  void killAll() const;

 private:
  ScratchCgroup(std::filesystem::path path, std::uint64_t id) : path_(std::move(path)), id_(id) {}

  std::filesystem::path path_;
  std::uint64_t id_;
};

/// Runs `probe` as the only program of an overlay image, in `cgroup`, in a mount namespace that ends with it: nothing
/// of it is seen on the host. Returns what it wrote. Everything is killed after `timeout`.
[[nodiscard]] Result<std::string> runInScratchContainer(const ScratchCgroup& cgroup, const std::filesystem::path& probe,
                                                        std::chrono::milliseconds timeout);

}  // namespace holdfast::holdfastctl
