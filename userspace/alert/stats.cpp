// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "alert/filter_sql.hpp"
#include "alert/json.hpp"
#include "base/nlohmann.hpp"

namespace holdfast::alert {
namespace {

struct Property {
  const char* name;
  const char* value;  // SQL
};

constexpr std::array kProperties = {
    Property{"type", "type"},
    Property{"severity", "severity"},
    Property{"state", "state"},
    Property{"rule", "rule"},
    Property{"container", "CASE WHEN container_name = '' THEN container_id ELSE container_name END"},
    Property{"image", "image"},
    Property{"day", "strftime('%Y-%m-%d', last_real / 1000000000, 'unixepoch')"},
};

void addTo(Share& sum, const Share& one) {
  sum.alerts += one.alerts;
  sum.open += one.open;
  sum.operations += one.operations;
}

std::vector<Share> ordered(const std::string& property, const std::map<std::string, Share>& sums) {
  std::vector<Share> shares;
  for (const auto& [value, share] : sums) {
    shares.push_back(share);
    shares.back().value = value;
  }
  if (property == "day") {
    std::ranges::reverse(shares);
  } else {
    std::ranges::stable_sort(shares, std::greater(), &Share::alerts);
  }
  if (shares.size() <= kSharesMax) return shares;
  Share others{"others"};
  for (std::size_t i = kSharesMax; i < shares.size(); ++i) addTo(others, shares[i]);
  shares.resize(kSharesMax);
  shares.push_back(std::move(others));
  return shares;
}

nlohmann::json jsonOf(const Share& share) {
  return {{"alerts", share.alerts}, {"open", share.open}, {"operations", share.operations}};
}

}  // namespace

Result<Stats> Store::stats(const Filter& filter) const {
  std::string sql = "SELECT open, count * from_event";
  for (const Property& property : kProperties) sql += std::string(", ") + property.value;
  // Passed over once: all sums are of one moment.
  auto statement = Statement::prepare(db_.get(), sql + " FROM alerts WHERE " + filterCondition());
  if (!statement) return tl::unexpected(statement.error());
  bindFilter(*statement, filter);
  Stats stats;
  std::array<std::map<std::string, Share>, kProperties.size()> sums;
  for (;;) {
    auto row = statement->step("the alert store cannot be read");
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    const Share one{
        {}, 1, static_cast<std::uint64_t>(statement->integer(0)), static_cast<std::uint64_t>(statement->integer(1))};
    addTo(stats.all, one);
    for (std::size_t i = 0; i < sums.size(); ++i) addTo(sums.at(i)[statement->text(static_cast<int>(i) + 2)], one);
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::string name = kProperties.at(i).name;
    stats.by.emplace_back(name, ordered(name, sums.at(i)));
  }
  return stats;
}

nlohmann::json toJson(const Stats& stats) {
  nlohmann::json out = jsonOf(stats.all);
  for (const auto& [property, shares] : stats.by) {
    auto list = nlohmann::json::array();
    for (const Share& share : shares) {
      auto one = jsonOf(share);
      one["value"] = share.value.empty() ? nlohmann::json(nullptr) : nlohmann::json(share.value);
      list.push_back(std::move(one));
    }
    out["by"][property] = std::move(list);
  }
  return out;
}

}  // namespace holdfast::alert
