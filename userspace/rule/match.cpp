// SPDX-License-Identifier: Apache-2.0
#include "rule/match.hpp"

#include <algorithm>
#include <functional>

#include "rule/image_reference.hpp"
#include "rule/pattern.hpp"

namespace holdfast::rule {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

std::optional<ImageReference> referenceOf(const ImageFacts& facts) {
  return facts.reference ? parseReference(*facts.reference) : std::nullopt;
}

bool hasDigest(const ImageFacts& facts, const std::optional<ImageReference>& reference, const std::string& digest) {
  return contains(facts.digests, digest) || (reference && reference->digest == digest);
}

/// A label that need only exist is one with any value.
std::string labelPattern(const std::string& label) {
  return label.find('=') == std::string::npos ? label + "=*" : label;
}

/// The rank of the most specific entry that fits; 0 for an empty list, nothing if no entry fits.
template <class Fits, class Pattern>
std::optional<int> bestRank(const std::vector<std::string>& list, Pattern pattern, Fits fits_entry) {
  if (list.empty()) return 0;
  std::optional<int> best;
  for (const auto& entry : list) {
    const std::string normal = pattern(entry);
    if (fits_entry(normal)) best = std::max(best.value_or(0), rank(normal));
  }
  return best;
}

std::string imagePattern(const std::string& entry) { return isDigest(entry) ? entry : normalRepository(entry); }

std::string asIs(const std::string& entry) { return entry; }

template <class Pattern, class Overlap>
bool listsMayTie(const std::vector<std::string>& a, const std::vector<std::string>& b, Pattern pattern,
                 Overlap overlap_entries) {
  if (a.empty() || b.empty()) return a.empty() == b.empty();
  return std::ranges::any_of(a, [&](const std::string& left) {
    const std::string normal = pattern(left);
    const int left_rank = rank(normal);
    return std::ranges::any_of(b, [&](const std::string& right) {
      const std::string other = pattern(right);
      return rank(other) == left_rank && overlap_entries(normal, other);
    });
  });
}

bool labelsOverlap(std::string_view a, std::string_view b) {
  // A container may have both of two different labels.
  return a.substr(0, a.find('=')) != b.substr(0, b.find('=')) || overlap(a, b);
}

}  // namespace

bool isKnown(const ImageFacts& facts) { return referenceOf(facts).has_value() || !facts.digests.empty(); }

std::optional<std::string> allowedBy(const AllowList& list, const ImageFacts& facts) {
  const auto reference = referenceOf(facts);
  for (const auto& digest : list.digests) {
    if (hasDigest(facts, reference, digest)) return digest;
  }
  std::vector<std::string> texts;
  if (reference) texts.push_back(reference->text());
  for (const auto& name : facts.names) {
    if (const auto other = parseReference(name)) texts.push_back(other->text());
  }
  const auto found = std::ranges::find_if(list.images, [&](const std::string& part) {
    return !part.empty() &&
           std::ranges::any_of(texts, [&](const std::string& text) { return text.find(part) != std::string::npos; });
  });
  return found == list.images.end() ? std::nullopt : std::optional<std::string>(*found);
}

bool coversCluster(const Scope& scope, std::string_view cluster) {
  return scope.clusters.empty() || contains(scope.clusters, cluster);
}

ScopeMatch matchScope(const Scope& scope, std::string_view cluster, const ImageFacts& facts) {
  if (!coversCluster(scope, cluster)) return {Scoped::OtherCluster, {}};
  const auto reference = referenceOf(facts);
  const auto image = bestRank(scope.images, imagePattern, [&](const std::string& pattern) {
    if (isDigest(pattern)) return hasDigest(facts, reference, pattern);
    return reference && fits(pattern, reference->repository);
  });
  const auto tag = bestRank(scope.tags, asIs, [&](const std::string& pattern) {
    return reference && reference->tag && fits(pattern, *reference->tag);
  });
  if (!image || !tag) return {reference ? Scoped::OtherImage : Scoped::UnknownImage, {}};
  const auto label = bestRank(scope.labels, labelPattern, [&](const std::string& pattern) {
    return std::ranges::any_of(facts.labels,
                               [&](const auto& has) { return fits(pattern, has.first + "=" + has.second); });
  });
  if (!label) return {Scoped::OtherLabels, {}};
  return {Scoped::Yes, {*image, *tag, *label, scope.clusters.empty() ? 0 : 1}};
}

bool mayShare(const Scope& a, const Scope& b) {
  const auto lists = [](const auto& left, const auto& right, auto both) {
    return left.empty() || right.empty() || std::ranges::any_of(left, [&](const std::string& one) {
             return std::ranges::any_of(right, [&](const std::string& other) { return both(one, other); });
           });
  };
  const auto images = [](const std::string& one, const std::string& other) {
    // An image may have both of two digests, and any name.
    return isDigest(one) || isDigest(other) || overlap(imagePattern(one), imagePattern(other));
  };
  return lists(a.clusters, b.clusters, std::equal_to<>()) && lists(a.images, b.images, images) &&
         lists(a.tags, b.tags, overlap) && lists(a.labels, b.labels, [](const auto& one, const auto& other) {
           return labelsOverlap(labelPattern(one), labelPattern(other));
         });
}

Specificity specificityOf(const Scope& scope) {
  const auto best = [](const std::vector<std::string>& list, auto pattern) {
    int most = 0;
    for (const auto& entry : list) most = std::max(most, rank(pattern(entry)));
    return most;
  };
  return {best(scope.images, imagePattern), best(scope.tags, asIs), best(scope.labels, labelPattern),
          scope.clusters.empty() ? 0 : 1};
}

bool mayTie(const Scope& a, const Scope& b) {
  return listsMayTie(a.images, b.images, imagePattern, overlap) && listsMayTie(a.tags, b.tags, asIs, overlap) &&
         listsMayTie(a.labels, b.labels, labelPattern, labelsOverlap) &&
         // Names of clusters all say equally much.
         (a.clusters.empty() ? b.clusters.empty()
                             : std::ranges::any_of(a.clusters, [&](const auto& c) { return contains(b.clusters, c); }));
}

}  // namespace holdfast::rule
