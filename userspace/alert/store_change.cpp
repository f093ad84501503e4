// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alert/clock.hpp"
#include "alert/copy.hpp"
#include "alert/filter_sql.hpp"
#include "alert/json.hpp"
#include "alert/store_sql.hpp"
#include "base/nlohmann.hpp"

namespace holdfast::alert {
namespace {

constexpr const char* kWriting = "the alert store cannot be written";

/// Those that say what a person made of it. The others say what was done when it happened.
bool mayChange(const std::string& state) {
  return state == name(State::Unhandled) || state == name(State::Handled) || state == name(State::Ignored);
}

struct Row {
  std::int64_t id = 0;
  std::string state;
  std::string handling;
};

Result<std::vector<Row>> select(sqlite3* db, const Filter& filter) {
  auto statement =
      Statement::prepare(db, "SELECT id, state, handling FROM alerts WHERE " + filterCondition() + " ORDER BY id");
  if (!statement) return tl::unexpected(statement.error());
  bindFilter(*statement, filter);
  std::vector<Row> rows;
  for (;;) {
    auto row = statement->step(kWriting);
    if (!row) return tl::unexpected(row.error());
    if (!*row) return rows;
    rows.push_back({statement->integer(0), statement->text(1), statement->text(2)});
  }
}

/// Ids that were asked for and are not there.
Result<void> checkAllThere(const std::vector<std::int64_t>& ids, const std::vector<Row>& rows) {
  for (const std::int64_t id : ids) {
    if (std::ranges::none_of(rows, [id](const Row& row) { return row.id == id; }))
      return fail("there is no alert " + std::to_string(id) + " that this is about; nothing was changed");
  }
  return {};
}

Result<Handled> handleRows(sqlite3* db, const std::vector<Row>& rows, const Handling& handling) {
  auto revision = number(db, "SELECT revision FROM totals");
  if (!revision) return tl::unexpected(revision.error());
  auto update =
      Statement::prepare(db, "UPDATE alerts SET state = ?2, handling = ?3, open = 0, revision = ?4 WHERE id = ?1");
  auto total = Statement::prepare(db, "UPDATE totals SET revision = ?");
  if (!update || !total) return tl::unexpected((update ? total : update).error());
  Handled done;
  for (const Row& row : rows) {
    auto list = nlohmann::json::parse(row.handling, nullptr, false);
    if (!list.is_array()) return fail("alert " + std::to_string(row.id) + " in the store is damaged");
    if (list.size() >= kHandlingMax) {
      return fail("alert " + std::to_string(row.id) + " has been handled " + std::to_string(kHandlingMax) +
                  " times, which is all that is kept of one; nothing was changed");
    }
    list.push_back(toJson(handling));
    const bool changes = mayChange(row.state);
    if (!changes) ++done.state_kept;
    auto stored =
        update->bind(row.id, changes ? std::string(name(handling.action)) : row.state, list.dump(), ++*revision)
            .step(kWriting);
    if (!stored) return tl::unexpected(stored.error());
    done.ids.push_back(row.id);
  }
  if (auto stored = total->bind(*revision).step(kWriting); !stored) return tl::unexpected(stored.error());
  return done;
}

/// Removes the alerts whose columns id, count, open and from_event the query gives, and counts them.
Result<Removed> removeRows(sqlite3* db, Statement& query) {
  Removed removed;
  Totals gone;
  std::vector<std::int64_t> ids;
  for (;;) {
    auto row = query.step(kWriting);
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    ids.push_back(query.integer(0));
    if (query.integer(2) != 0) ++removed.open;
    if (query.integer(3) != 0) {
      ++gone.removed;
      gone.removed_operations += static_cast<std::uint64_t>(query.integer(1));
    } else {
      ++gone.removed_notices;
    }
  }
  removed.alerts = ids.size();
  removed.operations = gone.removed_operations;
  if (ids.empty()) return removed;
  auto erase = Statement::prepare(db, "DELETE FROM alerts WHERE id = ?");
  auto total = Statement::prepare(db,
                                  "UPDATE totals SET removed = removed + ?, removed_operations = removed_operations + "
                                  "?, removed_notices = removed_notices + ?");
  if (!erase || !total) return tl::unexpected((erase ? total : erase).error());
  for (const std::int64_t id : ids) {
    if (auto done = erase->bind(id).step(kWriting); !done) return tl::unexpected(done.error());
  }
  auto done = total->bind(gone.removed, gone.removed_operations, gone.removed_notices).step(kWriting);
  if (!done) return tl::unexpected(done.error());
  return removed;
}

constexpr const char* kRemovable = "SELECT id, count, open, from_event FROM alerts WHERE ";

/// All of `work` or nothing.
template <class Value, class Work>
Result<Value> transact(sqlite3* db, Work work) {
  auto transaction = Transaction::begin(db);
  if (!transaction) return tl::unexpected(transaction.error());
  Result<Value> value = work();
  if (!value) return value;
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  return value;
}

}  // namespace

Result<Handled> Store::handle(Filter filter, const Handling& handling) {
  if (filter.ids.empty()) filter.open = true;
  return transact<Handled>(db_.get(), [&]() -> Result<Handled> {
    const auto rows = select(db_.get(), filter);
    if (!rows) return tl::unexpected(rows.error());
    if (auto all = checkAllThere(filter.ids, *rows); !all) return tl::unexpected(all.error());
    return handleRows(db_.get(), *rows, handling);
  });
}

Result<Removed> Store::purge(const Filter& filter) {
  return transact<Removed>(db_.get(), [&]() -> Result<Removed> {
    auto query = Statement::prepare(db_.get(), kRemovable + filterCondition() + " ORDER BY id LIMIT ?14");
    if (!query) return tl::unexpected(query.error());
    bindFilter(*query, filter);
    query->bindOne(14, static_cast<std::uint64_t>(filter.limit));
    return removeRows(db_.get(), *query);
  });
}

Result<Removed> Store::expireOld(const Keep& keep, std::size_t limit) {
  return transact<Removed>(db_.get(), [&]() -> Result<Removed> {
    const auto now = advanceClock(db_.get(), options_.clocks());
    if (!now) return tl::unexpected(now.error());
    const auto age = static_cast<std::uint64_t>(keep.age.count());
    if (*now < age) return Removed{};
    auto query = Statement::prepare(db_.get(), std::string(kRemovable) + "stamp < ? ORDER BY stamp LIMIT ?");
    if (!query) return tl::unexpected(query.error());
    query->bind(*now - age, static_cast<std::uint64_t>(limit));
    return removeRows(db_.get(), *query);
  });
}

Result<Removed> Store::expireSurplus(const Keep& keep, std::size_t limit) {
  return transact<Removed>(db_.get(), [&]() -> Result<Removed> {
    const auto there = number(db_.get(), "SELECT count(*) FROM alerts");
    if (!there) return tl::unexpected(there.error());
    const auto count = static_cast<std::uint64_t>(*there);
    if (count <= keep.count) return Removed{};
    auto query = Statement::prepare(db_.get(), std::string(kRemovable) + "1 ORDER BY open, stamp LIMIT ?");
    if (!query) return tl::unexpected(query.error());
    query->bind(std::min<std::uint64_t>(count - keep.count, limit));
    return removeRows(db_.get(), *query);
  });
}

Result<void> Store::copy(const std::filesystem::path& file) const { return copyTo(db_.get(), file); }

}  // namespace holdfast::alert
