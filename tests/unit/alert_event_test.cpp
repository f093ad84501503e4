// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "alert/alert.hpp"
#include "alert/json.hpp"
#include "alert/text.hpp"
#include "alert_sample.hpp"
#include "base/json.hpp"
#include "kernel/types.hpp"
#include "rule/check_catalogue.hpp"

using namespace holdfast;
using namespace holdfast::alert;
using test::sampleContext;
using test::sampleEvent;

TEST_CASE("a refused program is a terminated process under the reference's names") {
  const rule::Rule rule = test::sampleRule();
  const Alert alert = fromEvent(sampleEvent(7), sampleContext(&rule));
  CHECK(std::string(name(alert.type)) == "Container Active Defense");
  CHECK(alert.name == "Non mirror native program startup");
  CHECK(std::string(name(alert.state)) == "process terminated");
  CHECK(alert.severity == Severity::Urgent);
  CHECK(alert.requested == "block");
  CHECK(alert.effective == "block");
  CHECK(alert.rule->file == "/etc/holdfast/rules.d/web.yaml");
  CHECK(alert.rule->line == 3);
  CHECK(alert.container.cgroup_id == 42);
  CHECK(alert.message == "refused to start: /tmp/evil, added since the container was made");
}

TEST_CASE("states follow type and verdict") {
  kernel::Event event = sampleEvent(1);
  event.verdict = kernel::Verdict::Alert;
  CHECK(fromEvent(event, sampleContext(nullptr)).state == State::Unhandled);
  event.kind = kernel::EventKind::Ptrace;
  event.verdict = kernel::Verdict::Deny;
  const Alert alert = fromEvent(event, sampleContext(nullptr));
  CHECK(std::string(name(alert.type)) == "Container Escape Prevention");
  CHECK(std::string(name(alert.state)) == "blocked");
  CHECK(alert.requested.empty());
}

TEST_CASE("what ran already is reported, was ended, or had gone") {
  kernel::Event event = sampleEvent(1);
  event.kind = kernel::EventKind::Running;
  event.verdict = kernel::Verdict::Alert;
  const rule::Rule rule = test::sampleRule();
  Alert alert = fromEvent(event, sampleContext(&rule));
  CHECK(alert.type == AlertType::ContainerActiveDefense);
  CHECK(std::string(name(alert.state)) == "unhandled");
  CHECK(alert.message == "was in use as the rule came into force: /tmp/evil, added since the container was made");
  CHECK(alert.requested == "block");
  CHECK(alert.effective == "alert");

  event.verdict = kernel::Verdict::Deny;
  alert = fromEvent(event, sampleContext(&rule));
  CHECK(std::string(name(alert.state)) == "process terminated");
  CHECK(alert.message.starts_with("was in use as the rule came into force; its process was ended: /tmp/evil"));

  event.flags = kernel::kEventGone;
  alert = fromEvent(event, sampleContext(&rule));
  CHECK(std::string(name(alert.state)) == "process not exists");
  CHECK(alert.message.starts_with("was in use as the rule came into force; its process had gone: /tmp/evil"));
  // the bit is of this kind alone
  event.kind = kernel::EventKind::Exec;
  CHECK(std::string(name(fromEvent(event, sampleContext(&rule)).state)) == "process terminated");
}

TEST_CASE("a container that is not covered is reported with the reason, which may not be had later") {
  kernel::Event event = sampleEvent(1);
  event.kind = kernel::EventKind::NotCovered;
  event.rule_tag = 0;
  event.verdict = kernel::Verdict::Alert;
  event.container_flags = kernel::kContainerArmed | kernel::kContainerStorage;
  CHECK(fromEvent(event, sampleContext(nullptr)).message ==
        "not covered: its root file system is no overlay: the image's own and added files are not told apart");
  event.container_flags = kernel::kContainerHostRoot;
  CHECK(fromEvent(event, sampleContext(nullptr)).message == "not covered: its root directory is the host's");
  event.kind = kernel::EventKind::Exec;
  CHECK(fromEvent(event, sampleContext(nullptr)).message.find("not covered") == std::string::npos);
}

