// SPDX-License-Identifier: Apache-2.0
#include "rule/host_config.hpp"

#include <array>

#include "base/file.hpp"
#include "rule/model.hpp"
#include "rule/parse_lists.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {
namespace {

constexpr int kVersion = 1;
constexpr int kTimeoutLeastMs = 100;
constexpr int kTimeoutMostMs = 15000;  // HOLDFAST_QUERY_TIMEOUT_MS_MAX
constexpr std::array<std::string_view, 12> kKeys = {
    "version",   "cluster",   "host_name", "log_level", "query_timeout_ms", "unknown_image",
    "rules_dir", "functions", "alerts",    "outputs",   "metrics",          "runtime_programs"};
constexpr std::array<std::string_view, 2> kAlertsKeys = {"keep_days", "keep_count"};
constexpr std::array<std::string_view, 2> kOutputsKeys = {"journal", "audit"};
constexpr std::array<std::string_view, 2> kMetricsKeys = {"textfile", "every_seconds"};
constexpr int kKeepDaysMost = 36500;
constexpr int kKeepCountLeast = 100;
constexpr int kKeepCountMost = 1000000;
constexpr int kMetricsMostSeconds = 3600;
constexpr std::size_t kRuntimeProgramsMost = 32;  // HOLDFAST_RUNTIME_PROGRAMS_MAX
constexpr std::array<std::string_view, 3> kFunctionKeys = {"image_risk", "non_image_program", "container_escape"};
constexpr std::array kFunctions = {&HostConfig::image_risk, &HostConfig::non_image_program,
                                   &HostConfig::container_escape};
constexpr std::array<std::string_view, 6> kLogLevels = {"trace", "debug", "info", "warning", "error", "critical"};
constexpr std::array<std::string_view, 2> kUnknownImage = {"default", "strict"};

void readRulesDir(Reader& reader, const YamlNode& node, HostConfig& config) {
  const auto path = reader.text(node, "rules_dir", kDirectoryBytesMax);
  if (!path) return;
  const std::string fault = faultOfDirectory(*path);
  if (!fault.empty()) reader.error(node, "rules_dir " + inQuotes(*path) + " " + fault);
  config.rules_dir = *path;
}

void readFunctions(Reader& reader, const YamlNode& node, HostConfig& config) {
  if (!reader.map(node, "functions", kFunctionKeys)) return;
  for (std::size_t i = 0; i < kFunctionKeys.size(); ++i) {
    if (const YamlNode* value = node.find(kFunctionKeys[i])) {
      config.*kFunctions[i] = reader.onOff(*value, kFunctionKeys[i]).value_or(true);
    }
  }
}

void readAlerts(Reader& reader, const YamlNode& node, HostConfig& config) {
  if (!reader.map(node, "alerts", kAlertsKeys)) return;
  if (const YamlNode* value = node.find("keep_days")) {
    const auto days = reader.number(*value, "keep_days", 1, kKeepDaysMost);
    if (days) config.alerts_keep_days = static_cast<std::uint32_t>(*days);
  }
  if (const YamlNode* value = node.find("keep_count")) {
    const auto count = reader.number(*value, "keep_count", kKeepCountLeast, kKeepCountMost);
    if (count) config.alerts_keep_count = static_cast<std::uint32_t>(*count);
  }
}

void readOutputs(Reader& reader, const YamlNode& node, HostConfig& config) {
  if (!reader.map(node, "outputs", kOutputsKeys)) return;
  if (const YamlNode* value = node.find("journal"))
    config.output_journal = reader.onOff(*value, "journal").value_or(true);
  if (const YamlNode* value = node.find("audit")) config.output_audit = reader.onOff(*value, "audit").value_or(true);
}

/// Written anew again and again, under a hidden name first, so that node-exporter never reads half of it.
void readMetrics(Reader& reader, const YamlNode& node, HostConfig& config) {
  if (!reader.map(node, "metrics", kMetricsKeys)) return;
  if (const YamlNode* value = node.find("textfile")) {
    const auto path = reader.text(*value, "textfile", kDirectoryBytesMax);
    if (!path) return;
    if (!path->starts_with('/') || !path->ends_with(".prom"))
      reader.error(*value, "textfile " + inQuotes(*path) + " is no absolute path that ends in .prom");
    config.metrics_textfile = *path;
  }
  if (const YamlNode* value = node.find("every_seconds")) {
    const auto seconds = reader.number(*value, "every_seconds", 1, kMetricsMostSeconds);
    if (seconds) config.metrics_every_seconds = static_cast<std::uint32_t>(*seconds);
  }
}

void readRuntimePrograms(Reader& reader, const YamlNode& node, HostConfig& config) {
  config.runtime_programs.clear();
  for (const YamlNode& entry : reader.list(node, "runtime_programs", kRuntimeProgramsMost)) {
    const auto path = reader.text(entry, "runtime program", kDirectoryBytesMax);
    if (!path) continue;
    const std::string fault = *path == "/" ? "is a directory" : faultOfDirectory(*path);
    if (!fault.empty()) reader.error(entry, "runtime program " + inQuotes(*path) + " " + fault);
    config.runtime_programs.push_back(*path);
  }
}

void read(Reader& reader, const YamlNode& root, HostConfig& config) {
  if (!reader.map(root, "the configuration", kKeys)) return;
  if (const YamlNode* node = root.find("version")) std::ignore = reader.number(*node, "version", kVersion, kVersion);
  if (const YamlNode* node = root.find("cluster")) {
    config.cluster = reader.text(*node, "cluster", kNameBytesMax).value_or("");
    if (config.cluster.find('*') != std::string::npos) reader.error(*node, "cluster is one name, without a *");
  }
  if (const YamlNode* node = root.find("host_name")) {
    config.host_name = reader.text(*node, "host_name", kNameBytesMax).value_or("");
  }
  if (const YamlNode* node = root.find("log_level")) {
    if (const auto index = reader.choice(*node, "log_level", kLogLevels)) config.log_level = kLogLevels[*index];
  }
  if (const YamlNode* node = root.find("query_timeout_ms")) {
    const auto value = reader.number(*node, "query_timeout_ms", kTimeoutLeastMs, kTimeoutMostMs);
    if (value) config.query_timeout_ms = static_cast<std::uint32_t>(*value);
  }
  if (const YamlNode* node = root.find("unknown_image")) {
    const auto index = reader.choice(*node, "unknown_image", kUnknownImage);
    config.unknown_image_strict = index && *index == 1;
  }
  if (const YamlNode* node = root.find("rules_dir")) readRulesDir(reader, *node, config);
  if (const YamlNode* node = root.find("functions")) readFunctions(reader, *node, config);
  if (const YamlNode* node = root.find("alerts")) readAlerts(reader, *node, config);
  if (const YamlNode* node = root.find("outputs")) readOutputs(reader, *node, config);
  if (const YamlNode* node = root.find("metrics")) readMetrics(reader, *node, config);
  if (const YamlNode* node = root.find("runtime_programs")) readRuntimePrograms(reader, *node, config);
}

}  // namespace

tl::expected<HostConfig, std::vector<Error>> parseHostConfig(std::string_view content, const std::string& file) {
  const auto root = parseYaml(content, file);
  if (!root) return tl::unexpected(std::vector<Error>{root.error()});
  Findings findings;
  Reader reader(file, findings);
  HostConfig config;
  read(reader, *root, config);
  if (!findings.ok()) return tl::unexpected(findings.takeErrors());
  return config;
}

tl::expected<HostConfig, std::vector<Error>> loadHostConfig(const std::filesystem::path& path) {
  const auto content = readFile(path, kFileBytesMax);
  if (!content) return tl::unexpected(std::vector<Error>{content.error()});
  return parseHostConfig(*content, path.string());
}

}  // namespace holdfast::rule
