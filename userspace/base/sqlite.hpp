// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdfast {

[[nodiscard]] inline tl::unexpected<Error> databaseError(sqlite3* db, std::string_view doing) {
  const char* name = sqlite3_db_filename(db, "main");
  return tl::unexpected<Error>(
      Error{std::string(doing) + ": " + sqlite3_errmsg(db), name == nullptr ? std::string() : std::string(name)});
}

/// One prepared statement. Usable again after reset(). What was bound is copied.
class Statement {
 public:
  [[nodiscard]] static Result<Statement> prepare(sqlite3* db, const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(db, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK)
      return databaseError(db, "the database does not understand a statement");
    return Statement(db, raw);
  }

  template <class... Values>
  Statement& bind(const Values&... values) {
    sqlite3_reset(statement_.get());
    int index = 0;
    (bindOne(++index, values), ...);
    return *this;
  }
  void bindOne(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
  /// All 64 bits are kept; only equality means anything above 2^63.
  void bindOne(int index, std::uint64_t value) { bindOne(index, static_cast<std::int64_t>(value)); }
  void bindOne(int index, std::string_view value) {
    sqlite3_bind_text(statement_.get(), index, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  }

  /// True for a row, false at the end.
  [[nodiscard]] Result<bool> step(std::string_view doing) {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
      sqlite3_reset(statement_.get());
      return false;
    }
    auto error = databaseError(db_, doing);
    sqlite3_reset(statement_.get());
    return error;
  }

  /// Ends a query before its last row.
  void reset() { sqlite3_reset(statement_.get()); }

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  [[nodiscard]] std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    return bytes == nullptr
               ? std::string()
               : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(sqlite3* db, sqlite3_stmt* raw) : db_(db), statement_(raw) {}

  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace holdfast
