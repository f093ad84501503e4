// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/nlohmann.hpp"
#include "base/result.hpp"

/// Reading of JSON in which nothing need be where, or what, it should be.
namespace holdfast::container {

inline constexpr std::size_t kStateBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kAnnotationsMax = 512;

/// `what` is for the message.
[[nodiscard]] Result<nlohmann::json> parseObject(std::string_view text, const char* what,
                                                 std::size_t limit = kStateBytesMax);

/// The member; null if there is none or `object` is no object.
[[nodiscard]] const nlohmann::json& memberOf(const nlohmann::json& object, const char* key);
/// Empty if it is no text.
[[nodiscard]] std::string textAt(const nlohmann::json& object, const char* key);
/// 0 if it is no unsigned number.
[[nodiscard]] std::uint64_t numberAt(const nlohmann::json& object, const char* key);
/// The members that are texts, kAnnotationsMax at most; none of what is no object.
[[nodiscard]] std::map<std::string, std::string> textsOf(const nlohmann::json& object);
[[nodiscard]] std::map<std::string, std::string> textsAt(const nlohmann::json& object, const char* key);

}  // namespace holdfast::container
