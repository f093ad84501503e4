// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/sqlite.hpp"

namespace holdfast::alert {

/// Statements without values or answers.
[[nodiscard]] inline Result<void> execute(sqlite3* db, const std::string& sql, std::string_view doing) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return databaseError(db, doing);
  return {};
}

/// The first column of the first row, 0 without rows.
[[nodiscard]] inline Result<std::int64_t> number(sqlite3* db, const std::string& sql) {
  auto statement = Statement::prepare(db, sql);
  if (!statement) return tl::unexpected(statement.error());
  auto row = statement->step("the alert store cannot be read");
  if (!row) return tl::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

/// Rolls back unless committed.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(sqlite3* db) {
    auto begun = execute(db, "BEGIN IMMEDIATE", "the alert store cannot be written");
    if (!begun) return tl::unexpected(begun.error());
    return Transaction(db);
  }
  [[nodiscard]] Result<void> commit() {
    auto done = execute(db_.get(), "COMMIT", "the alert store cannot be written");
    if (done) (void)db_.release();
    return done;
  }

 private:
  struct Rollback {
    // Some errors have rolled back already; then this does nothing.
    void operator()(sqlite3* db) const { sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr); }
  };
  explicit Transaction(sqlite3* db) : db_(db) {}
  std::unique_ptr<sqlite3, Rollback> db_;
};

}  // namespace holdfast::alert
