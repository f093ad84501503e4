// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/container_list.hpp"

#include <iterator>

namespace holdfast::holdfastctl {

Result<std::vector<control::ContainerReport>> fetchContainers(
    const std::function<Result<nlohmann::json>(const control::Request&)>& ask) {
  std::vector<control::ContainerReport> all;
  for (control::PageParams params;;) {
    const auto answer = ask({"containers.list", params});
    if (!answer) return tl::unexpected(answer.error());
    auto page = control::read<control::ContainerPage>(*answer);
    if (!page) return tl::unexpected(page.error());
    std::move(page->containers.begin(), page->containers.end(), std::back_inserter(all));
    // One that gives nothing new would be asked for ever.
    if (!page->more || all.empty() || all.back().cgroup_id <= params.after) return all;
    params.after = all.back().cgroup_id;
  }
}

}  // namespace holdfast::holdfastctl
