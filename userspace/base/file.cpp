// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/fd.hpp"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadStep = 65536;

tl::unexpected<Error> systemFail(std::string message, int error_number, const fs::path& file) {
  return tl::unexpected<Error>(systemError(std::move(message), error_number, file));
}

Result<void> writeAll(int fd, std::string_view content, const fs::path& name) {
  while (!content.empty()) {
    const ssize_t done = ::write(fd, content.data(), content.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return systemFail("cannot write", errno, name);
    content.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

Result<void> fillAndRename(int fd, const std::string& temporary, const fs::path& path, std::string_view content,
                           mode_t mode, std::optional<gid_t> group) {
  if (auto written = writeAll(fd, content, path); !written) return written;
  if (group && ::fchown(fd, static_cast<uid_t>(-1), *group) != 0)
    return systemFail("cannot set the group", errno, path);
  if (::fchmod(fd, mode) != 0) return systemFail("cannot set the mode", errno, path);
  if (::fsync(fd) != 0) return systemFail("cannot flush", errno, path);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return systemFail("cannot replace", errno, path);
  return {};
}

}  // namespace

Error systemError(std::string message, int error_number, const fs::path& file) {
  message += ": " + std::generic_category().message(error_number);
  return Error{std::move(message), file.string()};
}

Result<std::string> readFd(int fd, std::size_t limit, const fs::path& name) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) return systemFail("cannot read", errno, name);
  if (!S_ISREG(status.st_mode)) return tl::unexpected<Error>(Error{"not a regular file", name.string()});
  std::string content;
  // st_size is not trusted: files of /proc say 0, others grow while they are read.
  for (;;) {
    const std::size_t had = content.size();
    content.resize(had + std::min(kReadStep, limit - had + 1));
    const ssize_t got = ::pread(fd, content.data() + had, content.size() - had, static_cast<off_t>(had));
    const int error_number = errno;
    content.resize(had + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got < 0 && error_number == EINTR) continue;
    if (got < 0) return systemFail("cannot read", error_number, name);
    if (got == 0) return content;
    if (content.size() > limit) {
      return tl::unexpected<Error>(Error{"larger than " + std::to_string(limit) + " bytes", name.string()});
    }
  }
}

Result<std::string> readFile(const fs::path& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return systemFail("cannot open", errno, path);
  return readFd(fd.get(), limit, path);
}

Result<void> writeFileAtomically(const fs::path& path, std::string_view content, mode_t mode,
                                 std::optional<gid_t> group) {
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::string temporary = (directory / ("." + path.filename().string() + ".XXXXXX")).string();
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return systemFail("cannot create a temporary file beside it", errno, path);
  if (auto done = fillAndRename(fd.get(), temporary, path, content, mode, group); !done) {
    ::unlink(temporary.c_str());
    return done;
  }
  const UniqueFd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return systemFail("cannot flush the directory", errno, path);
  return {};
}

}  // namespace holdfast
