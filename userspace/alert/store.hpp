// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "base/result.hpp"

struct sqlite3;

namespace holdfast::alert {

/// Sums over everything ever stored. operations == stored events + what the kernel folded into them, and at the same
/// time the sum of the counts of all alerts that came from events.
struct Totals {
  std::uint64_t events = 0;      // events of the kernel
  std::uint64_t alerts = 0;      // rows that came from events
  std::uint64_t folded = 0;      // events that went into an alert that was there: events == alerts + folded
  std::uint64_t operations = 0;  // sum of counts
  std::uint64_t notices = 0;     // the controller's own alerts, not counted above
};

/// What to list; empty fields match everything.
struct Filter {
  std::string container;  // id or name, or the beginning of the id (at least 4 characters)
  std::string rule;
  std::string type;  // name(AlertType), any case, '-' for ' '
  std::string severity;
  std::string state;
  std::string kind;
  std::uint64_t since_real = 0;      // last seen at or after; nanoseconds since 1970
  std::int64_t after_revision = -1;  // -1: newest first by id; otherwise changed later than it, oldest change first
  std::int64_t before_id = 0;        // 0: all; otherwise ids below it: the next page of a list by id
  std::size_t limit = 100;           // at most kListMax
};

inline constexpr std::size_t kListMax = 1000;

struct StoreOptions {
  bool read_only = false;                                        // for a second thread that only lists
  std::chrono::nanoseconds fold_window = std::chrono::hours(1);  // boot time, from an alert's first event
  /// Open alerts of one container, rule, kind and verdict; further objects share one alert without a path.
  std::size_t objects_max = 1000;
  std::uint64_t bytes_max = std::uint64_t{1} << 30;  // of the database; then add() fails and nothing is dropped
  std::chrono::milliseconds busy_timeout{1000};
};

/// The alerts on disk (SQLite, WAL). An object belongs to one thread at a time; a second thread opens its own.
class Store {
 public:
  /// Makes the file (mode 0600) if there is none. A file of a newer version, or of another program, is refused.
  [[nodiscard]] static Result<Store> open(const std::filesystem::path& file, const StoreOptions& options = {});

  Store(Store&&) noexcept = default;
  Store& operator=(Store&&) noexcept = default;

  /// One transaction: all is on disk when it returns, or nothing. Events that are there already are skipped (a resent
  /// event is one event). Returns the number of alerts new or changed. On failure (full, locked) try again with the
  /// same.
  [[nodiscard]] Result<std::size_t> add(std::span<const Alert> alerts);

  /// The kernel will not send events up to `number` again: their numbers need not be kept. Call now and
  /// then, after the kernel took the acknowledgement.
  [[nodiscard]] Result<void> settle(const std::string& boot_id, std::uint64_t load_id, std::uint64_t number);

  [[nodiscard]] Result<Totals> totals() const;
  [[nodiscard]] Result<std::vector<Alert>> list(const Filter& filter) const;
  [[nodiscard]] Result<Alert> get(std::int64_t id) const;
  /// The greatest event number stored or settled, 0 for none.
  [[nodiscard]] Result<std::uint64_t> lastNumber(const std::string& boot_id, std::uint64_t load_id) const;
  /// The newest change; a follower starts here.
  [[nodiscard]] Result<std::int64_t> revision() const;
  /// Somebody moved or deleted the file: what is added now would be stored where nobody finds it. Open it anew.
  [[nodiscard]] bool moved() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  using Database = std::unique_ptr<sqlite3, Close>;

  Store(Database db, StoreOptions options) : db_(std::move(db)), options_(options) {}

  Database db_;
  StoreOptions options_;
};

}  // namespace holdfast::alert
