// SPDX-License-Identifier: Apache-2.0
#include "rule/describe.hpp"

#include "base/json.hpp"
#include "rule/judge.hpp"

namespace holdfast::rule {

using nlohmann::json;

namespace {

json describe(const std::vector<Risk>& risks) {
  json out = json::object();
  for (const Risk& risk : risks) {
    json& one = out[name(risk.kind)] = true;
    if (!risk.levels.empty() || !risk.ids.empty()) one = {{"levels", risk.levels}, {"ids", risk.ids}};
  }
  return out;
}

void addForType(json& out, const Rule& rule) {
  switch (rule.type) {
    case RuleType::NonImageProgram:
      out["on_running"] = name(rule.on_running);
      break;
    case RuleType::ContainerEscape:
      out["checks"] = {{"types", rule.checks.types}, {"except", rule.checks.except}};
      break;
    case RuleType::ImageRisk:
      out["risks"] = describe(rule.risks);
      break;
  }
}

}  // namespace

Effect effectOf(const Rule& rule, const RuleSet& set, const HostConfig& config, std::string_view host_problem) {
  Effect effect{name(rule.action), name(rule.action), whyNotInEffect(rule, set, config)};
  if (effect.reason.empty()) effect.reason = host_problem;
  if (!effect.reason.empty()) effect.effective = "none";
  if (effect.reason.empty()) effect.reason = notChecked(rule);
  return effect;
}

json describe(const Rule& rule, const RuleSet& set, const HostConfig& config, std::string_view host_problem) {
  const Effect effect = effectOf(rule, set, config, host_problem);
  auto images = rule.allow_list.images;
  images.insert(images.end(), rule.allow_list.digests.begin(), rule.allow_list.digests.end());
  json out = {
      {"name", rule.name},
      {"description", rule.description},
      {"type", name(rule.type)},
      {"status", rule.enabled ? "on" : "off"},
      {"requested", effect.requested},
      {"effective", effect.effective},
      {"reason", safeUtf8(effect.reason)},
      {"system", rule.system},
      {"scope",
       {{"clusters", rule.scope.clusters},
        {"images", rule.scope.images},
        {"tags", rule.scope.tags},
        {"labels", rule.scope.labels}}},
      {"allow_list",
       {{"directories", rule.allow_list.directories},
        {"images", images},
        {"programs", rule.allow_list.programs},
        {"program_lists", rule.allow_list.program_lists}}},
      {"file", safeUtf8(rule.file)},
      {"line", rule.line},
      {"column", rule.column},
  };
  if (rule.system) out["exclude_clusters"] = rule.exclude_clusters;
  addForType(out, rule);
  return out;
}

json describe(const Error& error) {
  return {{"message", safeUtf8(error.message)},
          {"file", safeUtf8(error.file)},
          {"line", error.line},
          {"column", error.column}};
}

}  // namespace holdfast::rule
