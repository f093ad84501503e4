// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/paged.hpp"

#include <iterator>

namespace holdfast::holdfastctl {

using nlohmann::json;

namespace {

constexpr const char* kNoEnd = "holdfastd says that there is more, and gives nothing new";

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

}  // namespace holdfast::holdfastctl
