// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rule/compile.hpp"

namespace holdfast::rule {

struct Exemption {
  std::uint32_t tag = 0;
  std::string directory;  // the entry of that rule's allow list; empty: the program's digest is listed
};

/// Is the path the directory, or in it or further below, by its name?
[[nodiscard]] bool isBelow(std::string_view path, std::string_view directory);

/// What comes of running a program.
struct Decision {
  Action action = Action::Allow;  // Block: it is refused
  std::uint32_t tag = 0;          // of the rule that decides; 0 if none does
  std::vector<Exemption> exempt;  // rules that would have been hit
};

/// As the kernel decides for a container with this profile: `of_image` is what the image shipped, unchanged; `path` is
/// the program's name in the container; `digest` is of its bytes, if that can be told and relied on.
[[nodiscard]] Decision decide(const Profile& profile, bool of_image, std::string_view path,
                              const std::optional<Sha256>& digest = std::nullopt);

}  // namespace holdfast::rule
