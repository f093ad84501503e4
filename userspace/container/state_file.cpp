// SPDX-License-Identifier: Apache-2.0
#include "container/state_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"

namespace holdfast::container {

namespace {

Stamp stampOf(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec,
          status.st_size};
}

}  // namespace

bool isTrusted(const struct stat& status) {
  return (status.st_uid == 0 || status.st_uid == ::geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Result<std::optional<StateFile>> openStateFile(const std::filesystem::path& path) {
  StateFile file{UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)), {}};
  if (!file.fd && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  struct stat status {};
  if (!file.fd || ::fstat(file.fd.get(), &status) != 0) {
    return tl::unexpected(systemError("cannot be opened", errno, path));
  }
  if (!S_ISREG(status.st_mode) || !isTrusted(status)) {
    return tl::unexpected(Error{"is not a file that only root can write", path.string()});
  }
  file.stamp = stampOf(status);
  return file;
}

Result<std::optional<std::string>> readStateFile(const std::filesystem::path& path, std::size_t limit) {
  auto file = openStateFile(path);
  if (!file) return tl::unexpected(file.error());
  if (!*file) return std::nullopt;
  auto text = readFd((*file)->fd.get(), limit, path);
  if (!text) return tl::unexpected(text.error());
  return std::move(*text);
}

Stamp stampOf(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? stampOf(status) : Stamp{};
}

}  // namespace holdfast::container
