// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "rule/host_config.hpp"
#include "rule/model.hpp"
#include "rule/source.hpp"

namespace holdfast::rule {

struct Sources {
  std::filesystem::path vendor_dir = "/usr/share/holdfast/rules.d";
  std::filesystem::path rules_dir = "/etc/holdfast/rules.d";

  /// Where the switches of the vendor's rules are kept: system-rules.yaml, beside rules_dir.
  [[nodiscard]] std::filesystem::path systemRules() const;
};

/// A set without a mistake, or all mistakes (the first hundred, and how many more there are).
using Loaded = tl::expected<RuleSet, std::vector<Error>>;

/// The rules of both directories, vendor's first, and these as systemRules() switches them, if there is such a file.
/// With `instead`, as if that file of rules_dir, or systemRules(), had that content, also if there is none yet.
[[nodiscard]] Loaded load(const Sources& sources, const HostConfig& config, const SourceFile* instead = nullptr);

/// The vendor's rules alone: what holds when nothing else can be had.
[[nodiscard]] Loaded loadVendor(const std::filesystem::path& vendor_dir, const HostConfig& config);

/// Files named by a person, judged together but not with those installed. Owner and mode do not matter here.
[[nodiscard]] Loaded checkFiles(const std::vector<std::filesystem::path>& files);

/// One file that is already in memory.
[[nodiscard]] Loaded checkText(std::string_view content, const std::string& file);

}  // namespace holdfast::rule
