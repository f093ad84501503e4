// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cerrno>

#include "holdfastctl/selftest_judge.hpp"

using namespace holdfast;
using namespace holdfast::holdfastctl;

namespace {

const std::string kGood =
    "image-exec 0\ncopied-exec 1\ntmpfs-exec 1\nmemfd-exec 1\ncopied-map 1\ncopied-mprotect 1\nimage-exec-again 0\n";

control::SelftestReport goodReport() {
  return {{{"exec", "added", "deny", 1},
           {"exec", "memory", "deny", 2},
           {"map", "added", "deny", 1},
           {"mprotect", "changed", "deny", 1}}};
}

const Finding& find(const Verdict& verdict, const std::string& name) {
  for (const Finding& finding : verdict.findings)
    if (finding.name == name) return finding;
  FAIL("no such check: " << name);
  throw 0;
}

}  // namespace

TEST_CASE("a host that refuses and reports what it should passes") {
  const Verdict verdict = judge(parseProbe(kGood), goodReport());
  CHECK(verdict.ok);
  CHECK(verdict.surprises.empty());
  CHECK(toJson(verdict)["checks"].size() == 7);
  CHECK(toJson(verdict)["ok"] == true);
}

TEST_CASE("each difference is found") {
  SECTION("a copy ran") {
    auto outcomes = parseProbe(kGood);
    outcomes["memfd-exec"] = 0;
    const Verdict verdict = judge(outcomes, goodReport());
    CHECK_FALSE(verdict.ok);
    CHECK(find(verdict, "memfd-exec").outcome == "ran");
  }
  SECTION("another error is no refusal") {
    auto outcomes = parseProbe(kGood);
    outcomes["copied-map"] = EACCES;
    CHECK_FALSE(judge(outcomes, goodReport()).ok);
  }
  SECTION("the image's own program was refused") {
    auto outcomes = parseProbe(kGood);
    outcomes["image-exec-again"] = EPERM;
    CHECK_FALSE(judge(outcomes, goodReport()).ok);
  }
  SECTION("a step was never reached") {
    auto outcomes = parseProbe(kGood);
    outcomes.erase("copied-mprotect");
    CHECK(find(judge(outcomes, goodReport()), "copied-mprotect").outcome == "not tried");
  }
  SECTION("an event is missing though another of its sort came") {
    auto report = goodReport();
    report.events[1].count = 1;
    const Verdict verdict = judge(parseProbe(kGood), report);
    CHECK_FALSE(verdict.ok);
    CHECK(find(verdict, "tmpfs-exec").event_arrived);
    CHECK_FALSE(find(verdict, "memfd-exec").event_arrived);
  }
  SECTION("an event too many") {
    auto report = goodReport();
    report.events.push_back({"exec", "image", "deny", 1});
    const Verdict verdict = judge(parseProbe(kGood), report);
    CHECK_FALSE(verdict.ok);
    CHECK(verdict.surprises.size() == 1);
  }
  SECTION("reported but not refused") {
    auto report = goodReport();
    report.events[0].verdict = "alert";
    CHECK_FALSE(judge(parseProbe(kGood), report).ok);
  }
  SECTION("nothing at all") { CHECK_FALSE(judge({}, {}).ok); }
}

TEST_CASE("the probe's lines are read, others overlooked") {
  CHECK(parseProbe("").empty());
  CHECK(parseProbe("a 1\nb\nc x\n\nd 2 3\ne 0") == std::map<std::string, int>{{"a", 1}, {"e", 0}});
}
