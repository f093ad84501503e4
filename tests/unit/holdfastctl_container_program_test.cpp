// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "alert/exemption.hpp"
#include "alert_sample.hpp"
#include "holdfastctl/container_program.hpp"
#include "holdfastctl_sample.hpp"

using namespace holdfast;
using namespace holdfast::holdfastctl;

namespace {

alert::Alert about(const std::string& path) {
  auto alert = test::sampleAlert(1);
  alert.path = path;
  return alert;
}

/// The digest, or why there is none.
std::string found(test::Terminal& terminal, const alert::Alert& alert) {
  const auto environment = terminal.environment();
  ProgramDigests digests(environment, [&](const auto& request) { return environment.call("", request); });
  const auto digest = digests.of(alert);
  return digest ? digestText(*digest) : digest.error().message;
}

}  // namespace

TEST_CASE("a program has the digest of what the kernel judged, as long as that is there") {
  test::Terminal terminal;
  terminal.programs = {test::sampleProgram("/opt/tool", 1)};
  const auto alert = about("/opt/tool");
  CHECK(found(terminal, alert) == digestText(Sha256{1}));
  auto& program = terminal.programs[0];
  program.changed_at = alert.first_real;
  CHECK(found(terminal, alert) == digestText(Sha256{1}));
  program.changed_at = alert.first_real + 1;
  CHECK(found(terminal, alert) == "it was changed after the alert");
  // also if it ran again since
  auto again = alert;
  again.last_real += 1000;
  CHECK(found(terminal, again) == "it was changed after the alert");
  program.changed_at = 0;
  for (std::uint64_t* identity : {&program.inode, &program.device}) {
    ++*identity;
    CHECK(found(terminal, alert) == "another file is there now");
    --*identity;
  }
  // as where a directory was renamed while it was looked for
  program.path = "/opt/elsewhere";
  CHECK(found(terminal, alert).find("No such file") != std::string::npos);
}

TEST_CASE("what is in a program does not matter where the kernel does not go by it") {
  test::Terminal terminal;
  terminal.programs = {test::sampleProgram("/opt/tool", 1)};
  terminal.programs[0].size = container::kInterpreterDigestBytesMax + 1;
  auto alert = about("/opt/tool");
  CHECK(found(terminal, alert) == digestText(Sha256{1}));
  alert.kind = "interpreter";
  CHECK(found(terminal, alert) == "it is larger than a program interpreter may be");
  alert.kind = "mprotect";
  CHECK(found(terminal, alert) == alert::whyNoDigest(alert));
  alert.kind = "exec";
  terminal.programs[0].not_by_digest = "it is on fuse";
  CHECK(found(terminal, alert) == "it is on fuse");
  CHECK(found(terminal, about("/opt/tool (deleted)")) == "it is unlinked");
}

TEST_CASE("without its container a program has no digest") {
  test::Terminal terminal;
  terminal.programs = {test::sampleProgram("/opt/tool", 1)};
  auto alert = about("/opt/tool");
  alert.container.cgroup_id = 43;  // of which the daemon answers with another one's, as by a name of digits
  terminal.answer = control::ContainerReport();
  CHECK(found(terminal, alert) == "its container is not there");
  CHECK(terminal.asked.back().params["id"] == "43");
  terminal.answer = tl::unexpected(Error{"no container '43'"});
  CHECK(found(terminal, alert) == "its container is not there: no container '43'");
  // a container without processes, and a process that is not in it
  control::ContainerReport report;
  report.cgroup_path = "/holdfast-test/none";
  CHECK_FALSE(findInContainer(report, "/opt/tool", std::chrono::seconds(1), container::Links::Refused));
  report.init_pid = 1;
  CHECK_FALSE(findInContainer(report, "/opt/tool", std::chrono::seconds(1), container::Links::Refused));
}

TEST_CASE("a file is read once, however many alerts are about it") {
  test::Terminal terminal;
  auto environment = terminal.environment();
  int reads = 0;
  environment.find_program = [&reads](const auto&, const auto& path, auto, auto) -> Result<container::Program> {
    ++reads;
    return test::sampleProgram(path, 1);
  };
  ProgramDigests digests(environment, [&](const auto& request) { return environment.call("", request); });
  auto alert = about("/opt/tool");
  for (int i = 0; i < 3; ++i) CHECK(digests.of(alert));
  alert.ino = 7;
  CHECK_FALSE(digests.of(alert));
  CHECK(reads == 1);
  CHECK(digests.of(about("/opt/other")));
  CHECK(reads == 2);
}
