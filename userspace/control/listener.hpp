// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace holdfast::control {

/// A listening socket in the file system, removed with the object unless somebody else has taken its place.
class Listener {
 public:
  /// root:readers and 0660, or 0600 without readers. Never open wider, not even for a moment.
  [[nodiscard]] static Result<Listener> open(const std::filesystem::path& path, std::optional<gid_t> readers);

  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Listener(UniqueFd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

  UniqueFd fd_;
  std::filesystem::path path_;
  dev_t dev_ = 0;
  ino_t ino_ = 0;
};

}  // namespace holdfast::control
