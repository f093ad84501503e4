// SPDX-License-Identifier: Apache-2.0
// Any bytes as the JSON of an alert and of a filter: refused with words, or a value that survives the way there and
// back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "alert/json.hpp"
#include "base/json.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return 0;
  if (const auto filter = alert::filterFromJson(value)) {
    require(filter->limit >= 1 && filter->limit <= alert::kListMax);
    const auto json = toJson(*filter);
    const auto again = alert::filterFromJson(json);
    require(again && toJson(*again) == json);
  } else {
    require(!filter.error().message.empty());
  }
  if (const auto alert = alert::alertFromJson(value)) {
    const auto json = toJson(*alert);
    const auto again = alert::alertFromJson(json);
    require(again && toJson(*again) == json);
  } else {
    require(!alert.error().message.empty());
  }
  return 0;
}
