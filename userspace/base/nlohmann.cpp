// SPDX-License-Identifier: Apache-2.0
#include "base/nlohmann.hpp"

template class nlohmann::basic_json<>;
