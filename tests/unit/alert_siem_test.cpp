// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "alert/siem.hpp"
#include "alert_sample.hpp"

using namespace holdfast;
using namespace holdfast::alert;
using nlohmann::json;

namespace {

enum class Type { Text, Number, List, Object };

struct Required {
  const char* path;
  Type type;
};

bool is(const json& value, Type type) {
  switch (type) {
    case Type::Text:
      return value.is_string() && !value.get<std::string>().empty();
    case Type::Number:
      return value.is_number_integer();
    case Type::List:
      return value.is_array() && !value.empty();
    case Type::Object:
      break;
  }
  return value.is_object() && !value.empty();
}

void check(const json& value, const std::vector<Required>& required) {
  for (const Required& one : required) {
    const json::json_pointer path(one.path);
    INFO(one.path << " in " << value.dump(1));
    REQUIRE(value.contains(path));
    CHECK(is(value[path], one.type));
  }
}

/// Unknown is absent: neither null nor empty, anywhere but under Holdfast's own key.
void checkNothingEmpty(const json& value, const std::string& where = "") {
  for (const auto& item : value.items()) {
    if (item.key() == "holdfast") continue;
    INFO(where << "/" << item.key());
    CHECK_FALSE(item.value().is_null());
    if (item.value().is_string()) CHECK_FALSE(item.value().get<std::string>().empty());
    if (!item.value().is_structured()) continue;
    CHECK_FALSE(item.value().empty());
    checkNothingEmpty(item.value(), where + "/" + item.key());
  }
}

// ECS 8.17.0, schemas/base.yml and ecs.yml: the two fields with "required: true". schemas/event.yml: the fields by
// which events are categorised, their types, and for a category the event types that are expected of it.
const std::vector<Required> kEcs = {
    {"/@timestamp", Type::Text},     {"/ecs/version", Type::Text}, {"/event/kind", Type::Text},
    {"/event/category", Type::List}, {"/event/type", Type::List},  {"/event/severity", Type::Number},
    {"/event/start", Type::Text},    {"/event/end", Type::Text},   {"/event/action", Type::Text},
    {"/event/id", Type::Text},       {"/message", Type::Text}};

// OCSF 1.3.0: what events/base_event.json (with includes/classification.json and includes/occurrence.json),
// events/findings/finding.json and detection_finding.json require, and in turn objects/metadata.json, product.json,
// finding_info.json and device.json (endpoint.json), remediation.json.
const std::vector<Required> kOcsf = {{"/activity_id", Type::Number},      {"/category_uid", Type::Number},
                                     {"/class_uid", Type::Number},        {"/type_uid", Type::Number},
                                     {"/severity_id", Type::Number},      {"/time", Type::Number},
                                     {"/metadata", Type::Object},         {"/metadata/version", Type::Text},
                                     {"/metadata/product", Type::Object}, {"/metadata/product/vendor_name", Type::Text},
                                     {"/finding_info", Type::Object},     {"/finding_info/uid", Type::Text},
                                     {"/finding_info/title", Type::Text}, {"/device/type_id", Type::Number},
                                     {"/remediation/desc", Type::Text}};

std::vector<Alert> samples() {
  std::vector<Alert> all;
  all.push_back(test::sampleAlert(1));
  all.back().ancestors = {{99, "bash"}, {1, ""}};
  all.back().container.digests = {"sha256:" + std::string(64, 'a')};
  all.back().container.pod = "web-1";
  all.back().container.pod_namespace = "prod";
  all.back().container.pod_uid = "0f0f0f0f-0000-4000-8000-000000000002";
  // As little as can be known.
  kernel::Event bare;
  bare.kind = kernel::EventKind::Ptrace;
  bare.boot_id = "boot";
  bare.number = 2;
  all.push_back(fromEvent(bare, {}));
  all.push_back(fromNotice(NoticeKind::BadRuleSet, "unknown key", {"m", "h", ""}, "boot", "/etc/x.yaml", 4));
  return all;
}

}  // namespace

