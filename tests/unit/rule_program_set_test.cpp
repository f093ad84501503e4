// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base_test_support.hpp"
#include "rule/compile.hpp"
#include "rule/decide.hpp"
#include "rule/load.hpp"
#include "rule/program_set.hpp"

using namespace holdfast;

namespace {

const std::string kOne(64, '1');
const std::string kTwo(64, '2');

Sha256 digest(const std::string& hex) { return sha256FromHex(hex).value(); }

std::string faultOf(const std::string& list) {
  const test::ScratchDirectory scratch;
  std::vector<Sha256> digests;
  const auto path = scratch.write("list", list);
  const auto done = rule::readProgramList(path, digests);
  return done ? std::to_string(digests.size()) : done.error().text().substr(path.string().size() + 1);
}

rule::Loaded loaded(const std::string& allow_list) {
  return rule::checkText(
      "version: 1\nrules:\n  - name: one\n    type: non-image-program\n    action: block\n    allow_list: " +
          allow_list + "\n",
      "rules.yaml");
}

}  // namespace

TEST_CASE("hexadecimal digits are a digest if there are as many as it takes, in lower case") {
  CHECK(hexOf(digest(kOne)) == kOne);
  for (const std::string& bad : {std::string(), kOne.substr(1), kOne + "1", std::string(64, 'A'), std::string(64, 'g')})
    CHECK_FALSE(sha256FromHex(bad));
}

TEST_CASE("a list of programs is what sha256sum writes") {
  CHECK(faultOf("") == "0");
  CHECK(faultOf(kOne + "  /usr/bin/x\n" + kTwo + " */usr/bin/y\n\n# notes\n\\" + kOne + "  a\\nb\r\n" + kTwo) == "4");
  CHECK(faultOf(kOne + "\n" + kOne + "x\n") ==
        "2:1: \"" + kOne.substr(4) + "...\" is no digest: 64 lower-case hexadecimal digits, then a blank or nothing");
  CHECK_THAT(faultOf("\n\nsha256\n"), Catch::StartsWith("3:1: \"sha256\" is no digest"));
  CHECK(faultOf(std::string(64, '0')) == "1:1: all zeros are the digest of no program");
  std::vector<Sha256> digests;
  CHECK_FALSE(rule::readProgramList("/nonexistent", digests));
  CHECK_FALSE(rule::readProgramList("/dev/zero", digests));
}

TEST_CASE("a set of programs is the same whatever their order, and another if one is") {
  const auto one = rule::makeProgramSet({digest(kOne), digest(kTwo)});
  CHECK(one == rule::makeProgramSet({digest(kTwo), digest(kOne), digest(kTwo)}));
  CHECK_FALSE(one == rule::makeProgramSet({digest(kTwo)}));
  CHECK(one.size() == 2);
  CHECK(one.has(digest(kOne)));
  CHECK_FALSE(one.has(digest(std::string(64, '3'))));
  CHECK(rule::makeProgramSet({}).hash == 0);
  CHECK_FALSE(rule::ProgramSet{}.has(digest(kOne)));
}

TEST_CASE("a rule exempts programs by their digests, in the rule and in lists") {
  const test::ScratchDirectory scratch;
  const auto list = scratch.write("list", kTwo + "\n");
  const auto set = loaded("{ programs: [sha256:" + kOne + "], program_lists: [" + list.string() + "] }");
  REQUIRE(set);
  const auto profile = rule::compileDefault(*set, {});
  REQUIRE(profile.rules.size() == 1);
  CHECK(profile.rules[0].programs.size() == 2);
  for (const auto& hex : {kOne, kTwo}) {
    const auto decision = rule::decide(profile, false, "/x", digest(hex));
    CHECK(decision.action == rule::Action::Allow);
    CHECK(decision.exempt.size() == 1);
  }
  CHECK(rule::decide(profile, false, "/x", digest(std::string(64, '3'))).action == rule::Action::Block);
  CHECK(rule::decide(profile, false, "/x").action == rule::Action::Block);
  // what is in the list is part of what the rule says
  scratch.write("list", std::string(64, '3') + "\n");
  const auto later = loaded("{ programs: [sha256:" + kOne + "], program_lists: [" + list.string() + "] }");
  REQUIRE(later);
  CHECK(rule::compileDefault(*later, {}).rules[0].id != profile.rules[0].id);
}

TEST_CASE("mistakes in lists of programs are told with their place") {
  const auto errorOf = [](const std::string& allow_list) {
    const auto set = loaded(allow_list);
    return set ? "" : set.error().front().text();
  };
  CHECK_THAT(errorOf("{ programs: [" + kOne + "] }"), Catch::StartsWith("rules.yaml:6:30: \"1111"));
  CHECK_THAT(errorOf("{ program_lists: [list] }"),
             Catch::Equals("rules.yaml:6:35: program list \"list\" is not absolute"));
  CHECK_THAT(errorOf("{ program_lists: [/nonexistent] }"),
             Catch::StartsWith("rules.yaml:6:35: program list \"/nonexistent\": "));
  const test::ScratchDirectory scratch;
  const auto list = scratch.write("list", kOne + "\nnone\n");
  CHECK_THAT(errorOf("{ program_lists: [" + list.string() + "] }"),
             Catch::Contains(list.string() + ":2:1: \"none\" is no digest"));
}
