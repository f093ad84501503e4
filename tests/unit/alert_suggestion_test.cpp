// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "alert/suggestion.hpp"
#include "alert_sample.hpp"
#include "base/digest_text.hpp"
#include "rule/load.hpp"

using namespace holdfast;
using namespace holdfast::alert;

namespace {

Alert at(const std::string& path, const std::string& rule = "web") {
  static std::int64_t id = 0;
  Alert alert = test::sampleAlert(1);
  alert.id = ++id;
  alert.path = path;
  alert.rule->name = rule;
  alert.ancestors = {{9, "bash"}, {1, "init"}};
  return alert;
}

rule::RuleSet rules(const std::string& text) {
  const auto set = rule::checkText("version: 1\nrules:\n" + text, "r.yaml");
  REQUIRE(set);
  return *set;
}

const std::string kWeb = "  - { name: web, type: non-image-program, action: block";

/// The digest of any program that is still there begins with how long its name is.
Result<Sha256> digestOf(const Alert& alert) {
  if (alert.path.ends_with("gone")) return fail("it is gone");
  return Sha256{static_cast<std::uint8_t>(alert.path.size())};
}

std::string digest(std::size_t length) { return digestText(Sha256{static_cast<std::uint8_t>(length)}); }

Suggestion suggest(const rule::RuleSet& set, const std::vector<Alert>& alerts,
                   SuggestOptions options = {.directories = true}) {
  const rule::HostConfig config;
  Suggester suggester(set, config, options, digestOf);
  for (const auto& alert : alerts) suggester.add(alert);
  return suggester.finish();
}

std::vector<std::string> values(const SuggestedRule& rule) {
  std::vector<std::string> out;
  for (const auto& entry : rule.entries) out.push_back(entry.exemption.value);
  return out;
}

}  // namespace

TEST_CASE("alerts of one directory share an entry, and one above takes in those below") {
  auto second = at("/opt/app/two");
  second.last_real += 5'000'000'000;
  second.count = 3;
  const auto all =
      suggest(rules(kWeb + " }\n"), {at("/opt/app/one"), second, at("/opt/app/lib/three"), at("/opt/app-2/four")});
  REQUIRE(all.rules.size() == 1);
  CHECK(values(all.rules[0]) == std::vector<std::string>{"/opt/app", "/opt/app-2"});
  const auto& grounds = all.rules[0].entries[0].grounds;
  CHECK(grounds.alerts == 3);
  CHECK(grounds.operations == 5);
  CHECK(grounds.last_real == second.last_real);
  CHECK(grounds.chains == std::vector<std::string>{"sh < bash < init"});
  CHECK(grounds.containers == std::vector<std::string>{"web of registry.example/web:1"});
  CHECK(all.unhelped.empty());
  CHECK(all.alerts == 4);
}

TEST_CASE("what no entry makes quiet is said with the reason, and an image is exempt only on demand") {
  auto memfd = at("/memfd:x (deleted)");
  memfd.origin = "memory";
  auto host = at("/opt/host/tool");
  host.origin = "host";
  const std::vector<Alert> alerts = {
      memfd, host, at("/opt/gone/x (deleted)"), at("/opt/a\\x0ab/x"), at("/tmp/evil"), at("/opt/*/x"), at("")};
  const auto set = rules(kWeb + " }\n");
  const auto all = suggest(set, alerts);
  CHECK(all.rules.empty());
  std::size_t told = 0;
  for (const auto& one : all.unhelped) {
    told += one.grounds.alerts;
    CHECK(one.rule == "web");
    CHECK_FALSE(one.reason.empty());
  }
  CHECK(told == alerts.size());
  const auto by_image = suggest(set, alerts, {.images = true, .directories = true});
  REQUIRE(by_image.rules.size() == 1);
  CHECK(values(by_image.rules[0]) == std::vector<std::string>{"registry.example/web:1"});
  CHECK(by_image.rules[0].entries[0].grounds.alerts == alerts.size());
  CHECK(by_image.unhelped.empty());
  CHECK(values(suggest(set, {at("/tmp/evil"), at("/x")}, {.force = true, .directories = true}).rules.at(0)) ==
        std::vector<std::string>{"/tmp"});
}

