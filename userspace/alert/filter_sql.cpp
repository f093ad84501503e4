// SPDX-License-Identifier: Apache-2.0
#include "alert/filter_sql.hpp"

#include <algorithm>

#include "base/nlohmann.hpp"

namespace holdfast::alert {
namespace {

/// A condition that an empty value switches off.
std::string unlessEmpty(const char* column, int parameter) {
  const std::string value = "?" + std::to_string(parameter);
  return "(" + value + " = '' OR " + column + " = " + value + ")";
}

}  // namespace

std::string filterCondition() {
  return "(?1 = '' OR container_id = ?1 OR container_name = ?1 OR "
         "(length(?1) >= 4 AND substr(container_id, 1, length(?1)) = ?1)) AND " +
         unlessEmpty("rule", 2) + " AND " + unlessEmpty("type", 3) + " AND " + unlessEmpty("severity", 4) + " AND " +
         unlessEmpty("state", 5) + " AND " + unlessEmpty("kind", 6) +
         " AND last_real >= ?7 AND last_real < ?8 AND revision > ?9 AND (?10 = 0 OR id < ?10) AND id > ?13"
         " AND (?11 < 0 OR open = ?11) AND (?12 = '[]' OR id IN (SELECT value FROM json_each(?12)))";
}

void bindFilter(Statement& statement, const Filter& filter) {
  const auto time = [](std::uint64_t real) { return std::min<std::uint64_t>(real, INT64_MAX); };
  const std::int64_t open = filter.open ? static_cast<std::int64_t>(*filter.open) : -1;
  statement.bind(filter.container, filter.rule, filter.type, filter.severity, filter.state, filter.kind,
                 time(filter.since_real), filter.before_real == 0 ? time(UINT64_MAX) : time(filter.before_real),
                 filter.after_revision, filter.before_id, open, nlohmann::json(filter.ids).dump(), filter.after_id);
}

}  // namespace holdfast::alert
