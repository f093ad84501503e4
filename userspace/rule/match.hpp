// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rule/model.hpp"

namespace holdfast::rule {

/// What is known of a container's image, out of the runtime's state. Nothing of it is trusted to be well-formed.
struct ImageFacts {
  std::optional<std::string> reference;       // as requested; empty if nobody could resolve it
  std::vector<std::string> digests;           // of manifest, index and configuration, "sha256:..."
  std::map<std::string, std::string> labels;  // of container and pod
  std::vector<std::string> names = {};        // what the engine calls the very same image

  [[nodiscard]] bool operator==(const ImageFacts&) const = default;
};

/// Whether the image was resolved: to a well-formed reference or to a digest.
[[nodiscard]] bool isKnown(const ImageFacts& facts);

/// RUL-5: a digest of the list is one of the image's, or an entry is part of "registry/path:tag", as requested or as
/// the engine calls it. The entry that
/// exempts the image; nothing if none does, which is always so for an image that is unknown.
[[nodiscard]] std::optional<std::string> allowedBy(const AllowList& list, const ImageFacts& facts);

/// How closely a scope names what it matched: by image, tag, label, cluster, compared in this order.
using Specificity = std::array<int, 4>;

enum class Scoped { Yes, OtherCluster, OtherImage, OtherLabels, UnknownImage };

struct ScopeMatch {
  Scoped scoped = Scoped::Yes;
  Specificity specificity = {};  // only for Yes
};

/// RUL-4.
[[nodiscard]] ScopeMatch matchScope(const Scope& scope, std::string_view cluster, const ImageFacts& facts);

[[nodiscard]] bool coversCluster(const Scope& scope, std::string_view cluster);

/// Whether one container can be in both scopes.
[[nodiscard]] bool mayShare(const Scope& a, const Scope& b);

/// The most that a match of the scope can come to.
[[nodiscard]] Specificity specificityOf(const Scope& scope);

/// Whether one container can be in both scopes with equal specificity. Two different digests do not count, although
/// they may be of one image.
[[nodiscard]] bool mayTie(const Scope& a, const Scope& b);

}  // namespace holdfast::rule
