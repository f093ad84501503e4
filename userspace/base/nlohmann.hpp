// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

// Compiled once (nlohmann.cpp) instead of in each of the many files that use it, which is a quarter of their time.
extern template class nlohmann::basic_json<>;
