// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "rule/compile.hpp"
#include "rule/describe.hpp"
#include "rule/load.hpp"

using namespace holdfast::rule;

namespace {

/// A set of the rules given as lines of flow maps without their type.
RuleSet setOf(const std::vector<std::string>& rules) {
  std::string text = "version: 1\nrules:\n";
  for (const auto& rule : rules) text += "  - { type: non-image-program, " + rule + " }\n";
  auto loaded = checkText(text, "test.yaml");
  if (!loaded) FAIL(loaded.error()[0].text());
  return *loaded;
}

const std::string kSystem = "name: system, action: alert, system: true";

ImageFacts image(const std::string& reference) { return {reference, {}, {}}; }

std::vector<std::uint32_t> tags(const Profile& profile) {
  std::vector<std::uint32_t> out;
  for (const auto& rule : profile.rules) out.push_back(rule.tag);
  return out;
}

using Tags = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("without a custom rule the system rule applies to everything") {
  const RuleSet set = setOf({kSystem});
  const Profile profile = compile(set, {}, image("web"));
  CHECK(tags(profile) == Tags{1});
  CHECK(profile.rules[0].action == Action::Alert);
  CHECK(profile.rules[0].directories.empty());
  CHECK(compileDefault(set, {}) == profile);
}

TEST_CASE("DRF-7: a rule has the same id as long as it says the same, wherever it stands") {
  const auto id = [](const std::vector<std::string>& rules, std::size_t which = 0) {
    const RuleSet set = setOf(rules);
    for (const auto& one : compile(set, {}, image("web")).rules) {
      if (one.tag == which + 1) return one.id;
    }
    return std::uint64_t{0};
  };
  const std::string rule = "name: a, action: block, allow_list: { directories: [/opt] }";
  const std::uint64_t own = id({rule});
  CHECK(own != 0);
  CHECK(id({rule}) == own);
  CHECK(id({kSystem, rule}, 1) == own);
  for (const std::string other :
       {"name: b, action: block, allow_list: { directories: [/opt] }", "name: a, action: block",
        "name: a, action: alert, allow_list: { directories: [/opt] }",
        "name: a, action: block, allow_list: { directories: [/opt, /srv] }",
        "name: a, action: block, on_running: stop, allow_list: { directories: [/opt] }"}) {
    INFO(other);
    CHECK(id({other}) != own);
    CHECK(id({other}) != 0);
  }
}

TEST_CASE("RUL-6: any custom rule turns the system rule off, also one that is off or scoped elsewhere") {
  for (const std::string custom :
       {"name: c, action: block, status: off", "name: c, action: block, scope: { clusters: [x] }",
        "name: c, action: block, scope: { images: [other] }"}) {
    INFO(custom);
    const RuleSet set = setOf({kSystem, custom});
    CHECK(compile(set, {}, image("web")).rules.empty());
    CHECK(whyNotInEffect(set.rules[0], set, {}) == "custom rule \"c\" at test.yaml:4 turns the system rule off");
  }
}

TEST_CASE("RUL-7: the most specific rule in scope applies, alone") {
  const RuleSet set =
      setOf({"name: all, action: alert, allow_list: { directories: [/opt] }",
             "name: team, action: block, scope: { images: ['registry.example/*'] }",
             "name: web, action: alert, scope: { images: [registry.example/web] }",
             "name: debug, action: block, status: off, scope: { images: [registry.example/web], tags: [debug] }"});
  CHECK(tags(compile(set, {}, image("nginx"))) == Tags{1});
  CHECK(tags(compile(set, {}, image("registry.example/db"))) == Tags{2});
  CHECK(tags(compile(set, {}, image("registry.example/web:1"))) == Tags{3});
  CHECK(tags(compile(set, {}, image("registry.example/web:debug"))) == Tags{3});
  CHECK(compile(set, {}, image("nginx")).rules[0].directories == std::vector<std::string>{"/opt"});

  const auto left_out = notApplied(set, {}, image("registry.example/web:debug"));
  REQUIRE(left_out.size() == 3);
  CHECK(left_out[0].reason == "rule \"web\" is more specific");
  CHECK(left_out[1].reason == "rule \"web\" is more specific");
  CHECK(left_out[2].reason == "its status is off");
}

TEST_CASE("two digests of one image: the stricter rule, then the earlier") {
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  const ImageFacts facts{std::nullopt, {"sha256:" + a, "sha256:" + b}, {}};
  CHECK(tags(compile(setOf({"name: a, action: alert, scope: { images: ['sha256:" + a + "'] }",
                            "name: b, action: block, scope: { images: ['sha256:" + b + "'] }"}),
                     {}, facts)) == Tags{2});
  CHECK(tags(compile(setOf({"name: a, action: block, scope: { images: ['sha256:" + a + "'] }",
                            "name: b, action: block, scope: { images: ['sha256:" + b + "'] }"}),
                     {}, facts)) == Tags{1});
}

TEST_CASE("an exempt image is under no rule, an unknown one is never exempt") {
  const RuleSet set = setOf({"name: all, action: block, allow_list: { images: [debug] }"});
  CHECK(compile(set, {}, image("web:debug")).rules.empty());
  CHECK(notApplied(set, {}, image("web:debug"))[0].reason == "its allow list exempts the image by \"debug\"");
  CHECK(tags(compile(set, {}, image("web:1"))) == Tags{1});
  CHECK(tags(compile(set, {}, image("debug debug"))) == Tags{1});
  CHECK(tags(compileDefault(set, {})) == Tags{1});
}

TEST_CASE("RUL-4: a host knows its cluster, and without one, rules scoped by cluster do not apply") {
  const RuleSet set = setOf(
      {"name: p, action: block, scope: { clusters: [prod] }", "name: d, action: alert, scope: { clusters: [dev] }"});
  HostConfig config;
  CHECK(compileDefault(set, config).rules.empty());
  config.cluster = "prod";
  CHECK(tags(compileDefault(set, config)) == Tags{1});
  config.cluster = "dev";
  CHECK(tags(compileDefault(set, config)) == Tags{2});
}

TEST_CASE("an unknown image: scoped rules are named, and in strict mode the strictest apply as well") {
  const RuleSet set = setOf({"name: all, action: alert", "name: web, action: block, scope: { images: [web] }",
                             "name: db, action: alert, scope: { tags: [db] }",
                             "name: far, action: block, scope: { clusters: [far], images: [x] }",
                             "name: label, action: block, scope: { labels: [app] }",
                             "name: off, action: block, status: off, scope: { images: [y] }"});
  HostConfig config;
  CHECK(tags(compileDefault(set, config)) == Tags{1});
  const auto left_out = notApplied(set, config, {});
  REQUIRE(left_out.size() == 5);
  CHECK(left_out[0].image_unknown);
  CHECK(left_out[0].reason == "the image is unknown and its scope names images or tags");
  CHECK(left_out[1].image_unknown);
  CHECK_FALSE(left_out[2].image_unknown);

  config.unknown_image_strict = true;
  CHECK(tags(compileDefault(set, config)) == Tags{1, 2, 5});
  CHECK(tags(compile(set, config, image("nginx"))) == Tags{1});
}

TEST_CASE("the function's switch turns every rule off, and says so") {
  const RuleSet set = setOf({"name: all, action: block"});
  HostConfig config;
  config.image_risk = config.container_escape = false;
  CHECK(tags(compileDefault(set, config)) == Tags{1});
  config.non_image_program = false;
  CHECK(compileDefault(set, config).rules.empty());
  CHECK(effectOf(set.rules[0], set, config, "").effective == "none");
  CHECK(effectOf(set.rules[0], set, config, "").reason ==
        "the function non_image_program is off in this host's configuration");
}

TEST_CASE("RUL-10: asked for and in effect, with the reason where they differ") {
  const RuleSet set = setOf({"name: all, action: block"});
  CHECK(effectOf(set.rules[0], set, {}, "").effective == "block");
  CHECK(effectOf(set.rules[0], set, {}, "").reason.empty());
  CHECK(effectOf(set.rules[0], set, {}, "the module is not loaded").effective == "none");
  CHECK(effectOf(set.rules[0], set, {}, "the module is not loaded").reason == "the module is not loaded");
}

TEST_CASE("RUL-10: rules of types that are not enforced are listed as not in effect, and are in no profile") {
  const auto loaded = checkText(
      "version: 1\nrules:\n"
      "  - { name: risk, type: image-risk, action: block, risks: { unscanned: true } }\n"
      "  - { name: planned, type: container-escape, action: block, checks: { types: [kernel-attack-surface],\n"
      "      except: [AS1, AS2, AS3, AS4, AS5, AS6] } }\n",
      "test.yaml");
  REQUIRE(loaded);
  for (const ImageFacts& facts : {ImageFacts{}, image("web")}) {
    CHECK(compile(*loaded, {}, facts) == Profile{});
    const auto left_out = notApplied(*loaded, {}, facts);
    REQUIRE(left_out.size() == 2);
    CHECK(left_out[0].reason == "this version of Holdfast does not enforce rules of type image-risk");
    CHECK(left_out[1].reason == "this version of Holdfast does not check AS7");
    CHECK_FALSE(left_out[1].image_unknown);
  }
  CHECK(effectOf(loaded->rules[0], *loaded, {}, "").effective == "none");
  CHECK(effectOf(loaded->rules[1], *loaded, {}, "").requested == "block");
  CHECK(effectOf(loaded->rules[1], *loaded, {}, "").effective == "none");
}

TEST_CASE("ESC-1: a profile has the checks of each rule in scope, without those left out and those of no version yet") {
  const auto loaded = checkText(
      "version: 1\nrules:\n"
      "  - { name: web, type: container-escape, action: block, scope: { images: [web] },\n"
      "      checks: { types: [dangerous-mount, file-handle], except: [MT1] } }\n"
      "  - { name: all, type: container-escape, action: alert, checks: { types: [kernel-upcall] } }\n",
      "test.yaml");
  REQUIRE(loaded);
  const auto checks = [&](const ImageFacts& facts) {
    std::string out;
    for (const CheckRule& rule : compile(*loaded, {}, facts).checks)
      out += std::string(name(rule.action)) + ": " + namesOf(rule.items) + "; ";
    return out;
  };
  CHECK(checks(image("web")) == "block: MT2, MT3, MT5, MT6, FH1; alert: UH1, UH2, UH3, UH4; ");
  CHECK(checks(image("other")) == "alert: UH1, UH2, UH3, UH4; ");
  CHECK(effectOf(loaded->rules[0], *loaded, {}, "").effective == "block");
  CHECK(effectOf(loaded->rules[0], *loaded, {}, "").reason == "this version of Holdfast does not check MT4");
  HostConfig off;
  off.container_escape = false;
  CHECK(compile(*loaded, off, image("web")).checks.empty());
}

TEST_CASE("a set of check items is the same in the kernel's bytes") {
  for (std::size_t i = 0; i < kCheckItems; ++i) {
    CheckSet items;
    items.set(i);
    const CheckBytes bytes = toBytes(items);
    CHECK(bytes[i / 8] == 1U << i % 8);
    CHECK(fromBytes(bytes) == items);
  }
}

TEST_CASE("the JSON of a rule has what its type has") {
  const auto loaded = checkText(
      "version: 1\nrules:\n"
      "  - { name: risk, type: image-risk, action: allow, risks: { vulnerability: { ids: [CVE-2021-44228] },"
      " unscanned: true, baseline: false } }\n"
      "  - { name: escape, type: container-escape, action: block, checks: { except: [AS1] } }\n"
      "  - { name: stop, type: non-image-program, action: block, on_running: stop }\n",
      "test.yaml");
  REQUIRE(loaded);
  nlohmann::json json;
  for (const auto& rule : loaded->rules) json.push_back(describe(rule, *loaded, {}, ""));
  CHECK(json[0]["risks"].dump() == R"({"unscanned":true,"vulnerability":{"ids":["CVE-2021-44228"],"levels":[]}})");
  CHECK(json[1]["checks"].dump() == R"({"except":["AS1"],"types":[]})");
  CHECK(json[2]["on_running"] == "stop");
  CHECK_FALSE(json[0].contains("checks"));
  CHECK_FALSE(json[1].contains("on_running"));
  CHECK_FALSE(json[2].contains("risks"));
}

TEST_CASE("the JSON of a rule") {
  const RuleSet set = setOf({"name: all, action: block, allow_list: { directories: [/opt], images: [web, 'sha256:" +
                             std::string(64, '0') + "'] }"});
  CHECK(set.files == std::vector<std::string>{"test.yaml"});
  CHECK(describe(set.warnings.at(0)) == nlohmann::json({{"message",
                                                         "\"web\" is short; every image with it anywhere in "
                                                         "registry/path:tag is exempt"},
                                                        {"file", "test.yaml"},
                                                        {"line", 3},
                                                        {"column", 102}}));
  CHECK(describe(set.rules.at(0), set, {}, "") ==
        nlohmann::json({{"name", "all"},
                        {"description", ""},
                        {"type", "non-image-program"},
                        {"status", "on"},
                        {"requested", "block"},
                        {"effective", "block"},
                        {"reason", ""},
                        {"system", false},
                        {"scope",
                         {{"clusters", nlohmann::json::array()},
                          {"images", nlohmann::json::array()},
                          {"tags", nlohmann::json::array()},
                          {"labels", nlohmann::json::array()}}},
                        {"allow_list",
                         {{"directories", {"/opt"}},
                          {"images", {"web", "sha256:" + std::string(64, '0')}},
                          {"programs", nlohmann::json::array()},
                          {"program_lists", nlohmann::json::array()}}},
                        {"on_running", "report"},
                        {"file", "test.yaml"},
                        {"line", 3},
                        {"column", 5}}));
}
