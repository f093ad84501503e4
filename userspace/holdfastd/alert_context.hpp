// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "alert/alert.hpp"
#include "container/table.hpp"
#include "holdfastd/rule_history.hpp"
#include "kernel/event.hpp"

namespace holdfast::holdfastd {

[[nodiscard]] alert::ContainerFacts factsOf(const container::Container& container);

/// The alert of an event, with the rule that decided and the container it came from, as far as they are known.
[[nodiscard]] alert::Alert alertOf(const kernel::Event& event, const RuleHistory& history,
                                   const container::Table& table, const alert::HostFacts& host);

/// `configured_name` may be empty.
[[nodiscard]] alert::HostFacts hostFacts(const std::string& configured_name, const std::string& cluster);
[[nodiscard]] std::string bootId();

}  // namespace holdfast::holdfastd
