// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base_test_support.hpp"
#include "container/mount_line.hpp"
#include "container/program.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

TEST_CASE("a line of mountinfo, with what the kernel and overlayfs escape") {
  const auto mount = container::parseMountLine(
      R"(1200 900 0:51 /sub\040dir /mnt/a\134b rw,noexec,relatime shared:1 master:2 - overlay overlay )"
      R"(rw,lowerdir=/l1:/l2,upperdir=/var/a\054b\134\072c/diff,workdir=/w)");
  REQUIRE(mount);
  CHECK(mount->id == 1200);
  CHECK(mount->device == "0:51");
  CHECK(mount->root == "/sub dir");
  CHECK(mount->point == "/mnt/a\\b");
  CHECK(mount->type == "overlay");
  CHECK(mount->noExec());
  CHECK(mount->superOption("upperdir") == "/var/a,b:c/diff");
  CHECK(mount->superOption("upper").empty());
  CHECK(mount->inFileSystem("/mnt/a\\b/x") == "/sub dir/x");
  for (const char* bad : {"", "1 2 3", "x 900 0:51 / / rw - overlay overlay rw", "1 900 0:51 / / rw - overlay"})
    CHECK_FALSE(container::parseMountLine(bad));
  CHECK_FALSE(container::findMountLine("1 900 0:51 / / rw - overlay overlay rw\n", 2));
}

TEST_CASE("a program is looked up from a process's root and never leaves it") {
  if (::geteuid() != 0) {
    CHECK_FALSE(container::findProgram(static_cast<std::uint32_t>(::getpid()), "/", 1s));
    return;
  }
  const auto self = static_cast<std::uint32_t>(::getpid());
  const test::ScratchDirectory scratch;
  const auto file = scratch.write("program", "#!/bin/sh\n");
  std::filesystem::create_symlink("../../../../../../../.." + file.string(), scratch / "link");
  auto program = container::findProgram(self, (scratch / "link").string(), 5s);
  INFO((program ? "" : program.error().text()));
  REQUIRE(program);
  CHECK(program->path == file.string());
  CHECK(program->not_executable == "it has no x permission");
  ::chmod(file.c_str(), 0755);
  CHECK(container::findProgram(self, file.string(), 5s)->not_executable.empty());
  CHECK(container::findProgram(self, scratch.path().string(), 5s)->not_executable == "it is no regular file");
  // /proc/PID/root and its like would lead out
  CHECK_FALSE(container::findProgram(self, "/proc/self/root/etc", 5s));
  CHECK_FALSE(container::findProgram(self, (scratch / "none").string(), 5s));
  CHECK_FALSE(container::findProgram(0, "/", 5s));
}
