// SPDX-License-Identifier: Apache-2.0
#include "alert/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "alert/schema.hpp"
#include "alert/store_sql.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"

namespace holdfast::alert {
namespace {

constexpr const char* kReading = "the alert store cannot be read";

/// SQLite gives its other files the mode of this one.
Result<void> makePrivate(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd) return tl::unexpected(systemError("the alert store cannot be opened", errno, file));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return tl::unexpected(Error{"the alert store is not a regular file", file.string()});
  return {};
}

Result<void> configure(sqlite3* db, const StoreOptions& options) {
  // The file is root's, but a store that somebody restored from elsewhere should not bring code along.
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_busy_timeout(db, static_cast<int>(options.busy_timeout.count()));
  if (options.read_only) return execute(db, "PRAGMA query_only = ON", kReading);
  // FULL: what add() said is stored outlives a power cut, since the kernel then forgets it.
  auto done = execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", "the alert store cannot be written");
  if (!done) return done;
  const auto page = number(db, "PRAGMA page_size");
  if (!page) return tl::unexpected(page.error());
  const std::uint64_t pages = std::max<std::uint64_t>(options.bytes_max / static_cast<std::uint64_t>(*page), 1);
  return execute(db, "PRAGMA max_page_count = " + std::to_string(pages), "the alert store cannot be written");
}

}  // namespace

void Store::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Result<Store> Store::open(const std::filesystem::path& file, const StoreOptions& options) {
  if (!options.read_only) {
    if (auto made = makePrivate(file); !made) return tl::unexpected(made.error());
  }
  // A reader also writes: the index of the write-ahead log.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, kFlags, nullptr);
  Database db(raw);
  if (code != SQLITE_OK)
    return tl::unexpected(
        Error{std::string("the alert store cannot be opened: ") + sqlite3_errstr(code), file.string()});
  if (auto done = configure(db.get(), options); !done) return tl::unexpected(done.error());
  if (auto done = migrate(db.get(), options.read_only); !done) return tl::unexpected(done.error());
  return Store(std::move(db), options);
}

Result<void> Store::settle(const std::string& boot_id, std::uint64_t load_id, std::uint64_t number) {
  auto transaction = Transaction::begin(db_.get());
  if (!transaction) return tl::unexpected(transaction.error());
  auto mark = Statement::prepare(db_.get(),
                                 "INSERT INTO streams (boot_id, load_id, settled) VALUES (?1, ?2, ?3) "
                                 "ON CONFLICT DO UPDATE SET settled = max(settled, excluded.settled)");
  if (!mark) return tl::unexpected(mark.error());
  if (auto done = mark->bind(boot_id, load_id, number).step("the alert store cannot be written"); !done)
    return tl::unexpected(done.error());
  auto forget = Statement::prepare(db_.get(),
                                   "DELETE FROM events WHERE number <= ?3 AND stream = "
                                   "(SELECT id FROM streams WHERE boot_id = ?1 AND load_id = ?2)");
  if (!forget) return tl::unexpected(forget.error());
  if (auto done = forget->bind(boot_id, load_id, number).step("the alert store cannot be written"); !done)
    return tl::unexpected(done.error());
  return transaction->commit();
}

Result<Totals> Store::totals() const {
  auto statement = Statement::prepare(
      db_.get(),
      "SELECT events, alerts, folded, operations, notices, removed, removed_operations, removed_notices FROM totals");
  if (!statement) return tl::unexpected(statement.error());
  auto row = statement->step(kReading);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return databaseError(db_.get(), "the alert store has lost its totals");
  const auto value = [&](int column) { return static_cast<std::uint64_t>(statement->integer(column)); };
  return Totals{value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7)};
}

Result<std::uint64_t> Store::lastNumber(const std::string& boot_id, std::uint64_t load_id) const {
  auto statement =
      Statement::prepare(db_.get(),
                         "SELECT max(settled, coalesce((SELECT max(number) FROM events WHERE stream = streams.id), 0)) "
                         "FROM streams WHERE boot_id = ? AND load_id = ?");
  if (!statement) return tl::unexpected(statement.error());
  auto row = statement->bind(boot_id, load_id).step(kReading);
  if (!row) return tl::unexpected(row.error());
  return *row ? static_cast<std::uint64_t>(statement->integer(0)) : 0;
}

Result<std::int64_t> Store::revision() const { return number(db_.get(), "SELECT revision FROM totals"); }

bool Store::moved() const {
  int moved = 0;
  return sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

}  // namespace holdfast::alert
