// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/store.hpp"
#include "base/sqlite.hpp"

namespace holdfast::alert {

/// The condition on rows of `alerts` that a Filter is (but for its limit and order), in the parameters ?1 to ?13.
[[nodiscard]] std::string filterCondition();
/// Its values. What else a statement has is ?14 and up, bound after this.
void bindFilter(Statement& statement, const Filter& filter);

}  // namespace holdfast::alert
