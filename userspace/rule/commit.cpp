// SPDX-License-Identifier: Apache-2.0
#include "rule/commit.hpp"

#include <cerrno>

#include "base/file.hpp"

namespace holdfast::rule {
namespace {

constexpr mode_t kNewFileMode = 0644;

bool isUnchanged(const std::string& path, const struct stat& then) {
  struct stat now = {};
  if (::lstat(path.c_str(), &now) != 0) return false;
  return now.st_dev == then.st_dev && now.st_ino == then.st_ino && now.st_size == then.st_size &&
         now.st_mtim.tv_sec == then.st_mtim.tv_sec && now.st_mtim.tv_nsec == then.st_mtim.tv_nsec;
}

tl::unexpected<std::vector<Error>> refused(const Error& error) { return tl::unexpected(std::vector<Error>{error}); }

}  // namespace

Result<Original> readOriginal(const Error& at) {
  const auto refuse = [&at](const char* why) { return tl::unexpected(Error{why, at.file, at.line, at.column}); };
  Original original;
  if (::lstat(at.file.c_str(), &original.status) != 0)
    return tl::unexpected(systemError("cannot be read", errno, at.file));
  if (S_ISLNK(original.status.st_mode)) return refuse("is a symbolic link: change the file that it leads to");
  if ((original.status.st_mode & (S_IWUSR | S_IWGRP)) == 0)
    return refuse("is read-only: run chmod u+w, or change it where it comes from");
  auto content = readFile(at.file, kFileBytesMax);
  if (!content) return tl::unexpected(content.error());
  original.content = std::move(*content);
  return original;
}

Loaded commit(const Sources& sources, const HostConfig& config, const SourceFile& file, const Original* original) {
  auto after = load(sources, config, &file);
  if (!after) return tl::unexpected(after.error());
  if (original != nullptr && !isUnchanged(file.path, original->status))
    return refused(Error{"was changed by somebody else meanwhile: nothing is written, try again", file.path});
  const auto done = original != nullptr ? writeFileAtomically(file.path, file.content, original->status.st_mode & 07777,
                                                              original->status.st_gid)
                                        : writeFileAtomically(file.path, file.content, kNewFileMode);
  if (!done) return refused(done.error());
  return std::move(*after);
}

}  // namespace holdfast::rule
