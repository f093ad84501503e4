// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rule/judge.hpp"

namespace holdfast::rule {

/// A non-image-program rule as the kernel enforces it.
struct ProgramRule {
  std::uint32_t tag = 0;
  Action action = Action::Alert;
  OnRunning on_running = OnRunning::Report;
  std::uint64_t id =
      0;  // not 0; the same as long as name and all that the kernel enforces are, also in another RuleSet
  std::vector<std::string> directories;
  ProgramSet programs = {};

  [[nodiscard]] bool operator==(const ProgramRule&) const = default;
};

/// A container-escape rule for one container.
struct CheckRule {
  std::uint32_t tag = 0;
  Action action = Action::Alert;
  CheckSet items;

  [[nodiscard]] bool operator==(const CheckRule&) const = default;
};

/// What is enforced for a container. Empty: nothing. By ascending tag, so that equal profiles compare equal.
struct Profile {
  std::vector<ProgramRule> rules;
  std::vector<CheckRule> checks = {};

  [[nodiscard]] bool operator==(const Profile&) const = default;
};

/// The rules that judge() lets apply, of the types that this version enforces.
[[nodiscard]] Profile compile(const RuleSet& set, const HostConfig& config, const ImageFacts& facts);

/// For a container of which nothing is known.
[[nodiscard]] Profile compileDefault(const RuleSet& set, const HostConfig& config);

struct NotApplied {
  std::uint32_t tag = 0;
  std::string reason;
  bool image_unknown = false;  // Judged's
};

/// The rules that are not in compile()'s profile for the same arguments, with the reason of each, by ascending tag.
[[nodiscard]] std::vector<NotApplied> notApplied(const RuleSet& set, const HostConfig& config, const ImageFacts& facts);

/// The container-escape rules that judge() lets apply, by ascending tag, with all of their items.
[[nodiscard]] std::vector<CheckRule> compileChecks(const RuleSet& set, const HostConfig& config,
                                                   const ImageFacts& facts);

/// RUL-3: the strictest action of the rules that check the item (an index in checkItems()); nothing if none does.
[[nodiscard]] std::optional<Action> effectiveAction(const std::vector<CheckRule>& rules, std::size_t item);

/// The image-risk rules that judge() lets apply, in the order in which they are judged; all that the image hits take
/// effect (IMG-3). They live as long as the set. This version enforces none of them.
[[nodiscard]] std::vector<const Rule*> imageRiskRules(const RuleSet& set, const HostConfig& config,
                                                      const ImageFacts& facts);

}  // namespace holdfast::rule
