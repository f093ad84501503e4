// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace holdfast::rule {

/// In order of strictness: of several actions the greatest is in effect.
enum class Action { Allow, Alert, Block };

/// As rule files write it: "block".
[[nodiscard]] const char* name(Action action);

}  // namespace holdfast::rule
