// SPDX-License-Identifier: Apache-2.0
#include "container/libpod_database.hpp"

#include <sqlite3.h>

#include <array>
#include <memory>

#include "base/sqlite.hpp"
#include "container/bolt.hpp"
#include "container/state_file.hpp"

namespace holdfast::container {

namespace {

using std::filesystem::path;
using Config = std::optional<std::string>;

constexpr int kBusyMs = 200;
constexpr int kConfigBytesMax = 16 * 1024 * 1024;

Result<Config> fromBolt(const path& file, Libpod kind, std::string_view id) {
  const auto bolt = Bolt::open(file);
  if (!bolt) return tl::unexpected(bolt.error());
  if (!*bolt) return Config();
  const std::array<std::string_view, 2> buckets{kind == Libpod::Container ? "ctr" : "pod", id};
  auto config = (*bolt)->value(buckets, "config");
  if (!config && config.error().file.empty()) return tl::unexpected(Error{config.error().message, file});
  return config;
}

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};

Result<Config> fromSqlite(const path& file, Libpod kind, std::string_view id) {
  constexpr std::string_view kReading = "Podman's database cannot be read";
  const auto opened = openStateFile(file);
  if (!opened) return tl::unexpected(opened.error());
  if (!*opened) return Config();
  sqlite3* raw = nullptr;
  // Podman locks it for the time of a change, and so does this for that of a look.
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, Close> db(raw);
  if (code != SQLITE_OK) return tl::unexpected(Error{std::string(kReading) + ": " + sqlite3_errstr(code), file});
  sqlite3_busy_timeout(raw, kBusyMs);
  sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, kConfigBytesMax);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  auto query = Statement::prepare(raw, kind == Libpod::Container ? "SELECT JSON FROM ContainerConfig WHERE ID = ?"
                                                                 : "SELECT JSON FROM PodConfig WHERE ID = ?");
  if (!query) return tl::unexpected(query.error());
  const auto row = query->bind(id).step(kReading);
  if (!row) return tl::unexpected(row.error());
  return *row ? Config(query->text(0)) : Config();
}

}  // namespace

Result<Config> libpodConfig(const path& storage, Libpod kind, std::string_view id) {
  auto config = fromBolt(storage / "libpod/bolt_state.db", kind, id);
  if (!config || *config) return config;
  return fromSqlite(storage / "db.sql", kind, id);
}

}  // namespace holdfast::container
