// SPDX-License-Identifier: Apache-2.0
#include "rule/load.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/file.hpp"
#include "base/json.hpp"
#include "rule/compile.hpp"
#include "rule/parse.hpp"
#include "rule/source.hpp"
#include "rule/system_rules.hpp"
#include "rule/validate.hpp"

namespace holdfast::rule {
namespace {

/// Collects files, then judges them together.
class Loader {
 public:
  void add(const SourceFile& file, FileOrigin origin) {
    files_.push_back(file.path);
    auto drafts = parseRules(file.content, file.path, origin, findings_);
    std::ranges::move(drafts, std::back_inserter(drafts_));
  }

  void addDirectory(const std::filesystem::path& directory, FileOrigin origin, const SourceFile* instead = nullptr) {
    auto files = readDirectory(directory, findings_);
    if (instead != nullptr) {
      const auto at = std::ranges::lower_bound(files, instead->path, {}, &SourceFile::path);
      if (at != files.end() && at->path == instead->path)
        *at = *instead;
      else
        files.insert(at, *instead);
    }
    for (const auto& file : files) add(file, origin);
  }

  /// After the rules: it is about them.
  void addSwitches(const std::filesystem::path& path, const SourceFile* instead) {
    const bool sound = findings_.ok();
    const auto file = instead != nullptr ? std::optional(*instead) : readOptional(path, findings_);
    if (!file) return;
    files_.push_back(file->path);
    const auto switches = parseSystemRules(file->content, file->path, findings_);
    // With a mistake in the rules nobody can say which there are.
    if (sound) applySystemRules(switches, file->path, drafts_, findings_);
  }

  void addFile(const std::filesystem::path& path) {
    auto content = readFile(path, kFileBytesMax);
    if (!content) {
      findings_.error(content.error());
    } else {
      add({safeUtf8(path.string()), std::move(*content)}, FileOrigin::Unknown);
    }
  }

  /// `config` is null where no host is meant.
  [[nodiscard]] Loaded finish(const HostConfig* config) {
    validate(drafts_, findings_);
    RuleSet set;
    for (auto& draft : drafts_) {
      set.rules.push_back(std::move(draft.rule));
      set.rules.back().tag = static_cast<std::uint32_t>(set.rules.size());
    }
    if (config != nullptr) checkForHost(set, *config);
    if (!findings_.ok()) return tl::unexpected(findings_.takeErrors());
    set.warnings = findings_.takeWarnings();
    set.files = std::move(files_);
    return set;
  }

 private:
  void checkForHost(const RuleSet& set, const HostConfig& config) {
    if (compileDefault(set, config).rules.size() > kProfileRulesMax) {
      findings_.error(Error{"with unknown_image: strict the limit is " + std::to_string(kProfileRulesMax - 1) +
                            " rules of the strictest action that are scoped by image, tag or label"});
    }
    if (!config.cluster.empty()) return;
    for (const Rule& rule : set.rules) {
      if (rule.scope.clusters.empty()) continue;
      findings_.warning(Error{"rule " + inQuotes(rule.name) +
                                  " is scoped by cluster, and this host's configuration "
                                  "names no cluster: it does not apply here",
                              rule.file, rule.line, rule.column});
    }
  }

  Findings findings_;
  std::vector<Draft> drafts_;
  std::vector<std::string> files_;
};

}  // namespace

std::filesystem::path Sources::systemRules() const {
  const auto directory = rules_dir.has_filename() ? rules_dir : rules_dir.parent_path();
  return directory.parent_path() / "system-rules.yaml";
}

Loaded load(const Sources& sources, const HostConfig& config, const SourceFile* instead) {
  Loader loader;
  loader.addDirectory(sources.vendor_dir, FileOrigin::Vendor);
  const auto switches = sources.systemRules();
  const bool other_switches = instead != nullptr && instead->path == switches.string();
  loader.addDirectory(sources.rules_dir, FileOrigin::Custom, other_switches ? nullptr : instead);
  loader.addSwitches(switches, other_switches ? instead : nullptr);
  return loader.finish(&config);
}

Loaded loadVendor(const std::filesystem::path& vendor_dir, const HostConfig& config) {
  Loader loader;
  loader.addDirectory(vendor_dir, FileOrigin::Vendor);
  return loader.finish(&config);
}

Loaded checkFiles(const std::vector<std::filesystem::path>& files) {
  Loader loader;
  for (const auto& file : files) loader.addFile(file);
  return loader.finish(nullptr);
}

Loaded checkText(std::string_view content, const std::string& file) {
  Loader loader;
  loader.add({file, std::string(content)}, FileOrigin::Unknown);
  return loader.finish(nullptr);
}

}  // namespace holdfast::rule
