// SPDX-License-Identifier: Apache-2.0
#include "alert/json.hpp"
#include "alert/siem.hpp"
#include "base/time.hpp"

namespace holdfast::alert {
namespace {

using nlohmann::json;

void put(json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

/// An empty object is no object.
void put(json& object, const char* key, json value) {
  if (!value.empty()) object[key] = std::move(value);
}

int severityOf(Severity severity) {
  return severity == Severity::Urgent ? 90 : severity == Severity::Suspicious ? 50 : 10;
}

json eventOf(const Alert& a) {
  const bool own = a.type == AlertType::ProtectionStatus;
  const char* type = a.verdict == "deny" ? "denied" : a.verdict.empty() || own ? "info" : "allowed";
  json event = {{"kind", "alert"},
                {"category", json::array({own ? "host" : "intrusion_detection"})},
                {"type", json::array({type})},
                {"action", a.kind},
                {"module", "holdfast"},
                {"dataset", "holdfast.alert"},
                {"provider", "holdfast"},
                {"id", globalId(a)},
                {"severity", severityOf(a.severity)},
                {"reason", a.message},
                {"start", utcText(a.first_real)},
                {"end", utcText(a.last_real)}};
  if (!a.verdict.empty()) event["outcome"] = a.verdict == "deny" ? "failure" : "success";
  return event;
}

json hostOf(const Alert& a) {
  json host = json::object();
  put(host, "id", a.host.machine_id);
  put(host, "name", a.host.name);
  if (!a.boot_id.empty()) host["boot"] = {{"id", a.boot_id}};
  return host;
}

json containerOf(const ContainerFacts& c) {
  json container = json::object();
  put(container, "id", c.id);
  put(container, "name", c.name);
  put(container, "runtime", c.runtime);
  json image = json::object();
  put(image, "name", c.image);
  if (!c.digests.empty()) image["hash"] = {{"all", c.digests}};
  put(container, "image", std::move(image));
  return container;
}

json orchestratorOf(const Alert& a) {
  json orchestrator = json::object();
  if (!a.host.cluster.empty()) orchestrator["cluster"] = {{"name", a.host.cluster}};
  put(orchestrator, "namespace", a.container.pod_namespace);
  if (!a.container.pod.empty()) {
    orchestrator["resource"] = {{"type", "pod"}, {"name", a.container.pod}};
    put(orchestrator["resource"], "id", a.container.pod_uid);
  }
  return orchestrator;
}

json processOf(const Alert& a) {
  json process = {{"pid", a.tgid}, {"thread", {{"id", a.pid}}}};
  put(process, "name", a.comm);
  if (!a.ancestors.empty()) {
    process["parent"] = {{"pid", a.ancestors.front().tgid}};
    put(process["parent"], "name", a.ancestors.front().comm);
  }
  return process;
}

json fileOf(const Alert& a) {
  json file = json::object();
  put(file, "path", a.path);
  if (a.ino != 0) file["inode"] = std::to_string(a.ino);
  return file;
}

}  // namespace

std::string globalId(const Alert& a) {
  const std::string machine = a.host.machine_id.empty() ? a.host.name : a.host.machine_id;
  if (!a.event) return machine + "/" + std::to_string(a.first_real) + "/" + std::to_string(a.id);
  return machine + "/" + a.event->boot_id + "/" + std::to_string(a.event->load_id) + "/" +
         std::to_string(a.event->number);
}

json toEcs(const Alert& a) {
  json out = {{"@timestamp", utcText(a.last_real)},
              {"ecs", {{"version", kEcsVersion}}},
              {"message", a.name + ": " + a.message},
              {"event", eventOf(a)},
              // What has no place elsewhere, as the native form has it.
              {"holdfast", toJson(a)}};
  put(out, "host", hostOf(a));
  put(out, "container", containerOf(a.container));
  put(out, "orchestrator", orchestratorOf(a));
  if (a.rule && !a.rule->name.empty()) {
    out["rule"] = {{"name", a.rule->name}, {"version", std::to_string(a.rule->rule_set)}};
    put(out["rule"], "ruleset", a.rule->file);
  }
  put(out, "file", fileOf(a));
  if (!a.technique.empty())
    out["threat"] = {{"framework", "MITRE ATT&CK"}, {"technique", {{"id", json::array({a.technique})}}}};
  if (!a.event) return out;
  out["process"] = processOf(a);
  out["user"] = {{"id", std::to_string(a.uid)}, {"effective", {{"id", std::to_string(a.euid)}}}};
  return out;
}

}  // namespace holdfast::alert
