// SPDX-License-Identifier: Apache-2.0
#include "rule/decide.hpp"

#include <algorithm>

namespace holdfast::rule {

bool isBelow(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

Decision decide(const Profile& profile, bool of_image, std::string_view path, const std::optional<Sha256>& digest) {
  Decision decision;
  if (of_image) return decision;
  for (const ProgramRule& rule : profile.rules) {
    const auto entry = std::ranges::find_if(rule.directories, [&](const auto& one) { return isBelow(path, one); });
    if (entry != rule.directories.end()) {
      decision.exempt.push_back({rule.tag, *entry});
    } else if (digest && rule.programs.has(*digest)) {
      decision.exempt.push_back({rule.tag, {}});
    } else if (rule.action > decision.action) {
      decision.action = rule.action;
      decision.tag = rule.tag;
    }
  }
  return decision;
}

}  // namespace holdfast::rule
