// SPDX-License-Identifier: Apache-2.0
#include "rule/change.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/json.hpp"

namespace holdfast::rule {
namespace {

template <class T>
tl::unexpected<std::vector<Error>> one(const T& error) {
  return tl::unexpected(std::vector<Error>{error});
}

/// Held until it is closed. Of the directory: files in it are replaced.
Result<UniqueFd> lock(const std::filesystem::path& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return tl::unexpected(systemError("cannot open the directory", errno, directory));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return tl::unexpected(systemError("cannot lock the directory", errno, directory));
  }
  return fd;
}

/// The mode stays; a file that nobody may write is not to be written, not by root either.
Result<void> replace(const Rule& rule, std::string_view content) {
  struct stat status = {};
  if (::lstat(rule.file.c_str(), &status) != 0) return tl::unexpected(systemError("cannot be read", errno, rule.file));
  if (S_ISLNK(status.st_mode)) {
    return tl::unexpected(
        Error{"is a symbolic link: change the file that it leads to", rule.file, rule.line, rule.column});
  }
  if ((status.st_mode & (S_IWUSR | S_IWGRP)) == 0) {
    return tl::unexpected(
        Error{"is read-only: run chmod u+w, or change it where it comes from", rule.file, rule.line, rule.column});
  }
  return writeFileAtomically(rule.file, content, status.st_mode & 07777);
}

}  // namespace

tl::expected<Changed, std::vector<Error>> change(const Sources& sources, const HostConfig& config,
                                                 const std::string& rule_name, Edit edit) {
  const auto locked = lock(sources.rules_dir);
  if (!locked) return one(locked.error());
  const auto now = load(sources, config);
  if (!now) return tl::unexpected(now.error());
  const Rule* rule = now->find(rule_name);
  if (rule == nullptr) return one(Error{"there is no rule " + inQuotes(rule_name)});
  if (rule->system) {
    return one(Error{"rule " + inQuotes(rule_name) + " ships with Holdfast: only custom rules are changed here",
                     rule->file, rule->line, rule->column});
  }
  const auto content = readFile(rule->file, kFileBytesMax);
  if (!content) return one(content.error());
  auto text = edited(*content, rule->file, rule_name, edit);
  if (!text) return one(text.error());
  Changed changed{*rule, *text != *content, *now, *now};
  if (!changed.written) return changed;
  const SourceFile instead{rule->file, std::move(*text)};
  auto after = load(sources, config, &instead);
  if (!after) return tl::unexpected(after.error());
  if (auto done = replace(*rule, instead.content); !done) return one(done.error());
  changed.after = std::move(*after);
  return changed;
}

}  // namespace holdfast::rule