TEST_CASE("every kind of event has a name, a type and advice") {
  for (std::uint32_t kind = 1; kind <= static_cast<std::uint32_t>(kernel::kLastEventKind); ++kind) {
    kernel::Event event = sampleEvent(kind);
    event.kind = static_cast<kernel::EventKind>(kind);
    const Alert alert = fromEvent(event, sampleContext(nullptr));
    CHECK_FALSE(alert.name.empty());
    CHECK_FALSE(alert.advice.empty());
    CHECK_FALSE(alert.message.empty());
    CHECK(alert.kind == kernel::name(event.kind));
  }
}

TEST_CASE("an escape says which check it was, of what severity and technique") {
  kernel::Event event = sampleEvent(1);
  event.kind = kernel::EventKind::Escape;
  event.verdict = kernel::Verdict::Deny;
  event.origin = kernel::Origin::Unknown;
  event.path = "/proc/sys/kernel/core_pattern";
  event.check = static_cast<std::uint32_t>(*rule::findCheckItem("UH1"));
  Alert alert = fromEvent(event, sampleContext(nullptr));
  CHECK(alert.type == AlertType::ContainerEscapePrevention);
  CHECK(alert.state == State::Blocked);
  CHECK(alert.severity == Severity::Urgent);
  CHECK(alert.check == "UH1");
  CHECK(alert.technique == "T1611");
  CHECK(alert.origin.empty());
  CHECK(alert.message.starts_with("refused: core_pattern (UH1): /proc/sys/kernel/core_pattern"));

  kernel::Event corrupted = event;
  corrupted.check = static_cast<std::uint32_t>(*rule::findCheckItem("PI1"));
  CHECK(fromEvent(corrupted, sampleContext(nullptr)).state == State::ProcessTerminated);
  corrupted.verdict = kernel::Verdict::Alert;
  CHECK(fromEvent(corrupted, sampleContext(nullptr)).state == State::Unhandled);
  event.verdict = kernel::Verdict::Alert;
  event.path.clear();
  event.target_pid = 7;
  event.check = static_cast<std::uint32_t>(*rule::findCheckItem("PS3"));
  alert = fromEvent(event, sampleContext(nullptr));
  CHECK(alert.state == State::Unhandled);
  CHECK(alert.severity == Severity::Reminder);
  CHECK(alert.message.starts_with("let happen: sysctl settings of the whole host (PS3) (process 7)"));
  event.check = 100000;
  alert = fromEvent(event, sampleContext(nullptr));
  CHECK(alert.check.empty());
  CHECK(alert.message.starts_with("let happen: something that this controller does not know"));
}

TEST_CASE("nothing that a container writes reaches the alert unescaped or unbounded") {
  kernel::Event event = sampleEvent(1);
  event.comm = "a\nMESSAGE=forged\x1b[2J";
  event.path = std::string(100000, '\xff');
  event.container_name = "x\n\xe2\x80\xae" + std::string(5000, 'y');
  for (int i = 0; i < 100; ++i) event.ancestors.push_back({1, std::string("\0sh", 3)});
  Context context = sampleContext(nullptr);
  context.container.id.clear();
  context.container.digests.assign(1000, "sha256:" + std::string(10000, 'a'));
  const Alert alert = fromEvent(event, context);
  CHECK(alert.comm == "a\\x0aMESSAGE=forged\\x1b[2J");
  CHECK(alert.path.size() <= kPathMax);
  CHECK(alert.path.substr(alert.path.size() - 7) == "\\xff...");
  CHECK(alert.container.id.size() <= kNameMax);
  CHECK(alert.container.id.find('\n') == std::string::npos);
  CHECK(alert.ancestors.size() == 8);
  CHECK(alert.ancestors[0].comm == "\\x00sh");
  CHECK(alert.container.digests.size() == 8);
  const std::string json = toJson(alert).dump();  // throws on what is not UTF-8
  CHECK(json.size() < 64 * 1024);
}

