// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base_test_support.hpp"

using namespace holdfast;
namespace fs = std::filesystem;

TEST_CASE("a descriptor is closed once and can be handed on") {
  const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    UniqueFd first(number);
    UniqueFd second(std::move(first));
    CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the point
    CHECK(second.get() == number);
    second = UniqueFd(second.release());
    CHECK(second.get() == number);
    CHECK(::fcntl(number, F_GETFD) >= 0);
  }
  CHECK(::fcntl(number, F_GETFD) < 0);
}

TEST_CASE("a file is read up to its limit and no further") {
  const test::ScratchDirectory scratch;
  const std::string content(200'000, 'x');
  const auto file = scratch.write("file", content);
  CHECK(readFile(file, content.size()).value() == content);
  const auto longer = readFile(file, content.size() - 1);
  REQUIRE_FALSE(longer);
  CHECK(longer.error().text() == file.string() + ": larger than 199999 bytes");
  CHECK(readFile(scratch.write("empty", ""), 0).value().empty());
}

TEST_CASE("a file of /proc, whose size says 0, is read") {
  CHECK_FALSE(readFile("/proc/self/status", 65536).value().empty());
}

TEST_CASE("what is no regular file is refused without waiting for it") {
  const test::ScratchDirectory scratch;
  REQUIRE(::mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  CHECK(readFile(scratch / "fifo", 10).error().message == "not a regular file");
  CHECK(readFile(scratch.path(), 10).error().message == "not a regular file");
  CHECK(readFile("/dev/zero", 10).error().message == "not a regular file");
  CHECK(readFile(scratch / "none", 10).error().message == "cannot open: No such file or directory");
}

TEST_CASE("a file is replaced whole, with its mode, and leaves nothing beside it") {
  const test::ScratchDirectory scratch;
  const auto file = scratch.write("file", "old");
  REQUIRE(writeFileAtomically(file, "new", 0640));
  CHECK(readFile(file, 10).value() == "new");
  CHECK(fs::status(file).permissions() == fs::perms(0640));
  CHECK(std::distance(fs::directory_iterator(scratch.path()), {}) == 1);
}

TEST_CASE("a failed replacement keeps the old and removes the temporary file") {
  const test::ScratchDirectory scratch;
  fs::create_directories(scratch / "target/below");
  const auto done = writeFileAtomically(scratch / "target", "new", 0600);
  REQUIRE_FALSE(done);
  CHECK(done.error().file == (scratch / "target").string());
  CHECK(fs::is_directory(scratch / "target/below"));
  CHECK(std::distance(fs::directory_iterator(scratch.path()), {}) == 1);
  CHECK_FALSE(writeFileAtomically(scratch / "none/file", "new", 0600));
}
