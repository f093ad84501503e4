// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "alert/alert.hpp"
#include "base_test_support.hpp"

namespace holdfast::test {

inline rule::Rule sampleRule() {
  rule::Rule rule;
  rule.name = "web-runs-only-its-image";
  rule.action = rule::Action::Block;
  rule.file = "/etc/holdfast/rules.d/web.yaml";
  rule.line = 3;
  rule.tag = 1;
  return rule;
}

/// A refused exec of /tmp/evil.
inline kernel::Event sampleEvent(std::uint64_t number) {
  kernel::Event event;
  event.boot_id = "0f0f0f0f-0000-4000-8000-000000000001";
  event.load_id = 77;
  event.number = number;
  event.time_boot = 1'000'000'000'000 + number;
  event.time_boot_last = event.time_boot;
  event.time_real = 1'700'000'000'000'000'000 + number;
  event.verdict = kernel::Verdict::Deny;
  event.origin = kernel::Origin::Added;
  event.rule_tag = 1;
  event.cgroup_id = 42;
  event.container_name = "web";
  event.pid = event.tgid = 1234;
  event.comm = "sh";
  event.path = "/tmp/evil";
  event.dev = 5;
  event.ino = 6;
  return event;
}

inline alert::Context sampleContext(const rule::Rule* rule) {
  alert::Context context;
  context.rule = rule;
  context.rule_set = 2;
  context.container.id = "0123456789abcdef";
  context.container.name = "web";
  context.container.image = "registry.example/web:1";
  context.host = {"machine", "host", "prod"};
  return context;
}

inline alert::Alert sampleAlert(std::uint64_t number) {
  const rule::Rule rule = sampleRule();
  return alert::fromEvent(sampleEvent(number), sampleContext(&rule));
}

}  // namespace holdfast::test
