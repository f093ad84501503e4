// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rule/host_config.hpp"
#include "rule/match.hpp"
#include "rule/model.hpp"

namespace holdfast::rule {

/// A non-image-program rule as the kernel enforces it.
struct ProgramRule {
  std::uint32_t tag = 0;
  Action action = Action::Alert;
  std::vector<std::string> directories;

  [[nodiscard]] bool operator==(const ProgramRule&) const = default;
};

/// What is enforced for a container. Empty: nothing. By ascending tag, so that equal profiles compare equal.
struct Profile {
  std::vector<ProgramRule> rules;

  [[nodiscard]] bool operator==(const Profile&) const = default;
};

/// The most specific rule in scope, unless its allow list exempts the image. An unknown image has no image, tag or
/// allow-list match; with `unknown_image: strict` it is also under the strictest of the rules scoped by image, tag or
/// label.
[[nodiscard]] Profile compile(const RuleSet& set, const HostConfig& config, const ImageFacts& facts);

/// For a container of which nothing is known.
[[nodiscard]] Profile compileDefault(const RuleSet& set, const HostConfig& config);

struct NotApplied {
  std::uint32_t tag = 0;
  std::string reason;
  bool image_unknown = false;  // would it apply? Nobody can tell: this is shown, and alerted once
};

/// The rules that are not in compile()'s profile for the same arguments, with the reason of each, by ascending tag.
[[nodiscard]] std::vector<NotApplied> notApplied(const RuleSet& set, const HostConfig& config, const ImageFacts& facts);

/// Why a rule is in effect for no container of this host, whatever its image; empty if it can be.
[[nodiscard]] std::string whyNotInEffect(const Rule& rule, const RuleSet& set, const HostConfig& config);

}  // namespace holdfast::rule
