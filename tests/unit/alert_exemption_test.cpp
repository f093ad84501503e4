// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "alert/exemption.hpp"
#include "alert_sample.hpp"

using namespace holdfast;
using namespace holdfast::alert;

namespace {

Alert at(const std::string& path) {
  Alert alert = test::sampleAlert(1);
  alert.path = path;
  return alert;
}

}  // namespace

TEST_CASE("a program is exempt by its directory, the narrowest that there is") {
  const auto entry = narrowestExemption(at("/opt/app/plugins/tool"), false, false);
  REQUIRE(entry);
  CHECK(entry->list == Exemption::List::Directories);
  CHECK(entry->value == "/opt/app/plugins");
}

TEST_CASE("directories that anybody may write to, or that hold everything, need a second word") {
  for (const std::string path :
       {"/tmp/evil", "/tmp/a/b/evil", "/var/tmp/x", "/dev/shm/x", "/run/x", "/x", "/usr/bin/x", "/home/x", "/opt/x"}) {
    INFO(path);
    const auto refused = narrowestExemption(at(path), false, false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("--force") != std::string::npos);
    CHECK(narrowestExemption(at(path), false, true));
  }
  CHECK(narrowestExemption(at("/tmpfiles/x"), false, false)->value == "/tmpfiles");
  CHECK(narrowestExemption(at("/x"), false, true)->value == "/");
}

TEST_CASE("where no directory helps it is the image, the exact one if it is known") {
  for (const std::string path : {"", "relative", "/opt/a/x (deleted)", "/opt/a/long..."}) {
    INFO(path);
    const auto entry = narrowestExemption(at(path), false, true);
    REQUIRE(entry);
    CHECK(entry->list == Exemption::List::Images);
    CHECK(entry->value == "registry.example/web:1");
  }
  Alert memory = at("/memfd:x");
  memory.origin = "memory";
  memory.container.digests = {"sha256:" + std::string(64, 'a')};
  CHECK(narrowestExemption(memory, false, false)->value == memory.container.digests[0]);
  CHECK(narrowestExemption(at("/opt/a/x"), true, false)->list == Exemption::List::Images);
  Alert host = at("/opt/a/x");
  host.origin = "host";
  CHECK(narrowestExemption(host, false, false)->list == Exemption::List::Images);
  CHECK(narrowestExemption(host, false, false)->because == "it is no file of the container");
  CHECK(narrowestExemption(at("/opt/a\n/x"), false, false)->list == Exemption::List::Images);
  Alert escape = at("/opt/a/x");
  escape.type = AlertType::ContainerEscapePrevention;
  CHECK(narrowestExemption(escape, false, false)->list == Exemption::List::Images);
}

TEST_CASE("of a name that no rule can say it is the nearest directory above that one can, if that is asked for") {
  for (const std::string path : {"/opt/a\\x0a/x", "/opt/a\xff/b/x", "/opt/a\\x20b/c\\x0a/x"}) {
    INFO(path);
    CHECK(narrowestExemption(at(path), false, false)->list == Exemption::List::Images);
    CHECK(narrowestExemption(at(path), false, false)->because.find("--force") != std::string::npos);
    const auto entry = narrowestExemption(at(path), false, true);
    REQUIRE(entry);
    CHECK(entry->list == Exemption::List::Directories);
    CHECK(entry->value == "/opt");
  }
  CHECK(narrowestExemption(at("/opt/app/a\\x0a"), false, true)->value == "/opt/app");
  CHECK(narrowestExemption(at("/\\x0a/x"), false, true)->value == "/");
}

TEST_CASE("a program is exempt by its digest, if that can be had, and if not it is said why") {
  const DigestOf digest_of = [](const Alert&) -> Result<Sha256> { return Sha256{1}; };
  const DigestOf none = [](const Alert&) -> Result<Sha256> { return fail("another file is there now"); };
  for (const std::string path : {"/opt/app/tool", "/tmp/tool", "/tool"}) {
    const auto entry = narrowestExemption(at(path), false, false, digest_of);
    REQUIRE(entry);
    CHECK(entry->list == Exemption::List::Programs);
    CHECK(entry->value == "sha256:01" + std::string(62, '0'));
    CHECK(entry->because.empty());
  }
  CHECK(narrowestExemption(at("/opt/app/tool"), true, false, digest_of)->list == Exemption::List::Images);
  auto entry = narrowestExemption(at("/opt/app/tool"), false, false, none);
  REQUIRE(entry);
  CHECK(entry->value == "/opt/app");
  CHECK(entry->because == "another file is there now");
  entry = narrowestExemption(at("/tmp/tool"), false, false, none);
  REQUIRE_FALSE(entry);
  CHECK(entry.error().message.starts_with("its digest does not help: another file is there now; and '/tmp' may be"));
  Alert memory = at("/dev/shm/tool");
  memory.origin = "memory";
  CHECK(narrowestExemption(memory, false, false, digest_of)->list == Exemption::List::Programs);
  CHECK(narrowestExemption(memory, false, true, none)->list == Exemption::List::Images);
}

TEST_CASE("what cannot be found by its name, and what the kernel does not read, has no digest") {
  CHECK(whyNoDigest(at("/opt/app/tool")).empty());
  for (const std::string path :
       {"", "relative", "/opt/a\\x0a/x", "/opt/a/x (deleted)", "/opt/a/long...", "/opt/a\n/x"}) {
    INFO(path);
    CHECK_FALSE(whyNoDigest(at(path)).empty());
  }
  Alert alert = at("/opt/a/x");
  alert.kind = "mprotect";
  CHECK_FALSE(whyNoDigest(alert).empty());
  CHECK(directoryOf(alert, false) == "/opt/a");
  alert = at("/opt/a/x");
  alert.origin = "host";
  CHECK_FALSE(whyNoDigest(alert).empty());
  alert.origin = "memory";
  CHECK(whyNoDigest(alert).empty());
  CHECK(directoryOf(alert, false).empty());
  alert.type = AlertType::ContainerEscapePrevention;
  CHECK_FALSE(whyNoDigest(alert).empty());
}

TEST_CASE("without a rule or an image there is nothing to write, and that is said") {
  Alert alert = at("/opt/a/x");
  alert.rule.reset();
  CHECK_FALSE(narrowestExemption(alert, false, true));
  alert = at("");
  alert.container.image.clear();
  const auto refused = narrowestExemption(alert, false, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("image is not known") != std::string::npos);
  CHECK_FALSE(narrowestExemption(fromNotice(NoticeKind::BadRuleSet, "x", {"m", "h", ""}, "b", "/x", 1), false, true));
}
