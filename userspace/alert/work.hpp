// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <future>

#include "alert/store.hpp"
#include "base/nlohmann.hpp"
#include "base/result.hpp"

namespace holdfast::alert {

/// Something to be done by the thread that owns the store, and what comes of it.
using Work = std::function<Result<nlohmann::json>(Store&)>;
using Answer = std::future<Result<nlohmann::json>>;

/// Never waits: hands the work over.
using Writer = std::function<Answer(Work)>;

}  // namespace holdfast::alert
