// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rule/action.hpp"
#include "rule/check_catalogue.hpp"
#include "rule/program_set.hpp"

namespace holdfast::rule {

enum class RuleType { ImageRisk, NonImageProgram, ContainerEscape };

/// What happens to non-image programs that run already when the rule comes into force (DRF-7).
enum class OnRunning { Report, Stop };

/// In the order in which they are judged (IMG-1).
enum class RiskKind {
  Unscanned,
  Baseline,
  MaliciousImage,
  MaliciousSample,
  Vulnerability,
  SensitiveFile,
  BuildCommand
};

/// As rule files write them: "non-image-program", "stop", "malicious_image".
[[nodiscard]] const char* name(RuleType type);
[[nodiscard]] const char* name(OnRunning on_running);
[[nodiscard]] const char* name(RiskKind kind);

/// Entries of one list are alternatives, several lists must all match, an empty list matches everything.
struct Scope {
  std::vector<std::string> clusters;  // exact
  std::vector<std::string> images;    // repository, "*" allowed, or a digest
  std::vector<std::string> tags;      // "*" allowed
  std::vector<std::string> labels;    // "key" or "key=value", "*" allowed in the value

  [[nodiscard]] bool byClusterAlone() const { return images.empty() && tags.empty() && labels.empty(); }
};

struct AllowList {
  std::vector<std::string> directories;         // absolute, normal; each covers all below it
  std::vector<std::string> images;              // parts of a reference
  std::vector<std::string> digests;             // "sha256:..." out of the same list of the file
  std::vector<std::string> programs = {};       // "sha256:..." of their bytes
  std::vector<std::string> program_lists = {};  // files with more such; absolute
  ProgramSet program_set = {};                  // all of both
};

/// What a container-escape rule checks.
struct Checks {
  std::vector<std::string> types;   // of the catalogue; empty: all
  std::vector<std::string> except;  // items of these types that are left out
  CheckTypeSet named;               // the same as sets: the types,
  CheckSet items;                   // and their items without those left out
};

/// One kind of risk that an image-risk rule is hit by. Levels and ids are alternatives; neither: whatever is of the
/// kind.
struct Risk {
  RiskKind kind = RiskKind::Unscanned;
  std::vector<std::string> levels;  // "critical", "high", "medium", "low"
  std::vector<std::string> ids;     // as the report of the scanner names what it found: "CVE-2021-44228"
};

struct Rule {
  std::string name;
  std::string description;
  RuleType type = RuleType::NonImageProgram;
  bool enabled = true;
  Action action = Action::Alert;
  Scope scope;
  AllowList allow_list;
  OnRunning on_running = OnRunning::Report;   // non-image-program
  Checks checks;                              // container-escape
  std::vector<Risk> risks;                    // image-risk; by ascending kind, each once
  bool system = false;                        // ships with Holdfast
  std::vector<std::string> exclude_clusters;  // system rules: where it does not apply
  std::string switched_at;                    // system rules: "FILE:LINE" that says so, or what its status is
  std::string file;
  int line = 0;
  int column = 0;
  std::uint32_t tag = 0;  // what the kernel calls the rule: 1 and up, valid for its own RuleSet only

  /// "FILE:LINE".
  [[nodiscard]] std::string place() const { return file + ":" + std::to_string(line); }
};

/// Rules that were checked together. Immutable once loaded.
struct RuleSet {
  std::vector<Rule> rules;         // rules[i].tag == i + 1
  std::vector<Error> warnings;     // worth saying, refuse nothing
  std::vector<std::string> files;  // in the order read

  /// Null if there is none; lives as long as the set.
  [[nodiscard]] const Rule* find(std::uint32_t tag) const;
  [[nodiscard]] const Rule* find(const std::string& rule_name) const;
};

// Limits of rule files. Those of the kernel's ABI are asserted in kernel/.
inline constexpr std::size_t kFileBytesMax = 1048576;
inline constexpr std::size_t kFilesMax = 256;          // of one directory
inline constexpr std::size_t kRulesMax = 512;          // of one set
inline constexpr std::size_t kScopeEntriesMax = 64;    // of one list
inline constexpr std::size_t kAllowedImagesMax = 20;   // image-risk and container-escape rules (RUL-5)
inline constexpr std::size_t kDirectoriesMax = 16384;  // HOLDFAST_DIRECTORIES_MAX
inline constexpr std::size_t kAllowListMax = 1024;     // all other lists
inline constexpr std::size_t kProgramListsMax = 64;    // of one rule
inline constexpr std::size_t kRiskIdsMax = 1024;       // of one kind of risk
inline constexpr std::size_t kNameBytesMax = 128;
inline constexpr std::size_t kDescriptionBytesMax = 4096;
inline constexpr std::size_t kImageBytesMax = 512;
inline constexpr std::size_t kDirectoryBytesMax = 4095;     // HOLDFAST_PATH_MAX
inline constexpr std::size_t kProfileRulesMax = 64;         // HOLDFAST_RULES_MAX
inline constexpr std::size_t kImageRiskRulesMax = 40;       // of one cluster (RUL-7)
inline constexpr std::size_t kNonImageProgramRulesMax = 1;  // of one cluster, scoped by cluster alone (RUL-7)

}  // namespace holdfast::rule
