// SPDX-License-Identifier: Apache-2.0
#include "alert/json.hpp"

#include <charconv>

#include "base/time.hpp"

namespace holdfast::alert {
namespace {

using nlohmann::json;

json known(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? std::string() : found->get<std::string>();
}

/// Load ids use all 64 bits, more than some readers of JSON keep in a number.
std::string hex(std::uint64_t value) {
  char digits[17] = {};
  const auto end = std::to_chars(digits, digits + 16, value, 16).ptr;
  return {digits, end};
}

template <class Enum>
Enum byName(const std::string& wanted, Enum last) {
  for (int i = 0; i <= static_cast<int>(last); ++i)
    if (wanted == name(static_cast<Enum>(i))) return static_cast<Enum>(i);
  return last;
}

json eventJson(const EventId& event) {
  return {{"boot_id", event.boot_id}, {"load_id", hex(event.load_id)}, {"number", event.number}};
}

json containerJson(const ContainerFacts& c) {
  return {{"cgroup_id", c.cgroup_id},   {"id", known(c.id)},
          {"name", known(c.name)},      {"runtime", known(c.runtime)},
          {"image", known(c.image)},    {"digests", c.digests},
          {"pod", known(c.pod)},        {"pod_namespace", known(c.pod_namespace)},
          {"pod_uid", known(c.pod_uid)}};
}

json operationJson(const Alert& a) {
  return {{"kind", a.kind},
          {"verdict", known(a.verdict)},
          {"requested", known(a.requested)},
          {"effective", known(a.effective)},
          {"origin", known(a.origin)},
          {"path", known(a.path)},
          {"check", known(a.check)},
          {"technique", known(a.technique)},
          {"stage", known(a.stage)},
          {"dev", a.dev},
          {"ino", a.ino},
          {"generation", a.generation},
          {"target_pid", a.target_pid}};
}

json processJson(const Alert& a) {
  json ancestors = json::array();
  for (const auto& ancestor : a.ancestors) ancestors.push_back({{"tgid", ancestor.tgid}, {"comm", ancestor.comm}});
  return {{"pid", a.pid},   {"tgid", a.tgid}, {"start_time_ns", a.start_time},    {"uid", a.uid},
          {"euid", a.euid}, {"comm", a.comm}, {"ancestors", std::move(ancestors)}};
}

json timesJson(const Alert& a) {
  return {{"first", utcText(a.first_real)},
          {"last", utcText(a.last_real)},
          {"first_real_ns", a.first_real},
          {"last_real_ns", a.last_real},
          {"first_boot_ns", a.first_boot},
          {"last_boot_ns", a.last_boot},
          {"boot_id", a.boot_id}};
}

ContainerFacts containerFrom(const json& value) {
  ContainerFacts c;
  c.cgroup_id = value.at("cgroup_id").get<std::uint64_t>();
  c.id = text(value, "id");
  c.name = text(value, "name");
  c.runtime = text(value, "runtime");
  c.image = text(value, "image");
  value.at("digests").get_to(c.digests);
  c.pod = text(value, "pod");
  c.pod_namespace = text(value, "pod_namespace");
  c.pod_uid = text(value, "pod_uid");
  return c;
}

void operationFrom(const json& value, Alert& a) {
  a.kind = text(value, "kind");
  a.verdict = text(value, "verdict");
  a.requested = text(value, "requested");
  a.effective = text(value, "effective");
  a.origin = text(value, "origin");
  a.path = text(value, "path");
  a.check = text(value, "check");
  a.technique = text(value, "technique");
  a.stage = text(value, "stage");
  value.at("dev").get_to(a.dev);
  value.at("ino").get_to(a.ino);
  value.at("generation").get_to(a.generation);
  value.at("target_pid").get_to(a.target_pid);
}

void processFrom(const json& value, Alert& a) {
  value.at("pid").get_to(a.pid);
  value.at("tgid").get_to(a.tgid);
  value.at("start_time_ns").get_to(a.start_time);
  value.at("uid").get_to(a.uid);
  value.at("euid").get_to(a.euid);
  a.comm = text(value, "comm");
  for (const json& item : value.at("ancestors"))
    a.ancestors.push_back({item.at("tgid").get<std::uint32_t>(), text(item, "comm")});
}

void timesFrom(const json& value, Alert& a) {
  value.at("first_real_ns").get_to(a.first_real);
  value.at("last_real_ns").get_to(a.last_real);
  value.at("first_boot_ns").get_to(a.first_boot);
  value.at("last_boot_ns").get_to(a.last_boot);
  a.boot_id = text(value, "boot_id");
}

Handling handlingFrom(const json& value) {
  Handling h;
  h.action = byName(text(value, "action"), State::ProcessNotExists);
  const json& by = value.at("by");
  by.at("uid").get_to(h.by.uid);
  if (const json& login = by.at("login_uid"); !login.is_null()) h.by.login_uid = login.get<std::uint32_t>();
  h.by.name = text(by, "name");
  value.at("at_real_ns").get_to(h.at_real);
  h.note = text(value, "note");
  return h;
}

ChainLink linkFrom(const json& value) {
  return {value.at("alert").get<std::int64_t>(), text(value, "item"), text(value, "stage"),
          value.at("boot_ns").get<std::uint64_t>()};
}

Result<EventId> eventFrom(const json& value) {
  EventId event{text(value, "boot_id"), 0, value.at("number").get<std::uint64_t>()};
  const std::string load = text(value, "load_id");
  const auto parsed = std::from_chars(load.data(), load.data() + load.size(), event.load_id, 16);
  if (load.empty() || parsed.ec != std::errc() || parsed.ptr != load.data() + load.size())
    return fail("an alert's load_id is no hexadecimal number");
  return event;
}

}  // namespace

json toJson(const Handling& h) {
  return {{"action", name(h.action)},
          {"by",
           {{"uid", h.by.uid},
            {"login_uid", h.by.login_uid ? json(*h.by.login_uid) : json(nullptr)},
            {"name", known(h.by.name)}}},
          {"at", utcText(h.at_real)},
          {"at_real_ns", h.at_real},
          {"note", known(h.note)}};
}

json toJson(const std::vector<ChainLink>& chain) {
  json links = json::array();
  for (const ChainLink& link : chain)
    links.push_back({{"alert", link.alert}, {"item", link.item}, {"stage", link.stage}, {"boot_ns", link.boot_ns}});
  return links;
}

json toJson(const Alert& a) {
  json handling = json::array();
  for (const Handling& one : a.handling) handling.push_back(toJson(one));
  const bool about_container = a.container.cgroup_id != 0 || !a.container.id.empty();
  return {{"id", a.id},
          {"revision", a.revision},
          {"type", name(a.type)},
          {"name", a.name},
          {"severity", name(a.severity)},
          {"state", name(a.state)},
          {"open", a.open},
          {"handling", std::move(handling)},
          {"chain", toJson(a.chain)},
          {"message", a.message},
          {"advice", a.advice},
          {"count", a.count},
          {"host", {{"machine_id", a.host.machine_id}, {"name", a.host.name}, {"cluster", known(a.host.cluster)}}},
          {"container", about_container ? containerJson(a.container) : json(nullptr)},
          {"rule", a.rule ? json{{"name", known(a.rule->name)},
                                 {"file", a.rule->file},
                                 {"line", a.rule->line},
                                 {"rule_set", a.rule->rule_set}}
                          : json(nullptr)},
          {"operation", operationJson(a)},
          {"process", a.event ? processJson(a) : json(nullptr)},
          {"event", a.event ? eventJson(*a.event) : json(nullptr)},
          {"time", timesJson(a)}};
}

Result<Alert> alertFromJson(const json& value) {
  try {
    Alert a;
    value.at("id").get_to(a.id);
    value.at("revision").get_to(a.revision);
    a.type = byName(text(value, "type"), AlertType::ProtectionStatus);
    a.name = text(value, "name");
    a.severity = byName(text(value, "severity"), Severity::Reminder);
    a.state = byName(text(value, "state"), State::ProcessNotExists);
    // What a later version has added may be missing.
    a.open = value.value("open", true);
    for (const json& item : value.value("handling", json::array())) a.handling.push_back(handlingFrom(item));
    for (const json& item : value.value("chain", json::array())) a.chain.push_back(linkFrom(item));
    a.message = text(value, "message");
    a.advice = text(value, "advice");
    value.at("count").get_to(a.count);
    const json& host = value.at("host");
    a.host = {text(host, "machine_id"), text(host, "name"), text(host, "cluster")};
    if (const json& container = value.at("container"); !container.is_null()) a.container = containerFrom(container);
    if (const json& rule = value.at("rule"); !rule.is_null())
      a.rule = RuleFacts{text(rule, "name"), text(rule, "file"), rule.at("line").get<int>(),
                         rule.at("rule_set").get<std::uint32_t>()};
    operationFrom(value.at("operation"), a);
    if (const json& process = value.at("process"); !process.is_null()) processFrom(process, a);
    if (const json& id = value.at("event"); !id.is_null()) {
      auto event = eventFrom(id);
      if (!event) return tl::unexpected(event.error());
      a.event = std::move(*event);
    }
    timesFrom(value.at("time"), a);
    return a;
  } catch (const json::exception& error) {
    return fail(std::string("not an alert: ") + error.what());
  }
}

}  // namespace holdfast::alert
