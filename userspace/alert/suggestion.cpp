// SPDX-License-Identifier: Apache-2.0
#include "alert/suggestion.hpp"

#include <algorithm>
#include <optional>

#include "alert/text.hpp"
#include "rule/decide.hpp"
#include "rule/image_reference.hpp"
#include "rule/parse_lists.hpp"

namespace holdfast::alert {
namespace {

constexpr std::size_t kIdsMax = 8;
constexpr std::size_t kTextsMax = 2;
constexpr std::size_t kTextBytesMax = 100;

void keep(std::vector<std::string>& texts, const std::string& text) {
  std::string one = shown(text, kTextBytesMax);
  if (one.empty() || texts.size() >= kTextsMax || std::ranges::find(texts, one) != texts.end()) return;
  texts.push_back(std::move(one));
}

std::string chainOf(const Alert& alert) {
  std::string chain = alert.comm;
  for (const auto& ancestor : alert.ancestors) chain += " < " + ancestor.comm;
  return chain;
}

std::string containerOf(const Alert& alert) {
  const auto& container = alert.container;
  const std::string name = container.name.empty() ? container.id : container.name;
  return container.image.empty() ? name : name + " of " + container.image;
}

rule::ImageFacts factsOf(const Alert& alert) {
  rule::ImageFacts facts;
  if (!alert.container.image.empty()) facts.reference = alert.container.image;
  facts.digests = alert.container.digests;
  return facts;
}

rule::ProgramRule programRule(const rule::Rule& rule) {
  rule::ProgramRule one;
  one.tag = rule.tag;
  one.action = rule.action;
  one.directories = rule.allow_list.directories;
  one.programs = rule.allow_list.program_set;
  return one;
}

/// The highest of the directories that covers this one, which may be itself.
template <class Entries>
std::optional<std::string> highest(const Entries& entries, const std::string& directory) {
  for (auto at = directory.find('/', 1); !directory.empty(); at = directory.find('/', at + 1)) {
    std::string parent = directory.substr(0, at);
    if (entries.contains({Exemption::List::Directories, parent})) return parent;
    if (at == std::string::npos) break;
  }
  return std::nullopt;
}

}  // namespace

void Grounds::add(const Alert& alert) {
  Grounds one;
  one.alerts = 1;
  one.operations = alert.count;
  one.last_real = alert.last_real;
  one.ids = {alert.id};
  keep(one.programs, alert.path);
  keep(one.containers, containerOf(alert));
  keep(one.chains, chainOf(alert));
  add(one);
}

void Grounds::add(const Grounds& other) {
  alerts += other.alerts;
  operations += other.operations;
  last_real = std::max(last_real, other.last_real);
  for (const auto id : other.ids) {
    if (ids.size() < kIdsMax) ids.push_back(id);
  }
  for (const auto& text : other.programs) keep(programs, text);
  for (const auto& text : other.containers) keep(containers, text);
  for (const auto& text : other.chains) keep(chains, text);
  for (const auto& text : other.because) keep(because, text);
}

rule::Profile Suggester::profileOf(const Alert& alert) {
  const auto facts = factsOf(alert);
  const auto* recorded = alert.rule ? set_.find(alert.rule->name) : nullptr;
  if (recorded != nullptr && recorded->type == rule::RuleType::NonImageProgram && !recorded->scope.labels.empty()) {
    auto config = config_;
    config.cluster = alert.host.cluster;
    rule::Profile profile;
    if (rule::whyNotHere(*recorded, set_, config).empty() && !rule::allowedBy(recorded->allow_list, facts))
      profile.rules.push_back(programRule(*recorded));
    return profile;
  }
  std::string key = alert.host.cluster + '\n' + alert.container.image;
  for (const auto& digest : facts.digests) key += '\n' + digest;
  const auto known = profiles_.find(key);
  if (known != profiles_.end()) return known->second;
  auto config = config_;
  config.cluster = alert.host.cluster;
  return profiles_.emplace(std::move(key), rule::compile(set_, config, facts)).first->second;
}

void Suggester::add(const Alert& alert) {
  if (alert.type != AlertType::ContainerActiveDefense) return;
  ++alerts_;
  const auto profile = profileOf(alert);
  bool quiet = true;
  for (const auto& one : profile.rules) {
    if (rule::decide({{one}}, false, comparedPath(alert)).action == rule::Action::Allow) continue;
    if (one.programs.size() > 0) {
      const auto digest = digest_of_(alert);
      if (digest && one.programs.has(*digest)) continue;
    }
    quiet = false;
    addTo(*set_.find(one.tag), alert);
  }
  if (quiet) ++quiet_already_;
}

Result<Exemption> Suggester::entryFor(const Alert& alert) const {
  auto entry = narrowestExemption(alert, false, options_.force, options_.directories ? DigestOf() : digest_of_);
  if (entry && entry->list == Exemption::List::Programs) return entry;
  if (entry && entry->list == Exemption::List::Directories) {
    const std::string fault = rule::faultOfAllowedDirectory(entry->value);
    if (fault.empty()) return entry;
    entry = fail("'" + entry->value + "' " + fault);
  }
  if (!options_.images)
    return entry ? fail(entry->because + ": only its whole image could be exempt, with --image") : entry;
  if (!entry) entry = narrowestExemption(alert, true, false);
  if (!entry) return entry;
  const std::string fault = rule::faultOfAllowedImage(entry->value);
  if (!fault.empty()) return fail("'" + entry->value + "' " + fault);
  return entry;
}

void Suggester::addTo(const rule::Rule& rule, const Alert& alert) {
  const auto entry = entryFor(alert);
  if (!entry) {
    unhelped_[{rule.name, entry.error().message}].add(alert);
    return;
  }
  auto& wanted = entries_[rule.tag][{entry->list, entry->value}];
  wanted.grounds.add(alert);
  wanted.directories.insert(directoryOf(alert, options_.force));
  keep(wanted.grounds.because, entry->because);
}

/// The entry, or one that is there anyway and does what it is for.
Suggester::Entry Suggester::coveredBy(const Entries& entries, const Entry& entry, const Wanted& wanted) {
  if (entry.first == Exemption::List::Images) return entry;
  std::optional<std::string> directory;
  for (const auto& one : wanted.directories) {
    directory = highest(entries, one);
    if (!directory) return entry;
  }
  return {Exemption::List::Directories, *directory};
}

std::string Suggester::freeName(const std::string& wanted) const {
  std::string name = wanted;
  for (int i = 2; set_.find(name) != nullptr; ++i) name = wanted + "-" + std::to_string(i);
  return name;
}

Suggestion Suggester::finish() const {
  Suggestion suggestion;
  suggestion.alerts = alerts_;
  suggestion.quiet_already = quiet_already_;
  auto unhelped = unhelped_;
  for (const auto& [tag, entries] : entries_) {
    const auto& now = *set_.find(tag);
    SuggestedRule suggested{now, {}, {}};
    if (now.system) {
      suggested.instead_of = now.name;
      suggested.rule.name = freeName("instead-of-" + now.name);
      suggested.rule.system = false;
    }
    std::map<Entry, Grounds> merged;
    for (const auto& [entry, wanted] : entries) merged[coveredBy(entries, entry, wanted)].add(wanted.grounds);
    std::map<Exemption::List, std::size_t> counts = {
        {Exemption::List::Programs, now.allow_list.programs.size()},
        {Exemption::List::Directories, now.allow_list.directories.size()},
        {Exemption::List::Images, now.allow_list.images.size() + now.allow_list.digests.size()}};
    for (const auto& [entry, grounds] : merged) {
      const auto& [list, value] = entry;
      if (++counts[list] > (list == Exemption::List::Directories ? rule::kDirectoriesMax : rule::kAllowListMax))
        unhelped[{now.name, "the allow list has no room for more entries: name a directory above them"}].add(grounds);
      else
        suggested.entries.push_back({{list, value, {}}, grounds});
    }
    suggestion.rules.push_back(std::move(suggested));
  }
  for (const auto& [key, grounds] : unhelped) suggestion.unhelped.push_back({key.first, key.second, grounds});
  return suggestion;
}

}  // namespace holdfast::alert
