// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.hpp"
#include "holdfastctl/doctor_facts.hpp"

namespace holdfast::holdfastctl {

/// Something that is not as it should be, and how to mend it.
struct Ailment {
  std::string check;
  alert::Severity severity = alert::Severity::Suspicious;
  std::string what;
  std::string meaning;
  std::vector<std::string> commands;  // for a root shell on Debian, in this order
};

/// What one check says.
struct Judgement {
  std::vector<Ailment> findings;
  std::string unknown;  // why it could not be told, if it could not

  void urgent(std::string what, std::string meaning, std::vector<std::string> commands) {
    findings.push_back({{}, alert::Severity::Urgent, std::move(what), std::move(meaning), std::move(commands)});
  }
  void suspicious(std::string what, std::string meaning, std::vector<std::string> commands) {
    findings.push_back({{}, alert::Severity::Suspicious, std::move(what), std::move(meaning), std::move(commands)});
  }
  void reminder(std::string what, std::string meaning, std::vector<std::string> commands) {
    findings.push_back({{}, alert::Severity::Reminder, std::move(what), std::move(meaning), std::move(commands)});
  }
};

/// One row of the table: pure, judges the facts and nothing else.
struct DoctorCheck {
  const char* name;
  const char* about;
  void (*judge)(const DoctorFacts&, Judgement&);
};

[[nodiscard]] std::span<const DoctorCheck> kernelChecks();
[[nodiscard]] std::span<const DoctorCheck> moduleChecks();
[[nodiscard]] std::span<const DoctorCheck> hostChecks();
[[nodiscard]] std::span<const DoctorCheck> ruleChecks();

struct CheckResult {
  const DoctorCheck* check = nullptr;
  Judgement judgement;
};

/// All checks, in the order in which a person mends things.
[[nodiscard]] std::vector<CheckResult> examine(const DoctorFacts& facts);

/// What a function (requirement RUL-10) needs, and whether this host has it.
struct Prerequisite {
  enum class Met { Yes, No, Unknown };
  std::string name;
  Met met = Met::Unknown;
  std::string why;  // not, or why nobody knows
};
struct FunctionNeeds {
  std::string function;
  std::vector<Prerequisite> prerequisites;
};
[[nodiscard]] std::vector<FunctionNeeds> functionNeeds(const DoctorFacts& facts,
                                                       const std::vector<CheckResult>& results);

/// A word for a shell, whatever is in it.
[[nodiscard]] std::string shellWord(std::string_view text);

}  // namespace holdfast::holdfastctl
