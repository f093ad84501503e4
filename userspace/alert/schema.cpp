// SPDX-License-Identifier: Apache-2.0
#include "alert/schema.hpp"

#include <filesystem>
#include <iterator>

#include "alert/copy.hpp"
#include "alert/store_sql.hpp"

namespace holdfast::alert {
namespace {

constexpr std::int64_t kApplicationId = 0x484f4c44;  // "HOLD", as file(1) shows it

// kSteps[i] brings version i to i + 1. A released step is never changed.
//
// alerts.body is the alert's JSON as it was when it was made; the columns count, state, last_*, open, handling and
// revision are newer. stamp is the store's own clock at the last change by an event; clock and totals have one row.
// events keeps the numbers that the kernel might still send again. outputs says up to where each was served.
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
)",
                                  R"(
ALTER TABLE alerts ADD COLUMN image TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN first_real INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN from_event INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN stamp INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN open INTEGER NOT NULL DEFAULT 1;
ALTER TABLE alerts ADD COLUMN handling TEXT NOT NULL DEFAULT '[]';
UPDATE alerts SET stamp = last_real, first_real = last_real;
UPDATE alerts SET
  image = coalesce(json_extract(body, '$.container.image'), ''),
  first_real = coalesce(json_extract(body, '$.time.first_real_ns'), last_real),
  from_event = json_extract(body, '$.event') IS NOT NULL
  WHERE json_valid(body);
CREATE INDEX alerts_stamp ON alerts (open, stamp);
CREATE INDEX alerts_state ON alerts (type, severity, state);
ALTER TABLE totals ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN removed_operations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN removed_notices INTEGER NOT NULL DEFAULT 0;
CREATE TABLE clock (now INTEGER NOT NULL, boot_id TEXT NOT NULL, boot_ns INTEGER NOT NULL);
CREATE TABLE outputs (
  name TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  delivered INTEGER NOT NULL) WITHOUT ROWID;
)",
                                  R"(
ALTER TABLE alerts ADD COLUMN cgroup_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN stage TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN item TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN chain TEXT NOT NULL DEFAULT '[]';
CREATE INDEX alerts_stage ON alerts (cgroup_id, boot_id, stage, last_boot) WHERE stage != '';
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

Result<void> keepCopy(sqlite3* db, std::int64_t version) {
  const std::string base = std::string(sqlite3_db_filename(db, "main")) + ".schema-" + std::to_string(version);
  constexpr int kCopiesMax = 9;
  for (int i = 1; i <= kCopiesMax; ++i) {
    const std::filesystem::path file = i == 1 ? base : base + "." + std::to_string(i);
    std::error_code error;
    if (!std::filesystem::exists(std::filesystem::symlink_status(file, error))) return copyTo(db, file);
  }
  return tl::unexpected(Error{"there are many copies of older stores: remove those that nobody needs", base});
}

}  // namespace

Result<void> migrate(sqlite3* db, bool read_only) {
  auto version = versionOf(db);
  if (!version) return tl::unexpected(version.error());
  if (*version == kVersion) return {};
  if (read_only)
    return tl::unexpected(
        Error{"this alert store has not been brought to the present schema", sqlite3_db_filename(db, "main")});

  if (*version > 0) {
    // Whatever the next version makes of it, and for the way back.
    if (auto kept = keepCopy(db, *version); !kept) return kept;
  }
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
