// SPDX-License-Identifier: Apache-2.0
#include "control/metrics.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/json.hpp"

namespace holdfast::control {
namespace {

bool isName(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string escaped(const std::string& text, bool quoted) {
  std::string out;
  // A line's end is already gone with the rest of what is not printable.
  for (const char c : safeUtf8(text)) {
    if (c == '\\' || (quoted && c == '"')) out += '\\';
    out += c;
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  // Counters stay whole numbers as long as a double holds them.
  constexpr double kWhole = 9007199254740992.0;
  if (value == std::floor(value) && std::abs(value) <= kWhole)
    return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);
}

void append(std::string& out, const MetricFamily& family, const MetricSample& sample) {
  out += family.name + sample.suffix;
  char before = '{';
  for (const auto& [name, value] : sample.labels) {
    if (!isName(name)) continue;
    out += before + name + "=\"" + escaped(value, true) + "\"";
    before = ',';
  }
  if (before == ',') out += '}';
  out += " " + number(sample.value) + "\n";
}

}  // namespace

std::string prometheusText(const std::vector<MetricFamily>& families) {
  std::string out;
  for (const auto& family : families) {
    if (family.samples.empty() || !isName(family.name) || !isName(family.type)) continue;
    out += "# HELP " + family.name + " " + escaped(family.help, false) + "\n";
    out += "# TYPE " + family.name + " " + family.type + "\n";
    for (const auto& sample : family.samples)
      if (sample.suffix.empty() || isName(sample.suffix)) append(out, family, sample);
  }
  return out;
}

void to_json(nlohmann::json& out, const MetricSample& value) {
  out = {{"labels", value.labels}, {"value", value.value}};
  if (!value.suffix.empty()) out["suffix"] = value.suffix;
}

void from_json(const nlohmann::json& in, MetricSample& value) {
  value = {};
  if (in.contains("labels")) in.at("labels").get_to(value.labels);
  in.at("value").get_to(value.value);
  value.suffix = in.value("suffix", "");
}

void to_json(nlohmann::json& out, const MetricFamily& value) {
  out = {{"name", value.name}, {"type", value.type}, {"help", value.help}, {"samples", value.samples}};
}

void from_json(const nlohmann::json& in, MetricFamily& value) {
  in.at("name").get_to(value.name);
  in.at("type").get_to(value.type);
  value.help = in.value("help", "");
  in.at("samples").get_to(value.samples);
}

}  // namespace holdfast::control
