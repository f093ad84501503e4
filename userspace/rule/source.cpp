// SPDX-License-Identifier: Apache-2.0
#include "rule/source.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/file.hpp"
#include "base/json.hpp"
#include "rule/model.hpp"

namespace holdfast::rule {
namespace {

namespace fs = std::filesystem;

constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

std::string lowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// Sorted names of rule files.
std::vector<std::string> listNames(const fs::path& directory, Findings& findings) {
  std::vector<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator it(directory, problem), end; !problem && it != end; it.increment(problem)) {
    const fs::path file = it->path().filename();
    if (file.string().starts_with('.')) continue;
    const std::string extension = file.extension().string();
    if (extension == ".yaml" || extension == ".yml") {
      names.push_back(file.string());
    } else if (const auto lower = lowerCase(extension); lower == ".yaml" || lower == ".yml") {
      findings.warning(Error{"ignored: only names ending in .yaml or .yml are read", safeUtf8(it->path().string())});
    }
  }
  if (problem) findings.error(Error{"cannot be read: " + problem.message(), directory.string()});
  std::ranges::sort(names);
  return names;
}

/// Who else could change what is enforced; empty if nobody.
std::string faultOfOwner(int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) return "cannot be read";
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return "belongs to user " + std::to_string(status.st_uid) + ", who could change the rules; it must be root's";
  }
  return (status.st_mode & S_IWOTH) != 0 ? "is writable by everybody; run chmod o-w" : "";
}

UniqueFd openBeneath(int directory, const std::string& name) {
  struct open_how how = {};
  how.flags = kOpenFlags;
  how.resolve = RESOLVE_BENEATH;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, directory, name.c_str(), &how, sizeof how)));
}

std::optional<std::string> readOne(int directory, const std::string& name, const std::string& path,
                                   Findings& findings) {
  const UniqueFd fd = openBeneath(directory, name);
  if (!fd) {
    const int error_number = errno;
    struct stat status = {};
    const bool removed = ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
    if (error_number == ENOENT && removed) return std::nullopt;  // between listing and opening
    findings.error(error_number == EXDEV ? Error{"is a symbolic link that leads out of its directory", path}
                                         : systemError("cannot open", error_number, path));
    return std::nullopt;
  }
  if (const std::string fault = faultOfOwner(fd.get()); !fault.empty()) {
    findings.error(Error{fault, path});
    return std::nullopt;
  }
  auto content = readFd(fd.get(), kFileBytesMax, path);
  if (!content) {
    findings.error(content.error());
    return std::nullopt;
  }
  return std::move(*content);
}

}  // namespace

std::vector<SourceFile> readDirectory(const fs::path& directory, Findings& findings) {
  std::vector<SourceFile> files;
  const UniqueFd fd(::open(directory.c_str(), kOpenFlags | O_DIRECTORY));
  if (!fd) {
    findings.error(systemError("cannot open the directory", errno, directory));
    return files;
  }
  if (const std::string fault = faultOfOwner(fd.get()); !fault.empty()) {
    findings.error(Error{fault, directory.string()});
    return files;
  }
  const auto names = listNames(directory, findings);
  if (names.size() > kFilesMax) {
    findings.error(Error{"more than " + std::to_string(kFilesMax) + " rule files", directory.string()});
    return files;
  }
  for (const auto& name : names) {
    const std::string path = (directory / name).string();
    if (safeUtf8(path) != path) {
      findings.error(Error{"the file's name is not printable", safeUtf8(path)});
    } else if (auto content = readOne(fd.get(), name, path, findings)) {
      files.push_back({path, std::move(*content)});
    }
  }
  return files;
}

std::optional<SourceFile> readOptional(const fs::path& path, Findings& findings) {
  const fs::path directory = path.has_parent_path() ? path.parent_path() : ".";
  const UniqueFd fd(::open(directory.c_str(), kOpenFlags | O_DIRECTORY));
  if (!fd) {
    findings.error(systemError("cannot open the directory", errno, directory));
    return std::nullopt;
  }
  auto content = readOne(fd.get(), path.filename().string(), path.string(), findings);
  if (!content) return std::nullopt;
  return SourceFile{path.string(), std::move(*content)};
}

Result<UniqueFd> lockDirectory(const fs::path& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return tl::unexpected(systemError("cannot open the directory", errno, directory));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return tl::unexpected(systemError("cannot lock the directory", errno, directory));
  }
  return fd;
}

}  // namespace holdfast::rule
