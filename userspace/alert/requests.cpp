// SPDX-License-Identifier: Apache-2.0
#include "alert/requests.hpp"

#include <memory>

#include "alert/json.hpp"
#include "control/shapes.hpp"

namespace holdfast::alert {
namespace {

using control::Peer;
using control::Request;
using nlohmann::json;

Result<json> listPage(const Store& store, const json& params) {
  auto filter = filterFromJson(params);
  if (!filter) return tl::unexpected(filter.error());
  const std::size_t wanted = filter->limit;
  auto alerts = store.list(*filter);
  if (!alerts) return tl::unexpected(alerts.error());
  const auto totals = store.totals();
  if (!totals) return tl::unexpected(totals.error());

  json page = json::array();
  std::size_t bytes = 0;
  for (const Alert& alert : *alerts) {
    json item = toJson(alert);
    bytes += item.dump().size() + 1;
    if (bytes > control::kPageBytesMax) break;
    page.push_back(std::move(item));
  }
  // Also when it ended exactly here: then the next page is empty.
  const bool more = page.size() < alerts->size() || page.size() == wanted;
  return json{{"alerts", std::move(page)}, {"more", more}, {"totals", storeTotals(*totals)}};
}

Result<control::Source> follow(const Store& store, const json& params) {
  auto filter = filterFromJson(params);
  if (!filter) return tl::unexpected(filter.error());
  if (filter->after_revision < 0) {
    const auto newest = store.revision();
    if (!newest) return tl::unexpected(newest.error());
    filter->after_revision = *newest;
  }
  constexpr std::size_t kAtOnce = 50;
  filter->limit = kAtOnce;
  return [&store, next = *filter]() mutable -> Result<std::vector<json>> {
    const auto newest = store.revision();
    if (!newest) return tl::unexpected(newest.error());
    // Another store has taken the place of the one that was followed.
    if (*newest < next.after_revision) next.after_revision = 0;
    auto alerts = store.list(next);
    if (!alerts) return tl::unexpected(alerts.error());
    std::vector<json> values;
    for (const Alert& alert : *alerts) {
      next.after_revision = alert.revision;
      values.push_back(toJson(alert));
    }
    return values;
  };
}

}  // namespace

control::StoreTotals storeTotals(const Totals& t) {
  return {t.events, t.alerts, t.folded, t.operations, t.notices, t.removed, t.removed_operations, t.removed_notices};
}

void registerRequests(control::Server& server, const Store& reader) {
  using Access = control::Server::Access;
  server.handle("alerts.list", Access::Read,
                [&reader](const Request& request, const Peer&) { return listPage(reader, request.params); });
  server.handle("alerts.show", Access::Read, [&reader](const Request& request, const Peer&) -> Result<json> {
    const auto params = control::read<control::AlertParams>(request.params);
    if (!params) return tl::unexpected(params.error());
    auto alert = reader.get(params->id);
    if (!alert) return tl::unexpected(alert.error());
    return toJson(*alert);
  });
  server.handle("alerts.stats", Access::Read, [&reader](const Request& request, const Peer&) -> Result<json> {
    const auto filter = filterFromJson(request.params);
    if (!filter) return tl::unexpected(filter.error());
    const auto stats = reader.stats(*filter);
    if (!stats) return tl::unexpected(stats.error());
    return toJson(*stats);
  });
  server.stream("alerts.follow", Access::Read,
                [&reader](const Request& request, const Peer&) { return follow(reader, request.params); });
}

}  // namespace holdfast::alert