TEST_CASE("as ECS an alert has the required fields, of their types, and nothing made up") {
  for (const Alert& alert : samples()) {
    const json ecs = toEcs(alert);
    check(ecs, kEcs);
    checkNothingEmpty(ecs);
    CHECK(ecs["ecs"]["version"] == "8.17.0");
    CHECK(ecs["event"]["kind"] == "alert");
  }
  const json ecs = toEcs(samples()[0]);
  CHECK(ecs["event"]["category"] == json::array({"intrusion_detection"}));
  CHECK(ecs["event"]["type"] == json::array({"denied"}));
  CHECK(ecs["container"]["image"]["name"] == "registry.example/web:1");
  CHECK(ecs["container"]["image"]["hash"]["all"].size() == 1);
  CHECK(ecs["orchestrator"]["resource"]["name"] == "web-1");
  CHECK(ecs["process"]["parent"]["pid"] == 99);
  CHECK(ecs["user"]["id"] == "0");  // a keyword, not a number
  CHECK(ecs["file"]["inode"] == "6");
  CHECK(ecs["rule"]["version"] == "2");
  CHECK(ecs["holdfast"]["operation"]["origin"] == "added");
  const json notice = toEcs(samples()[2]);
  CHECK(notice["event"]["type"] == json::array({"info"}));
  CHECK_FALSE(notice.contains("process"));
  CHECK_FALSE(notice["event"].contains("outcome"));
}

TEST_CASE("as OCSF an alert is a Detection Finding with the required attributes, of their types") {
  for (const Alert& alert : samples()) {
    const json ocsf = toOcsf(alert);
    check(ocsf, kOcsf);
    checkNothingEmpty(ocsf);
    CHECK(ocsf["class_uid"] == 2004);
    CHECK(ocsf["category_uid"] == 2);
    CHECK(ocsf["type_uid"] == 200400 + ocsf["activity_id"].get<int>());
    // What an object requires when it is there: profile security_control, evidences, process, file, image, analytic.
    const auto& profiles = ocsf["metadata"]["profiles"];
    const bool decided = std::find(profiles.begin(), profiles.end(), "security_control") != profiles.end();
    CHECK(ocsf.contains("action_id") == decided);
    for (const json& evidence : ocsf.value("evidences", json::array())) {
      CHECK((evidence.contains("process") || evidence.contains("file")));
      if (evidence.contains("file")) check(evidence["file"], {{"/name", Type::Text}, {"/type_id", Type::Number}});
      if (evidence.contains("process")) check(evidence["process"], {{"/pid", Type::Number}});
      if (evidence.contains("container"))
        CHECK((evidence["container"].contains("uid") || evidence["container"].contains("name")));
      if (evidence.contains("/container/image"_json_pointer))
        check(evidence["container"]["image"], {{"/uid", Type::Text}});
    }
    if (ocsf["finding_info"].contains("analytic"))
      check(ocsf["finding_info"]["analytic"], {{"/type_id", Type::Number}});
  }
  const json ocsf = toOcsf(samples()[0]);
  CHECK(ocsf["severity_id"] == 5);
  CHECK(ocsf["action_id"] == 2);
  CHECK(ocsf["disposition_id"] == 2);
  CHECK(ocsf["time"] == 1'700'000'000'000);  // milliseconds
  CHECK(ocsf["evidences"][0]["process"]["parent_process"]["pid"] == 99);
  CHECK(ocsf["evidences"][0]["process"]["parent_process"]["parent_process"]["pid"] == 1);
  CHECK(ocsf["evidences"][0]["file"]["name"] == "evil");
}

TEST_CASE("OCSF's life of a finding follows what people did") {
  Alert alert = samples()[0];
  CHECK(toOcsf(alert)["activity_id"] == 1);
  CHECK(toOcsf(alert)["status_id"] == 1);
  alert.count = 2;
  CHECK(toOcsf(alert)["activity_id"] == 2);
  alert.open = false;
  alert.handling.push_back({State::Ignored, {}, 1, "known"});
  CHECK(toOcsf(alert)["activity_id"] == 3);
  CHECK(toOcsf(alert)["status"] == "Suppressed");
  CHECK(toOcsf(alert)["comment"] == "known");
  alert.handling.push_back({State::Handled, {}, 1, ""});
  CHECK(toOcsf(alert)["status"] == "Resolved");
}

TEST_CASE("an alert's name in the world is its own, and the same each time") {
  const auto all = samples();
  std::set<std::string> ids;
  for (const Alert& alert : all) ids.insert(globalId(alert));
  CHECK(ids.size() == all.size());
  Alert counted = all[0];
  counted.count = 7;
  counted.revision = 9;
  CHECK(globalId(counted) == globalId(all[0]));
  CHECK(toOcsf(counted)["metadata"]["uid"] != toOcsf(all[0])["metadata"]["uid"]);
}
