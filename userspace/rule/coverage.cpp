// SPDX-License-Identifier: Apache-2.0
#include "rule/coverage.hpp"

#include <algorithm>
#include <utility>

#include "rule/judge.hpp"
#include "rule/match.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {
namespace {

using Strings = std::vector<std::string>;

std::string joined(const Strings& words, std::string_view between = ", ") {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : std::string(between)) + word;
  return out;
}

/// Entries of `a` that are not in `b`.
Strings without(const Strings& a, const Strings& b) {
  Strings out;
  std::ranges::copy_if(a, std::back_inserter(out),
                       [&b](const auto& one) { return std::ranges::find(b, one) == b.end(); });
  return out;
}

using List = std::pair<const char*, Strings Scope::*>;
constexpr List kLists[] = {
    {"clusters", &Scope::clusters}, {"images", &Scope::images}, {"tags", &Scope::tags}, {"labels", &Scope::labels}};

/// A list that names nothing lets everything in.
void compareScopes(const Scope& before, const Scope& after, Strings& losses) {
  for (const auto& [title, list] : kLists) {
    if ((after.*list).empty()) continue;
    if ((before.*list).empty())
      losses.push_back(std::string("only ") + title + " " + joined(after.*list) + " are in scope");
    const Strings gone = (before.*list).empty() ? Strings{} : without(before.*list, after.*list);
    if (!gone.empty()) losses.push_back(std::string(title) + " " + joined(gone) + " are no longer in scope");
  }
}

void compareExemptions(const Rule& before, const Rule& after, Strings& losses) {
  const std::pair<const char*, Strings AllowList::*> lists[] = {{"programs below ", &AllowList::directories},
                                                                {"images with ", &AllowList::images},
                                                                {"images ", &AllowList::digests},
                                                                {"programs ", &AllowList::programs},
                                                                {"programs of the list ", &AllowList::program_lists}};
  for (const auto& [title, list] : lists) {
    const Strings more = without(after.allow_list.*list, before.allow_list.*list);
    if (!more.empty()) losses.push_back(title + joined(more) + " are exempt");
  }
  const Strings clusters = without(after.exclude_clusters, before.exclude_clusters);
  if (!clusters.empty()) losses.push_back("clusters " + joined(clusters) + " are excluded");
}

void compareChecks(const Rule& before, const Rule& after, Strings& losses) {
  const CheckSet gone = before.checks.items & ~after.checks.items;
  Strings names;
  for (std::size_t type = 0; type < kCheckTypes; ++type) {
    const CheckSet all = itemsOf(type);
    if ((gone & all) == all) {
      names.emplace_back(checkTypes()[type].name);
      continue;
    }
    for (std::size_t i = 0; i < kCheckItems; ++i) {
      if (gone[i] && all[i]) names.emplace_back(checkItems()[i].name);
    }
  }
  if (!names.empty()) losses.push_back(joined(names) + " are no longer checked");
}

void compareRisks(const Rule& before, const Rule& after, Strings& losses) {
  for (const Risk& old : before.risks) {
    const auto now = std::ranges::find(after.risks, old.kind, &Risk::kind);
    const std::string kind = name(old.kind);
    if (now == after.risks.end()) {
      losses.push_back(kind + " is no longer judged");
      continue;
    }
    if (now->levels.empty() && now->ids.empty()) continue;
    if (old.levels.empty() && old.ids.empty()) losses.push_back("not every " + kind + " is judged any more");
    Strings gone = without(old.levels, now->levels);
    std::ranges::move(without(old.ids, now->ids), std::back_inserter(gone));
    if (!gone.empty()) losses.push_back(kind + " " + joined(gone) + " is no longer judged");
  }
}

/// What a rule covers less than another that covers something.
Strings lossesBetween(const Rule& before, const Rule& after) {
  Strings losses;
  if (after.type != before.type) return {std::string("it is of type ") + name(after.type) + " now"};
  if (after.action < before.action) losses.push_back(std::string("its action is ") + name(after.action) + " now");
  if (before.on_running == OnRunning::Stop && after.on_running != OnRunning::Stop) {
    losses.emplace_back("what runs already is only reported");
  }
  compareScopes(before.scope, after.scope, losses);
  compareExemptions(before, after, losses);
  compareChecks(before, after, losses);
  compareRisks(before, after, losses);
  return losses;
}

