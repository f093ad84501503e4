// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/store.hpp"
#include "holdfastctl/command_line.hpp"

namespace holdfast::holdfastctl {

/// --container, --rule, --type, --severity, --state, --kind, --open and --since.
void addFilterOptions(CommandLine& line);
/// What they say; an unknown word is an error.
[[nodiscard]] Result<alert::Filter> filterOf(const CommandLine& line, const Environment& environment);
/// Whether the filter selects anything less than all.
[[nodiscard]] bool narrows(const alert::Filter& filter);

/// The arguments as alerts' ids.
[[nodiscard]] Result<std::vector<std::int64_t>> idsOf(const Arguments& arguments);

}  // namespace holdfast::holdfastctl
