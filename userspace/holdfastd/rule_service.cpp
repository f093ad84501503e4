// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/rule_service.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>

#include "base/json.hpp"
#include "base/time.hpp"

namespace holdfast::holdfastd {

RuleService::RuleService(const Options& options, PolicyKeeper& keeper, Notice notice)
    : options_(options), keeper_(keeper), notice_(std::move(notice)) {}

rule::Sources RuleService::sources(const rule::HostConfig& config) const {
  return {.vendor_dir = options_.vendor_dir, .rules_dir = options_.rules_dir.value_or(config.rules_dir)};
}

std::vector<std::filesystem::path> RuleService::directories() const {
  return {sources(read_config_).rules_dir, options_.vendor_dir, options_.config.parent_path()};
}

std::vector<std::filesystem::path> RuleService::files() const {
  auto files = lists_;
  files.push_back(sources(read_config_).systemRules());
  return files;
}

void RuleService::refuse(std::vector<Error> errors) {
  errors_ = std::move(errors);
  for (const auto& error : errors_) spdlog::error("{}", safeUtf8(error.text()));
  Error summary = errors_.front();
  std::string all;
  for (const auto& error : errors_) all += error.text() + "\n";
  if (all == said_) return;
  said_ = std::move(all);
  if (errors_.size() > 1) summary.message += " (and " + std::to_string(errors_.size() - 1) + " more)";
  notice_(alert::NoticeKind::BadRuleSet, summary);
}

bool RuleService::read() {
  read_.reset();
  auto config = rule::loadHostConfig(options_.config);
  if (!config) {
    refuse(std::move(config.error()));
    return false;
  }
  read_config_ = std::move(*config);
  auto set = rule::load(sources(read_config_), read_config_);
  if (!set) {
    refuse(std::move(set.error()));
    return false;
  }
  for (const auto& warning : set->warnings) spdlog::warn("{}", safeUtf8(warning.text()));
  lists_.clear();
  for (const auto& rule : set->rules)
    lists_.insert(lists_.end(), rule.allow_list.program_lists.begin(), rule.allow_list.program_lists.end());
  read_ = std::make_shared<const rule::RuleSet>(std::move(*set));
  return true;
}

bool RuleService::apply(Rules rules, const rule::HostConfig& config) {
  auto done = keeper_.apply(std::move(rules), config);
  if (!done && done.error().code == ENODEV) {
    // Not the rules' fault, and told of as what it is: they come into force with the module.
    errors_ = {Error{"the rules are not in force: " + done.error().message}};
    return false;
  }
  if (!done) {
    refuse({Error{"the rules are not in force: " + done.error().message}});
    return false;
  }
  config_ = config;
  loaded_at_ns_ = realTimeNs();
  loaded_at_ = utcText(loaded_at_ns_);
  return true;
}

void RuleService::applyFirst() {
  fallback_.clear();
  if (read_ && apply(read_, read_config_)) {
    errors_.clear();
    said_.clear();
    return;
  }
  if (keeper_.inForce()) {
    fallback_ = "the rule files have mistakes: what was in force when this controller started stays in force";
    return;
  }
  auto vendor = rule::loadVendor(options_.vendor_dir, read_config_);
  if (!vendor) {
    fallback_ = "neither the rule files nor the vendor's rules can be used: no rule is in force";
    for (const auto& error : vendor.error()) spdlog::error("{}", safeUtf8(error.text()));
    return;
  }
  auto errors = errors_;
  const bool applied = apply(std::make_shared<const rule::RuleSet>(std::move(*vendor)), read_config_);
  fallback_ = applied ? "the rule files have mistakes: only the vendor's rules are in force" : "no rule is in force";
  if (!errors.empty()) errors_ = std::move(errors);
}

tl::expected<control::ReloadReport, std::vector<Error>> RuleService::reload() {
  if (!read()) return tl::unexpected(errors_);
  if (!apply(read_, read_config_)) return tl::unexpected(errors_);
  errors_.clear();
  said_.clear();
  fallback_.clear();
  const auto generation = keeper_.inForce()->generation;
  spdlog::info("{} rules are in force as generation {}", read_->rules.size(), generation);
  return control::ReloadReport{generation, read_->rules.size()};
}

}  // namespace holdfast::holdfastd
