// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "base/result.hpp"

struct sqlite3;

namespace holdfast::alert {

/// Sums over everything ever stored; what was removed stays in them. operations == stored events + what the kernel
/// folded into them, and at the same time the sum of the counts of all alerts that came from events and are still
/// there + removed_operations.
struct Totals {
  std::uint64_t events = 0;              // events of the kernel
  std::uint64_t alerts = 0;              // rows that came from events
  std::uint64_t folded = 0;              // events that went into an alert that was there: events == alerts + folded
  std::uint64_t operations = 0;          // sum of counts
  std::uint64_t notices = 0;             // the controller's own alerts, not counted above
  std::uint64_t removed = 0;             // of alerts, by retention or purge
  std::uint64_t removed_operations = 0;  // of operations, with them
  std::uint64_t removed_notices = 0;     // of notices
};

/// What handle() came to.
struct Handled {
  std::vector<std::int64_t> ids;  // of all that were handled
  std::uint64_t state_kept = 0;   // of these: their state says what was done at the time and stays
};

/// What is kept. Age is reckoned by Store::age().
struct Keep {
  std::chrono::nanoseconds age = std::chrono::days(365);
  std::uint64_t count = 100'000;
  friend bool operator==(const Keep&, const Keep&) = default;
};

/// Alerts, and the operations that they stand for, with one value of a property.
struct Share {
  std::string value;  // empty: unknown, or does not apply
  std::uint64_t alerts = 0;
  std::uint64_t open = 0;
  std::uint64_t operations = 0;
};

struct Stats {
  Share all;
  /// "type", "severity", "state", "rule", "container", "image", "day" (of the last operation, UTC), each with its
  /// values, the most alerts first and days in their order; what is beyond kSharesMax is one, "others".
  std::vector<std::pair<std::string, std::vector<Share>>> by;
};

/// Up to where an output was served.
struct Served {
  std::int64_t revision = 0;
  std::uint64_t delivered = 0;  // alerts, since it was switched on
};

/// What was removed at once.
struct Removed {
  std::uint64_t alerts = 0;      // of all kinds
  std::uint64_t open = 0;        // of these, nobody had handled
  std::uint64_t operations = 0;  // that they stood for
};

/// What an alert's age is reckoned by, and where that comes from.
struct Clocks {
  std::string boot_id;
  std::uint64_t boot_ns = 0;
  std::uint64_t real_ns = 0;  // since 1970
};
[[nodiscard]] Clocks systemClocks();

/// How many alerts are of one type, severity and state.
struct StateCount {
  std::string type;
  std::string severity;
  std::string state;
  std::uint64_t alerts = 0;
};

/// What to list; empty fields match everything.
struct Filter {
  std::string container;  // id or name, or the beginning of the id (at least 4 characters)
  std::string rule;
  std::string type;  // name(AlertType), any case, '-' for ' '
  std::string severity;
  std::string state;
  std::string kind;
  std::vector<std::int64_t> ids;     // only of these; at most kListMax
  std::optional<bool> open;          // only those that nobody has handled, or only the others
  std::uint64_t since_real = 0;      // last seen at or after; nanoseconds since 1970
  std::uint64_t before_real = 0;     // last seen before; 0: any
  std::int64_t after_revision = -1;  // -1: newest first by id; otherwise changed later than it, oldest change first
  std::int64_t after_id = -1;        // -1: newest first; otherwise ids above it, in their order
  std::int64_t before_id = 0;        // 0: all; otherwise ids below it: the next page of a list by id
  std::size_t limit = 100;           // at most kListMax
};

inline constexpr std::size_t kListMax = 1000;
inline constexpr std::size_t kSharesMax = 100;
inline constexpr std::size_t kHandlingMax = 32;
inline constexpr std::size_t kNoteMax = 1024;  // bytes

struct StoreOptions {
  bool read_only = false;                                        // for a second thread that only lists
  std::chrono::nanoseconds fold_window = std::chrono::hours(1);  // boot time, from an alert's first event
  /// Open alerts of one container, rule, kind and verdict; further objects share one alert without a path.
  std::size_t objects_max = 1000;
  std::uint64_t bytes_max = std::uint64_t{1} << 30;  // of the database; then add() fails and nothing is dropped
  std::chrono::milliseconds busy_timeout{1000};
  std::function<Clocks()> clocks = systemClocks;
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

  /// Records `handling` with each alert that the filter selects (its limit and order apart), one transaction. With ids,
  /// one that is not there is an error and nothing is changed; without, only open ones are meant. "unhandled",
  /// "handled" and "ignored" become what was done; the other states stay, as they say what happened. An alert takes at
  /// most kHandlingMax.
  [[nodiscard]] Result<Handled> handle(Filter filter, const Handling& handling);

  /// Removes what the filter selects, its limit included, oldest first, one transaction.
  [[nodiscard]] Result<Removed> purge(const Filter& filter);
  /// Removes at most `limit` alerts that are too old, or too many: handled ones before open ones, oldest first.
  [[nodiscard]] Result<Removed> expireOld(const Keep& keep, std::size_t limit);
  [[nodiscard]] Result<Removed> expireSurplus(const Keep& keep, std::size_t limit);

  /// These are served from now on, those that are new from the present revision; what is not named is forgotten.
  [[nodiscard]] Result<void> useOutputs(const std::vector<std::string>& names);
  /// Nothing if the output is not in use.
  [[nodiscard]] Result<std::optional<Served>> served(const std::string& output) const;
  [[nodiscard]] Result<void> setServed(const std::string& output, const Served& served);
  /// How many alerts are new or changed since.
  [[nodiscard]] Result<std::uint64_t> changedSince(std::int64_t revision) const;

  /// A whole copy, itself a store, in a new file (mode 0600). A file that is there is never overwritten.
  [[nodiscard]] Result<void> copy(const std::filesystem::path& file) const;

  [[nodiscard]] Result<Stats> stats(const Filter& filter) const;
  [[nodiscard]] Result<Totals> totals() const;
  [[nodiscard]] Result<std::vector<Alert>> list(const Filter& filter) const;
  /// By all three, of all alerts; reads an index only.
  [[nodiscard]] Result<std::vector<StateCount>> stateCounts() const;
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

  Store(Database db, StoreOptions options) : db_(std::move(db)), options_(std::move(options)) {}

  Database db_;
  StoreOptions options_;
};

}  // namespace holdfast::alert