TEST_CASE("programs are exempt by their digests, unless a directory that is needed anyway does it") {
  const auto set = rules(kWeb + " }\n");
  auto twice = at("/srv/twice");
  twice.kind = "map";
  auto all = suggest(set, {at("/opt/app/one"), at("/tmp/evil"), at("/srv/twice"), twice, at("/srv/other1")}, {});
  REQUIRE(all.rules.size() == 1);
  CHECK(values(all.rules[0]) == std::vector<std::string>{digest(9), digest(10), digest(11), digest(12)});
  CHECK(all.rules[0].entries[1].grounds.alerts == 2);
  CHECK(all.rules[0].entries[0].exemption.list == Exemption::List::Programs);
  CHECK(all.unhelped.empty());

  // one is gone: its directory, which says why, covers others there; what is in memory too keeps its entry
  auto memory = at("/opt/app/mem");
  memory.origin = "memory";
  all =
      suggest(set, {at("/opt/app/one"), at("/opt/app/gone"), at("/opt/app/sub/12"), at("/opt/else/1234"), memory}, {});
  REQUIRE(all.rules.size() == 1);
  const auto& entries = all.rules[0].entries;
  CHECK(values(all.rules[0]) == std::vector<std::string>{digest(12), digest(14), "/opt/app"});
  CHECK(entries[2].grounds.because == std::vector<std::string>{"it is gone"});
  CHECK(entries[0].grounds.alerts == 2);
  CHECK(entries[2].grounds.alerts == 2);
  CHECK(all.alerts == 5);
}

TEST_CASE("what a rule's digests exempt already is quiet, and a list of them is not filled beyond its end") {
  const auto listed = rules(kWeb + ", allow_list: { programs: [\"" + digest(12) + "\"] } }\n");
  auto all = suggest(listed, {at("/opt/app/one"), at("/opt/app/o")}, {});
  CHECK(all.quiet_already == 1);
  REQUIRE(all.rules.size() == 1);
  CHECK(values(all.rules[0]) == std::vector<std::string>{digest(10)});
  // with directories, too
  CHECK(suggest(listed, {at("/opt/app/one")}).quiet_already == 1);

  std::vector<Alert> alerts(1100, at("/tmp/x"));
  std::uint64_t number = 0;
  for (auto& alert : alerts) alert.ino = ++number;
  const rule::HostConfig config;
  Suggester suggester(listed, config, {}, [](const Alert& alert) -> Result<Sha256> {
    return Sha256{1, static_cast<std::uint8_t>(alert.ino), static_cast<std::uint8_t>(alert.ino >> 8)};
  });
  for (const auto& alert : alerts) suggester.add(alert);
  all = suggester.finish();
  REQUIRE(all.rules.size() == 1);
  CHECK(all.rules[0].entries.size() == rule::kAllowListMax - 1);
  REQUIRE(all.unhelped.size() == 1);
  CHECK(all.unhelped[0].grounds.alerts == 1100 - rule::kAllowListMax + 1);
}

TEST_CASE("an entry is for the rule that would raise the alert now, whichever did then") {
  const std::string moved =
      "  - { name: new, type: non-image-program, action: alert, allow_list: "
      "{ directories: [/opt/old] } }\n";
  auto all = suggest(rules(moved), {at("/opt/app/x"), at("/opt/old/x")});
  REQUIRE(all.rules.size() == 1);
  CHECK(all.rules[0].rule.name == "new");
  CHECK(all.rules[0].instead_of.empty());
  CHECK(all.quiet_already == 1);

  CHECK(suggest(rules(kWeb + ", status: off }\n"), {at("/opt/app/x")}).quiet_already == 1);
  CHECK(suggest(rules(kWeb + ", allow_list: { images: [example/web] } }\n"), {at("/opt/app/x")}).quiet_already == 1);
  CHECK(suggest(rules(kWeb + ", scope: { clusters: [dev] } }\n"), {at("/opt/app/x")}).quiet_already == 1);

  // Labels are not recorded: the rule that did is taken to do so still.
  const std::string labelled = kWeb + ", scope: { labels: [app=shop] } }\n";
  all = suggest(rules(labelled + moved), {at("/opt/app/x"), at("/opt/app/x", "new")});
  REQUIRE(all.rules.size() == 2);
  CHECK(all.rules[0].rule.name == "web");
  CHECK(all.rules[1].rule.name == "new");
}

TEST_CASE("a rule that ships with Holdfast takes no entry: another of a free name stands in for it") {
  auto set = rules("  - { name: system-x, type: non-image-program, action: alert }\n");
  set.rules[0].system = true;
  const auto all = suggest(set, {at("/opt/app/x", "system-x")});
  REQUIRE(all.rules.size() == 1);
  CHECK(all.rules[0].instead_of == "system-x");
  CHECK(all.rules[0].rule.name == "instead-of-system-x");
  CHECK_FALSE(all.rules[0].rule.system);
}

TEST_CASE("an allow list is not filled beyond what a rule takes") {
  std::vector<Alert> alerts;
  for (std::size_t i = 0; i < rule::kDirectoriesMax + 76; ++i) alerts.push_back(at("/a/" + std::to_string(i) + "/x"));
  const auto all = suggest(rules(kWeb + " }\n"), alerts);
  REQUIRE(all.rules.size() == 1);
  CHECK(all.rules[0].entries.size() == rule::kDirectoriesMax);
  REQUIRE(all.unhelped.size() == 1);
  CHECK(all.unhelped[0].grounds.alerts == 76);
}
