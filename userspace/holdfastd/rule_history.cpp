// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/rule_history.hpp"

#include <spdlog/spdlog.h>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/nlohmann.hpp"

namespace holdfast::holdfastd {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kSetsMax = 16;
constexpr std::size_t kFileBytesMax = 64 * 1024 * 1024;

/// Only what an alert shows of a rule.
Json toJson(const rule::Rule& rule) {
  return {{"name", safeUtf8(rule.name)},
          {"action", static_cast<int>(rule.action)},
          {"type", static_cast<int>(rule.type)},
          {"system", rule.system},
          {"file", safeUtf8(rule.file)},
          {"line", rule.line},
          {"column", rule.column}};
}

rule::Rule ruleFrom(const Json& json) {
  rule::Rule rule;
  rule.name = json.at("name").get<std::string>();
  rule.action = static_cast<rule::Action>(json.at("action").get<int>());
  rule.type = static_cast<rule::RuleType>(json.at("type").get<int>());
  rule.system = json.at("system").get<bool>();
  rule.file = json.at("file").get<std::string>();
  rule.line = json.at("line").get<int>();
  rule.column = json.at("column").get<int>();
  return rule;
}

}  // namespace

void RuleHistory::add(std::uint32_t generation, std::shared_ptr<const rule::RuleSet> rules) {
  const std::scoped_lock lock(mutex_);
  if (!sets_.empty() && sets_.rbegin()->first <= generation && sets_.rbegin()->second == rules) return;
  sets_[generation] = std::move(rules);
  if (sets_.size() > kSetsMax) sets_.erase(sets_.begin());
  keep();
}

void RuleHistory::remove(std::uint32_t generation) {
  const std::scoped_lock lock(mutex_);
  if (sets_.erase(generation) != 0) keep();
}

RuleHistory::Found RuleHistory::find(std::uint32_t generation) const {
  const std::scoped_lock lock(mutex_);
  auto after = sets_.upper_bound(generation);
  if (after == sets_.begin()) return {};
  --after;
  return {after->first, after->second};
}

void RuleHistory::keep() const {
  if (!place_) return;
  Json sets = Json::array();
  for (const auto& [generation, rules] : sets_) {
    Json list = Json::array();
    for (const auto& rule : rules->rules) list.push_back(toJson(rule));
    sets.push_back({{"generation", generation}, {"rules", std::move(list)}});
  }
  const Json all = {
      {"version", 1}, {"boot_id", place_->boot_id}, {"load_id", place_->load_id}, {"sets", std::move(sets)}};
  if (auto done = writeFileAtomically(place_->file, all.dump() + "\n", 0600); !done) {
    spdlog::warn("alerts of before a restart may not name their rule: {}", done.error().text());
  }
}

Result<void> RuleHistory::open(const std::filesystem::path& file, const std::string& boot_id, std::uint64_t load_id) {
  const std::scoped_lock lock(mutex_);
  sets_.clear();
  place_ = Place{file, boot_id, load_id};
  auto text = readFile(file, kFileBytesMax);
  if (!text) return tl::unexpected(text.error());
  try {
    const Json all = Json::parse(*text);
    if (all.at("boot_id").get<std::string>() != boot_id || all.at("load_id").get<std::uint64_t>() != load_id) return {};
    std::map<std::uint32_t, std::shared_ptr<const rule::RuleSet>> sets;
    for (const auto& json : all.at("sets")) {
      rule::RuleSet set;
      for (const auto& one : json.at("rules")) {
        set.rules.push_back(ruleFrom(one));
        set.rules.back().tag = static_cast<std::uint32_t>(set.rules.size());
      }
      sets[json.at("generation").get<std::uint32_t>()] = std::make_shared<const rule::RuleSet>(std::move(set));
    }
    sets_ = std::move(sets);
  } catch (const Json::exception& error) {
    return tl::unexpected(Error{std::string("is damaged: ") + error.what(), file.string()});
  }
  return {};
}

}  // namespace holdfast::holdfastd
