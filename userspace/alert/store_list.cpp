// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alert/json.hpp"
#include "alert/statement.hpp"
#include "alert/store.hpp"

namespace holdfast::alert {
namespace {

constexpr const char* kColumns = "SELECT id, revision, count, state, last_boot, last_real, body FROM alerts ";

/// Body, with what has changed since it was written.
Result<Alert> alertOf(const Statement& row) {
  auto body = nlohmann::json::parse(row.text(6), nullptr, false);
  if (!body.is_object()) return fail("alert " + std::to_string(row.integer(0)) + " in the store is damaged");
  body["id"] = row.integer(0);
  body["revision"] = row.integer(1);
  body["count"] = row.integer(2);
  body["state"] = row.text(3);
  auto alert = alertFromJson(body);
  if (!alert) return alert;
  alert->last_boot = static_cast<std::uint64_t>(row.integer(4));
  alert->last_real = static_cast<std::uint64_t>(row.integer(5));
  return alert;
}

/// A condition that an empty value switches off.
std::string unlessEmpty(const char* column, int parameter) {
  const std::string value = "?" + std::to_string(parameter);
  return "(" + value + " = '' OR " + column + " = " + value + ")";
}

}  // namespace

Result<std::vector<Alert>> Store::list(const Filter& filter) const {
  constexpr const char* kContainer =
      "(?1 = '' OR container_id = ?1 OR container_name = ?1 OR "
      "(length(?1) >= 4 AND substr(container_id, 1, length(?1)) = ?1))";
  const std::string sql = std::string(kColumns) + "WHERE " + kContainer + " AND " + unlessEmpty("rule", 2) + " AND " +
                          unlessEmpty("type", 3) + " AND " + unlessEmpty("severity", 4) + " AND " +
                          unlessEmpty("state", 5) + " AND " + unlessEmpty("kind", 6) +
                          " AND last_real >= ?7 AND revision > ?8 AND (?10 = 0 OR id < ?10) ORDER BY " +
                          (filter.after_revision < 0 ? "id DESC" : "revision") + " LIMIT ?9";
  auto statement = Statement::prepare(db_.get(), sql);
  if (!statement) return tl::unexpected(statement.error());
  statement->bind(filter.container, filter.rule, filter.type, filter.severity, filter.state, filter.kind,
                  std::min<std::uint64_t>(filter.since_real, INT64_MAX), filter.after_revision,
                  static_cast<std::uint64_t>(std::min(filter.limit, kListMax)), filter.before_id);
  std::vector<Alert> alerts;
  for (;;) {
    auto row = statement->step("the alert store cannot be read");
    if (!row) return tl::unexpected(row.error());
    if (!*row) return alerts;
    auto alert = alertOf(*statement);
    if (!alert) return tl::unexpected(alert.error());
    alerts.push_back(std::move(*alert));
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
