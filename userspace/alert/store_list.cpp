// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alert/filter_sql.hpp"
#include "alert/json.hpp"
#include "alert/store.hpp"

namespace holdfast::alert {
namespace {

constexpr const char* kColumns =
    "SELECT id, revision, count, state, last_boot, last_real, body, open, handling, severity, chain FROM alerts ";

/// What is left of one that cannot be read: it must not keep the others from a list or an output.
Alert damaged() {
  Alert alert;
  alert.name = "Damaged alert";
  alert.message = "what this alert said is damaged in the store";
  alert.advice = "Look at the file system that the store is on; 'holdfastctl alerts backup' copies what can be read.";
  return alert;
}

Alert alertFrom(nlohmann::json body, const Statement& row) {
  if (!body.is_object()) return damaged();
  body["id"] = row.integer(0);
  body["revision"] = row.integer(1);
  body["count"] = row.integer(2);
  body["state"] = row.text(3);
  body["open"] = row.integer(7) != 0;
  body["severity"] = row.text(9);
  body["chain"] = nlohmann::json::parse(row.text(10), nullptr, false);
  body["handling"] = nlohmann::json::parse(row.text(8), nullptr, false);
  auto alert = alertFromJson(body);
  return alert ? std::move(*alert) : damaged();
}

/// Body, with what has changed since it was written.
Alert alertOf(const Statement& row) {
  Alert alert = alertFrom(nlohmann::json::parse(row.text(6), nullptr, false), row);
  alert.id = row.integer(0);
  alert.revision = row.integer(1);
  alert.count = static_cast<std::uint64_t>(row.integer(2));
  alert.last_boot = static_cast<std::uint64_t>(row.integer(4));
  alert.last_real = static_cast<std::uint64_t>(row.integer(5));
  return alert;
}

}  // namespace

Result<std::vector<Alert>> Store::list(const Filter& filter) const {
  const std::string sql = std::string(kColumns) + "WHERE " + filterCondition() + " ORDER BY " +
                          (filter.after_revision >= 0 ? "revision"
                           : filter.after_id >= 0     ? "id"
                                                      : "id DESC") +
                          " LIMIT ?14";
  auto statement = Statement::prepare(db_.get(), sql);
  if (!statement) return tl::unexpected(statement.error());
  bindFilter(*statement, filter);
  statement->bindOne(14, static_cast<std::uint64_t>(std::min(filter.limit, kListMax)));
  std::vector<Alert> alerts;
  for (;;) {
    auto row = statement->step("the alert store cannot be read");
    if (!row) return tl::unexpected(row.error());
    if (!*row) return alerts;
    alerts.push_back(alertOf(*statement));
  }
}

Result<std::vector<StateCount>> Store::stateCounts() const {
  auto statement = Statement::prepare(
      db_.get(), "SELECT type, severity, state, count(*) FROM alerts GROUP BY type, severity, state");
  if (!statement) return tl::unexpected(statement.error());
  std::vector<StateCount> counts;
  for (;;) {
    auto row = statement->step("the alert store cannot be read");
    if (!row) return tl::unexpected(row.error());
    if (!*row) return counts;
    counts.push_back({statement->text(0), statement->text(1), statement->text(2),
                      static_cast<std::uint64_t>(statement->integer(3))});
  }
}

Result<Alert> Store::get(std::int64_t id) const {
  auto statement = Statement::prepare(db_.get(), std::string(kColumns) + "WHERE id = ?");
  if (!statement) return tl::unexpected(statement.error());
  auto row = statement->bind(id).step("the alert store cannot be read");
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail("there is no alert " + std::to_string(id));
  return alertOf(*statement);
}

}  // namespace holdfast::alert