TEST_CASE("times do not turn round") {
  kernel::Event event = sampleEvent(1);
  event.time_real = 1000;
  event.time_boot = 500;
  event.time_boot_last = 800;
  CHECK(fromEvent(event, sampleContext(nullptr)).last_real == 1300);
  event.time_boot_last = 100;
  CHECK(fromEvent(event, sampleContext(nullptr)).last_real == 1000);
  CHECK(fromEvent(event, sampleContext(nullptr)).last_boot == 500);
  event.time_real = UINT64_MAX - 1;
  event.time_boot_last = 800;
  CHECK(fromEvent(event, sampleContext(nullptr)).last_real == UINT64_MAX - 1);
}

TEST_CASE("an event whose rule is gone says so") {
  CHECK(fromEvent(sampleEvent(1), sampleContext(nullptr)).message.find("not known any more") != std::string::npos);
}

TEST_CASE("text is cut between characters") {
  CHECK(shown("abc", 3) == "abc");
  CHECK(shown("abcdefgh", 6) == "abc...");
  CHECK(shown("ab\xc3\xa4\xc3\xa4\xc3\xa4", 6) == "ab...");
  CHECK(shown("a\n\n\n", 8) == "a\\x0a...");
  for (std::size_t max = 4; max < 30; ++max) {
    const std::string text =
        shown("\xe2\x82\xac\x01\xe2\x82\xac\xff\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", max);
    CHECK(text.size() <= max);
    CHECK(isUtf8(text));
  }
}

TEST_CASE("an alert survives JSON, and unknown is null") {
  const rule::Rule rule = test::sampleRule();
  kernel::Event event = sampleEvent(9);
  event.load_id = UINT64_MAX;
  event.ancestors = {{10, "sh"}, {1, "init"}};
  Alert alert = fromEvent(event, sampleContext(&rule));
  alert.id = 5;
  alert.revision = 6;
  const auto json = toJson(alert);
  CHECK(json["container"]["pod"].is_null());
  CHECK(json["event"]["load_id"] == "ffffffffffffffff");
  const auto back = alertFromJson(json);
  REQUIRE(back);
  CHECK(toJson(*back) == json);
  CHECK(back->event->load_id == UINT64_MAX);
}

TEST_CASE("what is not an alert is an error, not an exception") {
  CHECK_FALSE(alertFromJson(nlohmann::json::array()));
  CHECK_FALSE(alertFromJson(nlohmann::json::object()));
  auto json = toJson(fromEvent(sampleEvent(1), sampleContext(nullptr)));
  json["event"]["load_id"] = "xyz";
  CHECK_FALSE(alertFromJson(json));
  json["event"]["load_id"] = 7;
  CHECK_FALSE(alertFromJson(json));
}

TEST_CASE("the controller's own alerts say where to look") {
  const Alert alert =
      fromNotice(NoticeKind::BadRuleSet, "unknown key 'actoin'", {"m", "h", ""}, "boot", "/etc/x.yaml", 4);
  CHECK(alert.kind == "bad-rule-set");
  CHECK_FALSE(alert.event);
  CHECK(alert.rule->line == 4);
  CHECK(toJson(alert)["process"].is_null());
  CHECK(toJson(alert)["container"].is_null());
}

TEST_CASE("filters know their words") {
  const auto filter = filterFromJson({{"type", "container-active-defense"}, {"severity", "URGENT"}, {"limit", 5}});
  REQUIRE(filter);
  CHECK(filter->type == "Container Active Defense");
  CHECK(filter->severity == "urgent");
  CHECK(filterFromJson(toJson(*filter))->limit == 5);
  CHECK(filterFromJson({{"kind", "bad-rule-set"}}));
  const auto wrong = filterFromJson({{"severity", "high"}});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("suspicious") != std::string::npos);
  CHECK_FALSE(filterFromJson({{"limit", 0}}));
  CHECK_FALSE(filterFromJson({{"limit", -1}}));
  CHECK_FALSE(filterFromJson({{"limit", 1001}}));
  CHECK_FALSE(filterFromJson({{"colour", "red"}}));
  CHECK_FALSE(filterFromJson({{"rule", 3}}));
  CHECK_FALSE(filterFromJson({{"rule", std::string(600, 'x')}}));
  CHECK_FALSE(filterFromJson("all"));
}
