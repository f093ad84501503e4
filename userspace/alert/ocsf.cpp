// SPDX-License-Identifier: Apache-2.0
#include "alert/json.hpp"
#include "alert/siem.hpp"

namespace holdfast::alert {
namespace {

using nlohmann::json;

constexpr int kFindings = 2;             // category
constexpr int kDetectionFinding = 2004;  // class

struct Word {
  int id;
  const char* caption;
};

void put(json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

std::uint64_t milliseconds(std::uint64_t ns) { return ns / 1'000'000; }

Word severityOf(Severity severity) {
  switch (severity) {
    case Severity::Urgent:
      return {5, "Critical"};
    case Severity::Suspicious:
      return {3, "Medium"};
    case Severity::Reminder:
      break;
  }
  return {1, "Informational"};
}

Word activityOf(const Alert& a) {
  if (!a.open) return {3, "Close"};
  return a.count > 1 ? Word{2, "Update"} : Word{1, "Create"};
}

Word statusOf(const Alert& a) {
  if (a.open) return {1, "New"};
  const State action = a.handling.empty() ? State::Handled : a.handling.back().action;
  return action == State::Handled ? Word{4, "Resolved"} : Word{3, "Suppressed"};
}

json findingOf(const Alert& a) {
  json finding = {{"uid", globalId(a)},
                  {"title", a.name},
                  {"desc", a.message},
                  {"types", json::array({name(a.type)})},
                  {"created_time", milliseconds(a.first_real)},
                  {"first_seen_time", milliseconds(a.first_real)},
                  {"last_seen_time", milliseconds(a.last_real)}};
  if (a.rule && !a.rule->name.empty()) {
    finding["analytic"] = {
        {"type_id", 1}, {"type", "Rule"}, {"name", a.rule->name}, {"version", std::to_string(a.rule->rule_set)}};
  }
  return finding;
}

json containerOf(const ContainerFacts& c) {
  json container = json::object();
  put(container, "uid", c.id);
  put(container, "name", c.name);
  put(container, "runtime", c.runtime);
  put(container, "pod_uuid", c.pod_uid);
  // An image needs an id there; without a digest its name is in "unmapped" alone.
  if (!c.digests.empty()) {
    container["image"] = {{"uid", c.digests.front()}};
    put(container["image"], "name", c.image);
  }
  return container;
}

json processOf(const Alert& a) {
  json process = {{"pid", a.tgid}, {"tid", a.pid}, {"user", {{"uid", std::to_string(a.uid)}}}};
  put(process, "name", a.comm);
  json parent;
  for (auto it = a.ancestors.rbegin(); it != a.ancestors.rend(); ++it) {
    json one = {{"pid", it->tgid}};
    put(one, "name", it->comm);
    if (!parent.is_null()) one["parent_process"] = std::move(parent);
    parent = std::move(one);
  }
  if (!parent.is_null()) process["parent_process"] = std::move(parent);
  return process;
}

json fileOf(const std::string& path) {
  const std::string base = path.substr(path.rfind('/') + 1);
  return {{"name", base.empty() ? path : base}, {"path", path}, {"type_id", 0}};  // 0: unknown
}

json evidenceOf(const Alert& a) {
  json evidence = json::object();
  if (a.event) evidence["process"] = processOf(a);
  if (!a.path.empty()) evidence["file"] = fileOf(a.path);
  if (!evidence.empty() && (!a.container.id.empty() || !a.container.name.empty()))
    evidence["container"] = containerOf(a.container);
  return evidence;
}

json deviceOf(const HostFacts& host) {
  json device = {{"type_id", 0}};  // unknown
  put(device, "uid", host.machine_id);
  put(device, "hostname", host.name);
  return device;
}

json resourceOf(const ContainerFacts& c) {
  json resource = {{"type", "container"}};
  put(resource, "uid", c.id);
  put(resource, "name", c.name);
  put(resource, "namespace", c.pod_namespace);
  return resource;
}

}  // namespace

json toOcsf(const Alert& a) {
  const Word activity = activityOf(a);
  const Word severity = severityOf(a.severity);
  const Word status = statusOf(a);
  json out = {{"category_uid", kFindings},
              {"category_name", "Findings"},
              {"class_uid", kDetectionFinding},
              {"class_name", "Detection Finding"},
              {"activity_id", activity.id},
              {"activity_name", activity.caption},
              {"type_uid", kDetectionFinding * 100 + activity.id},
              {"severity_id", severity.id},
              {"severity", severity.caption},
              {"status_id", status.id},
              {"status", status.caption},
              {"time", milliseconds(a.last_real)},
              {"start_time", milliseconds(a.first_real)},
              {"end_time", milliseconds(a.last_real)},
              {"count", a.count},
              {"message", a.message},
              {"metadata",
               {{"version", kOcsfVersion},
                {"product", {{"name", "Holdfast"}, {"vendor_name", "Holdfast"}, {"version", HOLDFAST_VERSION}}},
                {"uid", globalId(a) + "/" + std::to_string(a.revision)},
                {"sequence", a.revision},
                {"profiles", json::array({"host"})}}},
              {"finding_info", findingOf(a)},
              {"remediation", {{"desc", a.advice}}},
              {"unmapped", {{"holdfast", toJson(a)}}}};
  // A device has to have a name there.
  if (json device = deviceOf(a.host); device.size() > 1) out["device"] = std::move(device);
  if (json evidence = evidenceOf(a); !evidence.empty()) out["evidences"] = json::array({std::move(evidence)});
  if (!a.container.id.empty() || !a.container.name.empty()) out["resources"] = json::array({resourceOf(a.container)});
  if (!a.handling.empty() && !a.handling.back().note.empty()) out["comment"] = a.handling.back().note;
  if (!a.verdict.empty()) {
    const bool denied = a.verdict == "deny";
    out["metadata"]["profiles"].push_back("security_control");
    out["action_id"] = denied ? 2 : 1;
    out["action"] = denied ? "Denied" : "Allowed";
    out["disposition_id"] = denied ? 2 : 17;
    out["disposition"] = denied ? "Blocked" : "Logged";
  }
  return out;
}

}  // namespace holdfast::alert
