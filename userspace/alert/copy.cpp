// SPDX-License-Identifier: Apache-2.0
#include "alert/copy.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/fd.hpp"
#include "base/file.hpp"

namespace holdfast::alert {
namespace {

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};

Result<void> fill(sqlite3* from, const std::filesystem::path& file) {
  sqlite3* raw = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  int code = sqlite3_open_v2(file.c_str(), &raw, kFlags, nullptr);
  const std::unique_ptr<sqlite3, Close> to(raw);
  if (code == SQLITE_OK) {
    if (sqlite3_backup* backup = sqlite3_backup_init(raw, "main", from, "main"); backup == nullptr) {
      code = sqlite3_errcode(raw);
    } else {
      // All pages in one step are one moment's.
      sqlite3_backup_step(backup, -1);
      code = sqlite3_backup_finish(backup);
    }
  }
  if (code == SQLITE_OK) return {};
  return tl::unexpected(Error{std::string("the copy could not be made: ") + sqlite3_errstr(code), file.string()});
}

Result<void> syncDirectory(const std::filesystem::path& file) {
  const auto parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const UniqueFd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return tl::unexpected(systemError("the copy could not be made", errno, parent));
  return {};
}

}  // namespace

Result<void> copyTo(sqlite3* db, const std::filesystem::path& file) {
  {
    const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return tl::unexpected(systemError("the copy could not be made", errno, file));
  }
  auto done = fill(db, file);
  if (done) done = syncDirectory(file);
  if (!done) ::unlink(file.c_str());
  return done;
}

}  // namespace holdfast::alert
