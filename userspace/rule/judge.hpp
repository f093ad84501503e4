// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rule/host_config.hpp"
#include "rule/match.hpp"
#include "rule/model.hpp"

namespace holdfast::rule {

/// What becomes of one rule for one container: it applies if there is no reason against it.
struct Judged {
  const Rule* rule = nullptr;  // of the set
  std::string reason;
  bool image_unknown = false;  // would it apply? Nobody can tell: this is shown, and alerted once
};

/// Every rule of the set, in its order, also those of types that this version does not enforce. Of the
/// non-image-program rules in scope the most specific applies, of the others each; a rule does not apply to an image
/// that its own allow list exempts. An unknown image has no image, tag or allow-list match; with `unknown_image:
/// strict` it is also under the strictest of each type's rules that are scoped by image, tag or label.
[[nodiscard]] std::vector<Judged> judge(const RuleSet& set, const HostConfig& config, const ImageFacts& facts);

/// Why a rule applies to no container of this host, whatever its image; empty if it can.
[[nodiscard]] std::string whyNotHere(const Rule& rule, const RuleSet& set, const HostConfig& config);

/// Why this version enforces no rule of a type; empty if it does.
[[nodiscard]] std::string whyNotEnforced(RuleType type);
/// Likewise of one rule: none of its check items may be one that this version has.
[[nodiscard]] std::string whyNotEnforced(const Rule& rule);
/// Which of its check items this version has not; empty if it has all.
[[nodiscard]] std::string notChecked(const Rule& rule);

/// Why a rule is in effect for no container of this host: one of the two above; empty if it can be.
[[nodiscard]] std::string whyNotInEffect(const Rule& rule, const RuleSet& set, const HostConfig& config);

/// RUL-6: whether a custom rule takes a system rule's place, wherever it is scoped to and also if it is off.
[[nodiscard]] bool takesPlaceOf(const Rule& rule, const Rule& system_rule);

/// The first such rule of the set; null if there is none, or the rule is no system rule.
[[nodiscard]] const Rule* replacedBy(const Rule& rule, const RuleSet& set);

}  // namespace holdfast::rule
