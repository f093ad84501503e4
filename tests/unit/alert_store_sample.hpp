// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <memory>

#include "alert/store.hpp"
#include "alert_sample.hpp"

namespace holdfast::test {

/// A store whose clocks a test turns.
struct ClockedStore {
  ScratchDirectory directory;
  std::filesystem::path file = directory / "alerts.db";
  std::shared_ptr<alert::Clocks> clocks =
      std::make_shared<alert::Clocks>(alert::Clocks{"boot-1", 1'000'000'000'000, 1'700'000'000'000'000'000});
  alert::Store store = open();

  [[nodiscard]] alert::Store open() const {
    alert::StoreOptions options;
    options.clocks = [clocks = clocks] { return *clocks; };
    auto opened = alert::Store::open(file, options);
    REQUIRE(opened);
    return std::move(*opened);
  }
  void add(alert::Alert one) { REQUIRE(store.add({&one, 1})); }
  void pass(std::chrono::nanoseconds time) const {
    clocks->boot_ns += static_cast<std::uint64_t>(time.count());
    clocks->real_ns += static_cast<std::uint64_t>(time.count());
  }
  [[nodiscard]] std::vector<std::int64_t> ids() const {
    std::vector<std::int64_t> ids;
    alert::Filter filter;
    filter.after_id = 0;
    filter.limit = alert::kListMax;
    const auto alerts = *store.list(filter);
    for (const auto& alert : alerts) ids.push_back(alert.id);
    return ids;
  }
  /// Nothing is lost, whatever was removed.
  [[nodiscard]] bool adds_up() const {
    const auto totals = *store.totals();
    std::uint64_t alerts = 0;
    std::uint64_t operations = 0;
    std::uint64_t notices = 0;
    alert::Filter filter;
    filter.limit = alert::kListMax;
    const auto list = *store.list(filter);
    for (const auto& alert : list) {
      ++(alert.event ? alerts : notices);
      operations += alert.event ? alert.count : 0;
    }
    return totals.events == totals.alerts + totals.folded && totals.alerts == alerts + totals.removed &&
           totals.operations == operations + totals.removed_operations &&
           totals.notices == notices + totals.removed_notices;
  }
};

/// An alert of an object of its own.
inline alert::Alert alertOn(std::uint64_t number, const std::string& path) {
  alert::Alert alert = sampleAlert(number);
  alert.path = path;
  alert.ino = 1000 + number;
  return alert;
}

inline alert::Handling byRoot(alert::State action, const std::string& note = "") {
  return {action, {0, 1000, "alice"}, 1'700'000'100'000'000'000, note};
}

using Raw = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
inline Raw raw(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  return {db, &sqlite3_close};
}
inline void run(sqlite3* db, const std::string& sql) {
  INFO(sql);
  REQUIRE(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
}

}  // namespace holdfast::test
