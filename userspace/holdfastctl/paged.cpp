// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/paged.hpp"

#include <iterator>

#include "alert/json.hpp"

namespace holdfast::holdfastctl {

using nlohmann::json;

namespace {

constexpr const char* kNoEnd = "holdfastd says that there is more, and gives nothing new";

Result<std::vector<alert::Alert>> alertPage(const Ask& ask, const alert::Filter& filter) {
  const auto answer = ask({"alerts.list", toJson(filter)});
  if (!answer) return tl::unexpected(answer.error());
  const auto list = answer->find("alerts");
  if (list == answer->end() || !list->is_array()) return fail("holdfastd's answer is no list of alerts");
  std::vector<alert::Alert> alerts;
  for (const json& item : *list) {
    auto alert = alert::alertFromJson(item);
    if (!alert) return tl::unexpected(alert.error());
    alerts.push_back(std::move(*alert));
  }
  return alerts;
}

}  // namespace

Result<std::vector<control::ContainerReport>> fetchContainers(const Ask& ask) {
  std::vector<control::ContainerReport> all;
  for (control::PageParams params;;) {
    const auto answer = ask({"containers.list", params});
    if (!answer) return tl::unexpected(answer.error());
    auto page = control::read<control::ContainerPage>(*answer);
    if (!page) return tl::unexpected(page.error());
    const bool more = page->more;
    std::move(page->containers.begin(), page->containers.end(), std::back_inserter(all));
    if (!more) return all;
    if (all.empty() || all.back().cgroup_id <= params.after) return fail(kNoEnd);
    params.after = all.back().cgroup_id;
  }
}

Result<json> fetchRules(const Ask& ask) {
  json all;
  for (;;) {
    const std::size_t had = all.is_null() ? 0 : all["rules"].size();
    auto page = ask({"rules.list", control::PageParams{had}});
    if (!page) return page;
    const auto rules = page->find("rules");
    if (rules == page->end() || !rules->is_array()) return fail("holdfastd's answer is no list of rules");
    const bool more = page->value("more", json(false)) == true;
    if (more && rules->empty()) return fail(kNoEnd);
    if (all.is_null()) {
      all = std::move(*page);
      all.erase("more");
    } else {
      if (page->value("generation", json()) != all.value("generation", json()))
        return fail("the rules have changed meanwhile: ask again");
      for (auto& rule : *rules) all["rules"].push_back(std::move(rule));
    }
    if (!more) return all;
  }
}

Result<void> forEachAlert(const Ask& ask, alert::Filter filter,
                          const std::function<Result<void>(const alert::Alert&)>& take) {
  filter.limit = 1;
  const auto newest = alertPage(ask, filter);
  if (!newest) return tl::unexpected(newest.error());
  if (newest->empty()) return {};
  filter.before_id = newest->front().id + 1;
  filter.after_id = 0;
  filter.limit = alert::kListMax;
  for (;;) {
    const auto alerts = alertPage(ask, filter);
    if (!alerts) return tl::unexpected(alerts.error());
    if (alerts->empty()) return {};
    for (const auto& alert : *alerts) {
      if (alert.id <= filter.after_id) return fail("holdfastd's answer is out of order");
      filter.after_id = alert.id;
      if (auto done = take(alert); !done) return done;
    }
  }
}

}  // namespace holdfast::holdfastctl
