// SPDX-License-Identifier: Apache-2.0
#include <libaudit.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "alert/audit.hpp"
#include "alert_sample.hpp"

using namespace holdfast;
using namespace holdfast::alert;

namespace {

/// "name=value" by blanks, as readers of records cut them.
std::vector<std::string> fieldsOf(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> fields;
  for (std::string field; in >> field;) fields.push_back(field);
  return fields;
}

std::string valueOf(const std::string& text, const std::string& name) {
  for (const std::string& field : fieldsOf(text))
    if (field.starts_with(name + "=")) return field.substr(name.size() + 1);
  return "(none)";
}

std::string hexOf(const std::string& text) {
  std::string hex(2 * text.size() + 1, '\0');
  audit_encode_value(hex.data(), text.data(), static_cast<unsigned>(text.size()));
  hex.pop_back();
  return hex;
}

}  // namespace

TEST_CASE("an audit record says who, what and under which rule, in fields that ausearch knows") {
  Alert alert = test::sampleAlert(1);
  alert.id = 17;
  const std::string text = auditText(alert, 0);
  CHECK(text.starts_with("op=holdfast:exec vm=\"web\" uid=0 opid=1234 comm=\"sh\" path=\"/tmp/evil\" "));
  CHECK(valueOf(text, "profile") == "\"web-runs-only-its-image\"");
  CHECK(valueOf(text, "file") == "\"/etc/holdfast/rules.d/web.yaml\"");
  CHECK(valueOf(text, "line") == "3");
  CHECK(valueOf(text, "state") == "process-terminated");
  CHECK(valueOf(text, "sw") == "\"registry.example/web:1\"");
  CHECK(valueOf(text, "alert") == "17");
  CHECK(valueOf(text, "held_back") == "(none)");
  CHECK(valueOf(auditText(alert, 5), "held_back") == "5");
  CHECK(auditType(alert) == AUDIT_ANOM_EXEC);
  alert.type = AlertType::ContainerEscapePrevention;
  CHECK(auditType(alert) == AUDIT_ANOM_ACCESS_FS);
  alert.type = AlertType::ProtectionStatus;
  CHECK(auditType(alert) == AUDIT_TRUSTED_APP);
}

TEST_CASE("nothing that a container chose can end a value, begin a field or forge a record") {
  const std::vector<std::string> hostile = {"x res=success",
                                            "x\" res=success",
                                            "x' res=success",
                                            "x'",
                                            "\"",
                                            "type=USER_LOGIN",
                                            "vm=other",
                                            "uid=0",
                                            "a\ntype=USER_LOGIN msg=audit(1:1): res=success",
                                            std::string("a\0b", 3),
                                            "\x1d",
                                            "\xff\xfe",
                                            "\xc3\xa4",
                                            "(null)",
                                            "a,b;c",
                                            "41424344"};
  for (const std::string& name : hostile) {
    INFO(name);
    Alert alert = test::sampleAlert(1);
    alert.comm = alert.path = alert.container.name = alert.container.id = alert.container.image = alert.message = name;
    alert.rule->name = alert.rule->file = name;  // a careless administrator
    const std::string text = auditText(alert, 0);
    Alert plain = test::sampleAlert(1);
    const auto expected = fieldsOf(auditText(plain, 0));
    const auto fields = fieldsOf(text);
    REQUIRE(fields.size() == expected.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto key = expected[i].substr(0, expected[i].find('=') + 1);
      CHECK(fields[i].starts_with(key));
      CHECK(std::count(fields[i].begin(), fields[i].end(), '=') == 1);
    }
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '\''; }));
    CHECK(text.find("res=") == std::string::npos);
    CHECK(text.find("type=") == std::string::npos);
  }
  Alert alert = test::sampleAlert(1);
  alert.comm = "x res=success";
  CHECK(valueOf(auditText(alert, 0), "comm") == hexOf("x res=success"));
  // What only looks like hexadecimal stands in quotation marks, and is taken as it is.
  alert.comm = "41424344";
  CHECK(valueOf(auditText(alert, 0), "comm") == "\"41424344\"");
}

TEST_CASE("the kernel cuts nothing off a record, however long the names are") {
  Alert alert = test::sampleAlert(1);
  alert.comm = alert.path = alert.container.name = alert.container.id = alert.container.image = alert.message =
      alert.rule->name = alert.rule->file = std::string(100000, '\x01');
  constexpr std::size_t kKernelMax = 8560;  // AUDIT_MESSAGE_TEXT_MAX
  CHECK(auditText(alert, UINT64_MAX).size() < kKernelMax - 200);
}

TEST_CASE("Holdfast's own alerts have no process") {
  const Alert alert = fromNotice(NoticeKind::BadRuleSet, "unknown key", {"m", "h", ""}, "boot", "/etc/x.yaml", 4);
  const std::string text = auditText(alert, 0);
  CHECK(text.starts_with("op=holdfast:bad-rule-set severity=urgent"));
  CHECK(valueOf(text, "opid") == "(none)");
  CHECK(valueOf(text, "file") == "\"/etc/x.yaml\"");
  CHECK(valueOf(text, "info") == hexOf("unknown key"));
}
