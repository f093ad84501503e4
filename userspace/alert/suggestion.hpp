// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "alert/alert.hpp"
#include "alert/exemption.hpp"
#include "rule/compile.hpp"

namespace holdfast::alert {

/// The alerts behind an entry, or behind its absence. Of the texts, which containers chose, and the ids only the first
/// few different ones are kept.
struct Grounds {
  std::size_t alerts = 0;
  std::uint64_t operations = 0;
  std::uint64_t last_real = 0;  // nanoseconds since 1970, UTC
  std::vector<std::int64_t> ids;
  std::vector<std::string> programs;
  std::vector<std::string> containers;  // "NAME of IMAGE"
  std::vector<std::string> chains;      // who did it, nearest first: "sh < bash < init"
  std::vector<std::string> because;     // of an entry: why nothing narrower does

  void add(const Alert& alert);
  void add(const Grounds& other);
};

struct SuggestedEntry {
  Exemption exemption;
  Grounds grounds;
};

/// A rule, and what to add to its allow list.
struct SuggestedRule {
  rule::Rule rule;         // as it is now; one of this name is to be made if `instead_of` says so
  std::string instead_of;  // the rule that ships with Holdfast, which takes no allow list and gives way to this one
  std::vector<SuggestedEntry> entries;  // programs first, images last, each list sorted
};

/// Alerts of a rule that no entry makes quiet, all for one reason.
struct Unhelped {
  std::string rule;
  std::string reason;
  Grounds grounds;
};

struct Suggestion {
  std::vector<SuggestedRule> rules;
  std::vector<Unhelped> unhelped;
  std::size_t alerts = 0;
  std::size_t quiet_already = 0;  // alerts that the rules as they are now would not raise
};

struct SuggestOptions {
  bool images = false;       // where no directory does, exempt the whole image
  bool force = false;        // also by directories that are too broad, as narrowestExemption() has it
  bool directories = false;  // no programs by their digests
};

/// From alerts of programs that are not the image's to the entries with which the rules, as they are now, would have
/// raised none of them: narrowestExemption() of each. A program that a directory beside it exempts has no entry of its
/// own. Alerts do not record labels: one of a rule that is scoped by label is taken to be that rule's still.
class Suggester {
 public:
  /// Rules and configuration outlive the suggester.
  Suggester(const rule::RuleSet& set, const rule::HostConfig& config, SuggestOptions options, DigestOf digest_of)
      : set_(set), config_(config), options_(options), digest_of_(std::move(digest_of)) {}

  /// Of another type than Container Active Defense: passed over.
  void add(const Alert& alert);
  [[nodiscard]] Suggestion finish() const;

 private:
  using Entry = std::pair<Exemption::List, std::string>;
  struct Wanted {
    Grounds grounds;
    std::set<std::string> directories;  // directoryOf() each alert
  };
  using Entries = std::map<Entry, Wanted>;

  [[nodiscard]] rule::Profile profileOf(const Alert& alert);
  [[nodiscard]] Result<Exemption> entryFor(const Alert& alert) const;
  void addTo(const rule::Rule& rule, const Alert& alert);
  [[nodiscard]] static Entry coveredBy(const Entries& entries, const Entry& entry, const Wanted& wanted);
  [[nodiscard]] std::string freeName(const std::string& wanted) const;

  const rule::RuleSet& set_;
  const rule::HostConfig& config_;
  SuggestOptions options_;
  DigestOf digest_of_;
  std::map<std::string, rule::Profile> profiles_;  // by what judge() goes by
  std::map<std::uint32_t, Entries> entries_;       // by tag
  std::map<std::pair<std::string, std::string>, Grounds> unhelped_;
  std::size_t alerts_ = 0;
  std::size_t quiet_already_ = 0;
};

}  // namespace holdfast::alert
