// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "rule/coverage.hpp"
#include "rule/load.hpp"

using namespace holdfast::rule;

namespace {

/// A set of the rules given as lines of flow maps.
RuleSet setOf(const std::vector<std::string>& rules) {
  std::string text = "version: 1\nrules:\n";
  for (const auto& rule : rules) text += "  - { " + rule + " }\n";
  if (rules.empty()) text = "version: 1\nrules: []\n";
  auto loaded = checkText(text, "f.yaml");
  if (!loaded) FAIL(loaded.error()[0].text());
  return *loaded;
}

using Rules = std::vector<std::string>;

/// "RULE: BEFORE -> AFTER: TEXT" for each.
Rules lost(const Rules& before, const Rules& after) {
  Rules out;
  for (const auto& one : coverageLost(setOf(before), setOf(after))) {
    out.push_back(one.rule + ": " + one.before + " -> " + one.after + ": " + one.text);
  }
  return out;
}

const std::string kSystem = "name: sys, type: non-image-program, action: alert, system: true";
const std::string kMount =
    "name: mount, type: container-escape, action: alert, system: true, checks: { types: [dangerous-mount] }";
const std::string kCode =
    "name: code, type: container-escape, action: alert, system: true, checks: { types: [kernel-code] }";
const std::string kNote;  // of what is not enforced

std::string program(const std::string& name, const std::string& action, const std::string& more = "") {
  return "name: " + name + ", type: non-image-program, action: " + action + (more.empty() ? "" : ", " + more);
}
std::string escape(const std::string& more) { return "name: e, type: container-escape, action: block, " + more; }
std::string risk(const std::string& risks, const std::string& action = "block") {
  return "name: r, type: image-risk, action: " + action + ", risks: { " + risks + " }";
}

}  // namespace

TEST_CASE("what stays or becomes stricter loses nothing") {
  const Rules set = {kSystem, program("a", "alert", "scope: { images: [a] }"), escape("checks: { types: [bpf-perf] }"),
                     risk("vulnerability: { levels: [high] }")};
  CHECK(lost(set, set).empty());
  CHECK(lost({}, set).empty());
  CHECK(lost(set, {kSystem, program("a", "block", "scope: { images: [a, b] }, on_running: stop"), escape("status: on"),
                   risk("vulnerability: true, unscanned: true")}) == Rules{});
  CHECK(lost({program("a", "block")}, {program("another-name", "block")}).empty());
  CHECK(lost({program("a", "block", "status: off")}, {}).empty());
}

TEST_CASE("a rule that is deleted, turned off or weakened") {
  CHECK(lost({program("a", "block")}, {}) == Rules{"a: block -> none: all containers: it is deleted"});
  CHECK(lost({program("a", "block", "scope: { clusters: [prod], images: [x, y], tags: ['1.*'], labels: [app] }")},
             {program("a", "block",
                      "status: off, scope: { clusters: [prod], images: [x, y], tags: ['1.*'], labels: [app] }")}) ==
        Rules{"a: block -> none: containers of clusters prod; images x, y; tags 1.*; labels app: its status is off"});
  CHECK(lost({program("a", "block", "on_running: stop")}, {program("a", "alert")}) ==
        Rules{"a: block -> alert: all containers: its action is alert now; what runs already is only reported"});
  CHECK(lost({program("a", "block")}, {risk("unscanned: true").replace(6, 1, "a")}) ==
        Rules{"a: block -> part: all containers: it is of type image-risk now"});
}

TEST_CASE("a narrower scope and more exemptions") {
  CHECK(lost({program("a", "block")}, {program("a", "block", "scope: { clusters: [prod, dev] }")}) ==
        Rules{"a: block -> part: all containers: only clusters prod, dev are in scope"});
  CHECK(lost({program("a", "block", "scope: { images: [x, y, z] }")},
             {program("a", "block", "scope: { images: [x, w] }")}) ==
        Rules{"a: block -> part: containers of images x, y, z: images y, z are no longer in scope"});
  CHECK(lost({program("a", "block", "scope: { images: [x] }")}, {program("a", "block", "scope: { tags: [y] }")}) ==
        Rules{"a: block -> part: containers of images x: only tags y are in scope"});
  const std::string digest = "sha256:" + std::string(64, 'a');
  CHECK(
      lost({program("a", "block", "allow_list: { directories: [/opt] }")},
           {program("a", "block", "allow_list: { directories: [/opt, /srv], images: [debug, '" + digest + "'] }")}) ==
      Rules{"a: block -> part: all containers: programs below /srv are exempt; images with debug are exempt; images " +
            digest + " are exempt"});
}