bool covers(const Rule& rule, const RuleSet& set) { return rule.enabled && replacedBy(rule, set) == nullptr; }

/// Why a rule covers nothing any more.
std::string endOf(const Rule* after, const RuleSet& set) {
  if (after == nullptr) return "it is deleted";
  const Rule* custom = replacedBy(*after, set);
  return custom != nullptr ? "custom rule " + inQuotes(custom->name) + " takes its place" : "its status is off";
}

class Comparison {
 public:
  Comparison(const RuleSet& before, const RuleSet& after) : before_(before), after_(after) {}

  std::vector<CoverageLost> run() {
    for (const Rule& rule : before_.rules) {
      if (covers(rule, before_)) compare(rule);
    }
    for (const Rule& rule : after_.rules) {
      if (covers(rule, after_)) compareWithLessSpecific(rule);
    }
    return std::move(lost_);
  }

 private:
  void add(const Rule& rule, const char* after, const std::string& text) {
    std::string note = whyNotEnforced(rule);
    if (!note.empty()) note = " (" + note + ")";
    lost_.push_back({rule.name, name(rule.action), after, text + note});
  }

  void compare(const Rule& rule) {
    const Rule* after = after_.find(rule.name);
    if (after == nullptr || !covers(*after, after_)) {
      // Another name for the same protection is no loss.
      const bool renamed = after == nullptr && std::ranges::any_of(after_.rules, [&](const Rule& other) {
                             return !other.system && before_.find(other.name) == nullptr && covers(other, after_) &&
                                    lossesBetween(rule, other).empty();
                           });
      if (!renamed) add(rule, "none", scopeText(rule.scope) + ": " + endOf(after, after_));
      return;
    }
    const Strings losses = lossesBetween(rule, *after);
    if (losses.empty()) return;
    add(rule, after->action < rule.action ? name(after->action) : "part",
        scopeText(rule.scope) + ": " + joined(losses, "; "));
  }

  /// Of program rules the most specific applies alone: a new one takes containers from the others.
  void compareWithLessSpecific(const Rule& rule) {
    if (rule.type != RuleType::NonImageProgram || rule.system) return;
    const Rule* old = before_.find(rule.name);
    if (old != nullptr && covers(*old, before_) && lossesBetween(*old, rule).empty() &&
        lossesBetween(rule, *old).empty()) {
      return;
    }
    const Specificity own = specificityOf(rule.scope);
    for (const Rule& other : before_.rules) {
      if (other.type != rule.type || other.system || other.name == rule.name || !covers(other, before_)) continue;
      if (specificityOf(other.scope) >= own || !mayShare(rule.scope, other.scope)) continue;
      Rule narrowed = rule;
      narrowed.scope = other.scope;  // which it is narrower than by itself is no loss: the other goes on applying there
      const Strings losses = lossesBetween(other, narrowed);
      if (losses.empty()) continue;
      add(other, rule.action < other.action ? name(rule.action) : "part",
          scopeText(rule.scope) + ": rule " + inQuotes(rule.name) + " applies instead, and " + joined(losses, "; "));
    }
  }

  const RuleSet& before_;
  const RuleSet& after_;
  std::vector<CoverageLost> lost_;
};

}  // namespace

std::vector<CoverageLost> coverageLost(const RuleSet& before, const RuleSet& after) {
  return Comparison(before, after).run();
}

std::string scopeText(const Scope& scope) {
  std::string text;
  for (const auto& [title, list] : kLists) {
    if (!(scope.*list).empty()) text += (text.empty() ? "" : "; ") + (std::string(title) + " " + joined(scope.*list));
  }
  return text.empty() ? "all containers" : "containers of " + text;
}

}  // namespace holdfast::rule
