// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rule/model.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {

/// What `checks` of a container-escape rule says.
[[nodiscard]] Checks readChecks(Reader& reader, const YamlNode& node);

/// Every check item of every type.
[[nodiscard]] Checks allChecks();

}  // namespace holdfast::rule
