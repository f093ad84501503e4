// SPDX-License-Identifier: Apache-2.0
#include "alert/schema.hpp"

#include <iterator>

#include "alert/statement.hpp"

namespace holdfast::alert {
namespace {

constexpr std::int64_t kApplicationId = 0x484f4c44;  // "HOLD", as file(1) shows it

// kSteps[i] brings version i to i + 1. A released step is never changed.
//
// alerts.body is the alert's JSON as it was when it was made; the columns count, state, last_* and revision are newer.
// totals has one row. events keeps the numbers that the kernel might still send again.
constexpr const char* kSteps[] = {R"(
CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  boot_id TEXT NOT NULL,
  load_id INTEGER NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0,
  UNIQUE (boot_id, load_id));
CREATE TABLE events (
  stream INTEGER NOT NULL REFERENCES streams (id),
  number INTEGER NOT NULL,
  alert INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (stream, number)) WITHOUT ROWID;
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  revision INTEGER NOT NULL UNIQUE,
  fold_key TEXT NOT NULL,
  group_key TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  first_boot INTEGER NOT NULL,
  last_boot INTEGER NOT NULL,
  last_real INTEGER NOT NULL,
  count INTEGER NOT NULL,
  type TEXT NOT NULL,
  severity TEXT NOT NULL,
  state TEXT NOT NULL,
  kind TEXT NOT NULL,
  container_id TEXT NOT NULL,
  container_name TEXT NOT NULL,
  rule TEXT NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX alerts_fold ON alerts (fold_key, boot_id, first_boot);
CREATE INDEX alerts_group ON alerts (group_key, boot_id, first_boot);
CREATE TABLE totals (
  revision INTEGER NOT NULL,
  events INTEGER NOT NULL,
  alerts INTEGER NOT NULL,
  folded INTEGER NOT NULL,
  operations INTEGER NOT NULL,
  notices INTEGER NOT NULL);
INSERT INTO totals VALUES (0, 0, 0, 0, 0, 0);
)"};
constexpr auto kVersion = static_cast<std::int64_t>(std::size(kSteps));

Result<std::int64_t> versionOf(sqlite3* db) {
  auto version = number(db, "PRAGMA user_version");
  if (!version) return version;
  auto application = number(db, "PRAGMA application_id");
  if (!application) return application;
  auto tables = number(db, "SELECT count(*) FROM sqlite_master");
  if (!tables) return tables;
  const std::string file = sqlite3_db_filename(db, "main");
  if (*tables == 0 && *version == 0) return 0;
  if (*application != kApplicationId) return tl::unexpected(Error{"this is no alert store of Holdfast", file});
  if (*version > kVersion)
    return tl::unexpected(Error{"this alert store is of a newer version of Holdfast (schema " +
                                    std::to_string(*version) + ", this one knows " + std::to_string(kVersion) + ")",
                                file});
  return version;
}

}  // namespace

Result<void> migrate(sqlite3* db, bool read_only) {
  auto version = versionOf(db);
  if (!version) return tl::unexpected(version.error());
  if (*version == kVersion) return {};
  if (read_only)
    return tl::unexpected(
        Error{"this alert store has not been brought to the present schema", sqlite3_db_filename(db, "main")});

  auto transaction = Transaction::begin(db);
  if (!transaction) return tl::unexpected(transaction.error());
  // Another process may have been first.
  version = versionOf(db);
  if (!version) return tl::unexpected(version.error());
  for (std::int64_t step = *version; step < kVersion; ++step) {
    if (auto done = execute(db, kSteps[step], "the alert store's schema cannot be changed"); !done) return done;
  }
  const std::string marks = "PRAGMA user_version = " + std::to_string(kVersion) +
                            "; PRAGMA application_id = " + std::to_string(kApplicationId);
  if (auto done = execute(db, marks, "the alert store's schema cannot be changed"); !done) return done;
  return transaction->commit();
}

}  // namespace holdfast::alert
