// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rule/model.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {

/// What `risks` of an image-risk rule says, in the order in which it is judged. None at all is an error.
[[nodiscard]] std::vector<Risk> readRisks(Reader& reader, const YamlNode& node);

}  // namespace holdfast::rule
