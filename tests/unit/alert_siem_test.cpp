// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <filesystem>
#include <set>

#include "alert/siem.hpp"
#include "alert_sample.hpp"
#include "base/file.hpp"

using namespace holdfast;
using namespace holdfast::alert;
using nlohmann::json;

namespace {

/// What tests/fixtures/alert/schemas takes out of the published schemas.
json schema(const std::string& name) {
  return json::parse(readFile(std::filesystem::path(HOLDFAST_FIXTURES) / name, 1 << 20).value());
}

bool isText(const json& value) { return value.is_string() && !value.get<std::string>().empty(); }

/// An object as one of OCSF's of that name, with the profiles of the event: each attribute is known there and of its
/// type, what is required is there, and what stands for a number is the number's word.
void checkOcsf(const json& all, const std::string& name, const json& value, const json& profiles) {
  INFO(name << ": " << value.dump());
  REQUIRE(value.is_object());
  const json& own = all.at(name);
  for (const std::string required : own["required"]) {
    const auto space = required.find(' ');
    const bool wanted =
        space == required.npos || std::ranges::find(profiles, json(required.substr(space + 1))) != profiles.end();
    INFO("requires " << required);
    CHECK(value.contains(required.substr(0, space)) == wanted);
  }
  const auto is_there = [&](const std::string& key) { return value.contains(key); };
  if (own.contains("at_least_one")) CHECK(std::ranges::any_of(own["at_least_one"], is_there));
  for (const auto& [key, member] : value.items()) {
    INFO(key);
    REQUIRE(own["attributes"].contains(key));
    std::string type = own["attributes"][key];
    const bool list = type.ends_with("[]");
    REQUIRE(member.is_array() == list);
    if (list) type.resize(type.size() - 2);
    for (const json& one : list ? member : json::array({member})) {
      if (all.contains(type)) {
        checkOcsf(all, type, one, profiles);
      } else if (type == "integer_t" || type == "long_t" || type == "timestamp_t") {
        CHECK(one.is_number_integer());
      } else if (type == "object") {
        CHECK(one.is_object());
      } else {
        CHECK(type.ends_with("_t"));
        CHECK(isText(one));
      }
    }
    if (!own["enums"].contains(key)) continue;
    const json& words = own["enums"][key];
    const auto number = std::to_string(member.get<int>());
    REQUIRE(words.contains(number));
    std::string sibling = key.substr(0, key.rfind('_'));
    if (!own["attributes"].contains(sibling)) sibling += "_name";
    if (value.contains(sibling)) CHECK(value[sibling] == words[number]);
  }
}

/// What stands at a place, as one of ECS's fields.
void checkEcsField(const json& ecs, const std::string& name, const json& value) {
  INFO(name << ": " << value.dump());
  REQUIRE(ecs["fields"].contains(name));
  std::string type = ecs["fields"][name];
  const bool list = type.ends_with("[]");
  REQUIRE(value.is_array() == list);
  if (list) type.resize(type.size() - 2);
  for (const json& one : list ? value : json::array({value})) {
    if (type == "long") {
      CHECK(one.is_number_integer());
    } else if (type == "date") {
      std::tm time{};
      const char* end = ::strptime(one.get<std::string>().c_str(), "%Y-%m-%dT%H:%M:%S", &time);
      CHECK(end != nullptr);
    } else {
      CHECK((type == "keyword" || type == "match_only_text" || type == "wildcard"));
      CHECK(isText(one));
    }
    const auto allowed = ecs["allowed"].find(name);
    if (allowed != ecs["allowed"].end()) CHECK(std::ranges::find(*allowed, one) != allowed->end());
  }
}

/// Fields of an event, in objects within objects; Holdfast's own stand under one key.
void checkEcs(const json& ecs, const json& value, const std::string& where = "") {
  for (const auto& [key, member] : value.items()) {
    if (where.empty() && key == "holdfast") continue;
    if (member.is_object()) {
      checkEcs(ecs, member, where + key + ".");
    } else {
      checkEcsField(ecs, where + key, member);
    }
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
  for (const State state : {State::Handled, State::Ignored}) {
    all.push_back(test::sampleAlert(3 + all.size()));
    all.back().count = 2;
    all.back().open = false;
    all.back().verdict = "alert";
    all.back().handling.push_back({state, {}, 1, "known"});
  }
  all.push_back(fromNotice(NoticeKind::BadRuleSet, "unknown key", {"m", "h", ""}, "boot", "/etc/x.yaml", 4));
  return all;
}

}  // namespace

TEST_CASE("as ECS an alert has the required fields, of their types, and nothing made up") {
  const json published = schema("ecs.json");
  for (const Alert& alert : samples()) {
    const json ecs = toEcs(alert);
    checkEcs(published, ecs);
    checkNothingEmpty(ecs);
    for (std::string required : published["required"]) {
      std::ranges::replace(required, '.', '/');
      CHECK(ecs.contains(json::json_pointer("/" + required)));
    }
    CHECK(ecs["ecs"]["version"] == published["version"]);
    CHECK(ecs["event"]["kind"] == "alert");
    const auto& types = published["expected_types"][ecs["event"]["category"][0].get<std::string>()];
    CHECK(std::ranges::find(types, ecs["event"]["type"][0]) != types.end());
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
  const json notice = toEcs(samples().back());
  CHECK(notice["event"]["type"] == json::array({"info"}));
  CHECK_FALSE(notice.contains("process"));
  CHECK_FALSE(notice["event"].contains("outcome"));
}

TEST_CASE("as OCSF an alert is a Detection Finding with the required attributes, of their types") {
  const json published = schema("ocsf.json");
  for (const Alert& alert : samples()) {
    const json ocsf = toOcsf(alert);
    const auto& profiles = ocsf["metadata"]["profiles"];
    checkOcsf(published["objects"], "detection_finding", ocsf, profiles);
    checkNothingEmpty(ocsf);
    CHECK(ocsf["metadata"]["version"] == published["version"]);
    CHECK(ocsf["class_uid"] == 2004);
    CHECK(ocsf["category_uid"] == 2);
    CHECK(ocsf["type_uid"] == 200400 + ocsf["activity_id"].get<int>());
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