TEST_CASE("RUL-6: a custom rule costs the system rule, and what it does not cover itself is said") {
  CHECK(lost({kSystem}, {kSystem, program("a", "block", "scope: { clusters: [dev] }")}) ==
        Rules{"sys: alert -> none: all containers: custom rule \"a\" takes its place"});
  CHECK(lost({kSystem, program("a", "block", "status: off")}, {kSystem}).empty());
  CHECK(lost({kSystem, program("a", "block")}, {kSystem}) == Rules{"a: block -> none: all containers: it is deleted"});
  CHECK(lost({kMount, kCode}, {kMount, kCode, escape("checks: { types: [kernel-code] }, status: off")}) ==
        Rules{"code: alert -> none: all containers: custom rule \"e\" takes its place" + kNote});
}

TEST_CASE("fewer checks, fewer risks") {
  CHECK(lost({escape("status: on")}, {escape("checks: { types: [dangerous-mount], except: [MT4] }")})[0].starts_with(
      "e: block -> part: all containers: join-host-ns, cross-container-access, "));
  CHECK(lost({escape("checks: { types: [dangerous-mount, kernel-code] }")},
             {escape("checks: { types: [dangerous-mount], except: [MT4] }")}) ==
        Rules{"e: block -> part: all containers: MT4, kernel-code are no longer checked" + kNote});
  const std::string note = " (this version of Holdfast does not enforce rules of type image-risk)";
  CHECK(
      lost({risk("unscanned: true, vulnerability: true, baseline: { levels: [high, low], ids: [a] }")},
           {risk("vulnerability: { levels: [high] }, baseline: { levels: [high] }", "alert")}) ==
      Rules{
          "r: block -> alert: all containers: its action is alert now; unscanned is no longer judged; baseline low, a "
          "is no longer judged; not every vulnerability is judged any more" +
          note});
}

TEST_CASE("RUL-7: a weaker rule that is more specific takes containers from the general one") {
  const std::string all = program("all", "block");
  CHECK(
      lost({all}, {all, program("web", "alert", "scope: { images: [web] }")}) ==
      Rules{
          "all: block -> alert: containers of images web: rule \"web\" applies instead, and its action is alert now"});
  CHECK(lost({all}, {all, program("web", "block", "scope: { images: [web] }, allow_list: { directories: [/opt] }")}) ==
        Rules{"all: block -> part: containers of images web: rule \"web\" applies instead, and programs below /opt are "
              "exempt"});
  CHECK(lost({all}, {all, program("web", "block", "scope: { images: [web] }")}).empty());
  CHECK(lost({all}, {all, program("web", "alert", "scope: { images: [web] }, status: off")}).empty());
  const std::string prod = program("prod", "block", "scope: { clusters: [prod] }");
  CHECK(lost({prod}, {prod, program("web", "alert", "scope: { clusters: [dev], images: [web] }")}).empty());
  const std::string team = program("team", "block", "scope: { images: ['registry.example/*'] }");
  CHECK(lost({team}, {team, program("web", "alert", "scope: { images: [registry.example/web] }")}).size() == 1);
  CHECK(lost({team}, {team, program("web", "alert", "scope: { images: [other.example/web] }")}).empty());
  CHECK(lost({team}, {team, program("any", "alert", "scope: { tags: [debug] }")}).empty());
  // One that was there before takes nothing more.
  const std::string web = program("web", "alert", "scope: { images: [web] }");
  CHECK(lost({all, web}, {all, web}).empty());
}
