// SPDX-License-Identifier: Apache-2.0
#include "rule/parse_risks.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "rule/parse_lists.hpp"

namespace holdfast::rule {
namespace {

struct Kind {
  RiskKind kind;
  bool takes_parameters;  // IMG-2
};

constexpr auto kKinds = std::to_array<Kind>({
    {RiskKind::Unscanned, false},
    {RiskKind::Baseline, true},
    {RiskKind::MaliciousImage, false},
    {RiskKind::MaliciousSample, true},
    {RiskKind::Vulnerability, true},
    {RiskKind::SensitiveFile, true},
    {RiskKind::BuildCommand, true},
});
constexpr std::array<std::string_view, 2> kParameterKeys = {"levels", "ids"};
constexpr std::array<std::string_view, 4> kLevels = {"critical", "high", "medium", "low"};

std::string upperCase(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// "CVE-2021-44228": four digits of a year, four or more of a number.
bool isCve(std::string_view id) {
  const auto digits = [](std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  return id.starts_with("CVE-") && id.size() >= 13 && id[8] == '-' && digits(id.substr(4, 4)) && digits(id.substr(9));
}

bool judgeLevel(Reader& reader, const YamlNode& node, const std::string& level) {
  if (std::ranges::find(kLevels, level) != kLevels.end()) return true;
  reader.error(node, inQuotes(level) + " is no level" + suggestion(level, kLevels));
  return false;
}

bool judgeId(Reader& reader, const YamlNode& node, const std::string& id, RiskKind kind) {
  if (id.find_first_of("* ") != std::string::npos) {
    reader.error(node, inQuotes(id) + " has a * or a blank; an id is matched as a whole, with its case");
    return false;
  }
  const std::string upper = upperCase(id);
  if (kind != RiskKind::Vulnerability || !upper.starts_with("CVE") || isCve(id)) return true;
  reader.error(node, inQuotes(id) + " is no CVE id" +
                         (isCve(upper) ? "; write " + upper : ", which is CVE, a year and a number: CVE-2021-44228"));
  return false;
}

std::optional<Risk> readRisk(Reader& reader, const YamlNode& node, const Kind& kind) {
  const std::string what = name(kind.kind);
  Risk risk{kind.kind, {}, {}};
  if (!kind.takes_parameters || node.kind != YamlNode::Kind::Map) {
    if (kind.takes_parameters && node.kind != YamlNode::Kind::Text) {
      reader.error(node, what + " must be true, false or a map with levels, ids or both");
      return std::nullopt;
    }
    return reader.trueFalse(node, what).value_or(false) ? std::optional<Risk>(std::move(risk)) : std::nullopt;
  }
  const std::size_t errors_before = reader.findings().errorCount();
  reader.map(node, what, kParameterKeys);
  risk.levels = readEntries(reader, node, "levels", kLevels.size(), kNameBytesMax,
                            [&](const YamlNode& at, const auto& level) { return judgeLevel(reader, at, level); });
  risk.ids = readEntries(reader, node, "ids", kRiskIdsMax, kNameBytesMax,
                         [&](const YamlNode& at, const auto& id) { return judgeId(reader, at, id, kind.kind); });
  if (risk.levels.empty() && risk.ids.empty() && reader.findings().errorCount() == errors_before) {
    reader.error(node, what + " names neither levels nor ids; write " + what + ": true for all of the kind");
  }
  return risk;
}

}  // namespace

std::vector<Risk> readRisks(Reader& reader, const YamlNode& node) {
  std::array<std::string_view, kKinds.size()> names;
  std::ranges::transform(kKinds, names.begin(), [](const Kind& kind) { return name(kind.kind); });
  std::vector<Risk> risks;
  const std::size_t errors_before = reader.findings().errorCount();
  if (!reader.map(node, "risks", names)) return risks;
  for (const Kind& kind : kKinds) {
    const YamlNode* given = node.find(name(kind.kind));
    if (given == nullptr) continue;
    if (auto risk = readRisk(reader, *given, kind)) risks.push_back(std::move(*risk));
  }
  if (risks.empty() && reader.findings().errorCount() == errors_before) {
    reader.error(node, "no risk is set: nothing would ever hit the rule; write unscanned: true, for example");
  }
  return risks;
}

}  // namespace holdfast::rule
