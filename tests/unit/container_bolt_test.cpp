// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/fd.hpp"
#include "bolt_sample.hpp"
#include "container/bolt.hpp"
#include "container_sandbox.hpp"

using namespace holdfast;
using container::Bolt;
using test::BoltBucket;
using test::BoltWriter;

namespace {

BoltBucket sample() {
  BoltBucket root;
  auto& space = root.in("v1").in("default");
  for (int i = 0; i < 40; ++i) {
    auto& one = space.in("containers").in("c" + std::to_string(i));
    one.values = {{"image", "registry.example/app:" + std::to_string(i)}, {"empty", ""}};
    if (i % 2 == 0) one.in("labels").values = {{"n", std::to_string(i)}, {"k", "v"}, {"long", std::string(9000, 'x')}};
  }
  root.in("v1").values["version"] = "3";
  return root;
}

Result<Bolt> opened(const test::Sandbox& sandbox, const std::string& bytes) {
  sandbox.write("meta.db", bytes);
  auto bolt = Bolt::open(sandbox.path() / "meta.db");
  if (!bolt) return tl::unexpected(bolt.error());
  REQUIRE(*bolt);
  return std::move(**bolt);
}

/// Which must not be an error.
std::optional<std::string> valueIn(const Bolt& bolt, Bolt::Path path, std::string_view key) {
  auto value = bolt.value(path, key);
  REQUIRE(value);
  return std::move(*value);
}

/// All that can be asked of it; only that it ends, and not in a crash, is of interest.
void exhaust(const Bolt& bolt) {
  for (const std::string_view name : {"c0", "c7", "c38", "none", ""}) {
    const std::array<std::string_view, 4> path{"v1", "default", "containers", name};
    (void)bolt.value(path, "image");
    (void)bolt.pairs(path);
    const std::array<std::string_view, 5> deeper{"v1", "default", "containers", name, "labels"};
    (void)bolt.pairs(deeper);
  }
  (void)bolt.pairs({});
}

}  // namespace

TEST_CASE("bbolt: keys are found in trees, in small buckets and on pages that overflow") {
  const test::Sandbox sandbox;
  const bool inside = GENERATE(true, false);
  const std::size_t per_page = GENERATE(2, 5, 100);
  BoltWriter writer(per_page, inside);
  const auto bolt = opened(sandbox, writer.file(sample()));
  REQUIRE(bolt);
  for (int i = 0; i < 40; ++i) {
    const std::string id = "c" + std::to_string(i);
    const std::array<std::string_view, 4> path{"v1", "default", "containers", id};
    CHECK(valueIn(*bolt, path, "image") == "registry.example/app:" + std::to_string(i));
    CHECK(valueIn(*bolt, path, "empty") == "");
    CHECK_FALSE(valueIn(*bolt, path, "imag"));
    CHECK_FALSE(valueIn(*bolt, path, "labels"));
    CHECK(bolt->pairs(path)->size() == 2);
    const std::array<std::string_view, 5> labels{"v1", "default", "containers", id, "labels"};
    CHECK(bolt->pairs(labels)->size() == (i % 2 == 0 ? 3 : 0));
  }
  const std::array<std::string_view, 1> top{"v1"};
  CHECK(valueIn(*bolt, top, "version") == "3");
  // a value is no bucket, and what is missing has nothing in it
  const std::array<std::string_view, 2> through{"v1", "version"};
  CHECK_FALSE(valueIn(*bolt, through, "x"));
  const std::array<std::string_view, 2> missing{"v2", "default"};
  CHECK(bolt->pairs(missing)->empty());
  CHECK(bolt->pairs({})->empty());
}

TEST_CASE("bbolt: the last whole head counts, whichever it is") {
  const test::Sandbox sandbox;
  std::string bytes = BoltWriter().file(sample(), 8);
  const std::array<std::string_view, 1> top{"v1"};
  for (const std::size_t broken : {BoltWriter::at(0), BoltWriter::at(1)}) {
    std::string one = bytes;
    one[broken + 20] = 'x';
    const auto bolt = opened(sandbox, one);
    REQUIRE(bolt);
    CHECK(valueIn(*bolt, top, "version") == "3");
  }
  for (const std::size_t broken : {BoltWriter::at(0), BoltWriter::at(1)}) bytes[broken + 20] = 'x';
  CHECK_FALSE(opened(sandbox, bytes));
}

TEST_CASE("bbolt: what is no database, or is cut off or changed at any place, is refused and does no harm") {
  const test::Sandbox sandbox;
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string(100'000, '\0'), std::string(65536, 'x')})
    CHECK_FALSE(opened(sandbox, text));
  const std::string whole = BoltWriter(4).file(sample());
  for (std::size_t size = 0; size < whole.size(); size += 4096 / 3) {
    const auto bolt = opened(sandbox, whole.substr(0, size));
    if (bolt) exhaust(*bolt);
  }
  std::uint32_t random = 12345;
  const auto next = [&random] { return random = random * 1664525 + 1013904223; };
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = whole;
    // not the heads, whose sums would tell
    for (int n = 0; n < 3; ++n) bytes[8192 + next() / 8 % (bytes.size() - 8192)] = static_cast<char>(next() >> 24);
    const auto bolt = opened(sandbox, bytes);
    if (bolt) exhaust(*bolt);
  }
}

TEST_CASE("bbolt: a tree that leads into itself comes to an end") {
  const test::Sandbox sandbox;
  BoltBucket root;
  for (int i = 0; i < 30; ++i) root.values["k" + std::to_string(i)] = "v";
  std::string bytes = BoltWriter(2).file(root);
  // each branch leads to the root page, the last but none
  const std::uint64_t top = bytes.size() / BoltWriter::kPage - 1;
  for (std::uint64_t id = 3; id <= top; ++id) {
    if (bytes[BoltWriter::at(id) + 8] != 1) continue;
    for (std::size_t i = 0; i < static_cast<unsigned char>(bytes[BoltWriter::at(id) + 10]); ++i)
      std::memcpy(bytes.data() + BoltWriter::at(id) + 16 + i * 16 + 8, &top, sizeof top);
  }
  const auto bolt = opened(sandbox, bytes);
  REQUIRE(bolt);
  CHECK_FALSE(bolt->value({}, "k5"));
  CHECK_FALSE(bolt->pairs({}));
}

TEST_CASE("bbolt: a tree whose branches share what is below them costs no more than a large one") {
  const test::Sandbox sandbox;
  BoltBucket root;
  for (int i = 0; i < 30; ++i) root.values["k" + std::to_string(i)] = "v";
  std::string bytes = BoltWriter(2).file(root);
  // each branch leads twice to the branch before it, so that the leaves below the last are tens of thousands
  std::uint64_t before = 0;
  for (std::uint64_t id = 3; id < bytes.size() / BoltWriter::kPage; ++id) {
    if (bytes[BoltWriter::at(id) + 8] != 1) continue;
    for (std::size_t i = 0; before != 0 && i < static_cast<unsigned char>(bytes[BoltWriter::at(id) + 10]); ++i)
      std::memcpy(bytes.data() + BoltWriter::at(id) + 16 + i * 16 + 8, &before, sizeof before);
    before = id;
  }
  const auto bolt = opened(sandbox, bytes);
  REQUIRE(bolt);
  CHECK_FALSE(bolt->pairs({}));
  CHECK(bolt->value({}, "k0"));
}

TEST_CASE("bbolt: others' files, links and FIFOs are not opened, a missing one is none") {
  const test::Sandbox sandbox;
  const auto path = sandbox.path() / "meta.db";
  REQUIRE(Bolt::open(path));
  CHECK_FALSE(Bolt::open(path)->has_value());
  sandbox.write("meta.db", BoltWriter().file(sample()));
  ::chmod(path.c_str(), 0666);
  CHECK_FALSE(Bolt::open(path));
  std::filesystem::rename(path, sandbox.path() / "other");
  ::chmod((sandbox.path() / "other").c_str(), 0600);
  std::filesystem::create_symlink("other", path);
  CHECK_FALSE(Bolt::open(path));
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_FALSE(Bolt::open(path));
}

TEST_CASE("bbolt: what changes while it is read is read again and never a mixture") {
  const test::Sandbox sandbox;
  const auto path = sandbox.path() / "meta.db";
  constexpr std::size_t kSet = 12;  // pages; each transaction writes over what the one before the last had
  const auto version = [](std::uint64_t n) {
    BoltBucket root;
    for (const char* key : {"1st", "2nd", "3rd", "4th"}) root.in("b").values[key] = std::to_string(n);
    std::string bytes = BoltWriter(1, true, n % 2 == 0 ? 3 : 3 + kSet).file(root, n);
    bytes.resize((3 + 2 * kSet) * BoltWriter::kPage);
    return bytes;
  };
  sandbox.write("meta.db", version(10));
  const auto bolt = Bolt::open(path);
  REQUIRE(bolt);
  REQUIRE(*bolt);
  std::atomic<bool> over = false;
  std::atomic<bool> begun = false;
  std::thread writer([&] {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    for (std::uint64_t n = 11; !over; ++n) {
      const std::string bytes = version(n);
      const auto write = [&](std::size_t first, std::size_t count) {
        return ::pwrite(file.get(), bytes.data() + BoltWriter::at(first), count * BoltWriter::kPage,
                        static_cast<off_t>(BoltWriter::at(first)));
      };
      for (std::size_t page = 0; page < kSet; ++page) (void)write((n % 2 == 0 ? 3 : 3 + kSet) + page, 1);
      (void)write(n % 2, 1);
      begun = begun || n > 20;
    }
  });
  while (!begun) std::this_thread::yield();
  const std::array<std::string_view, 1> bucket{"b"};
  int good = 0;
  int mixed = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto pairs = (*bolt)->pairs(bucket);
    if (!pairs) continue;  // it says that it could not
    ++good;
    if (pairs->size() != 4 || pairs->begin()->second != pairs->rbegin()->second) ++mixed;
  }
  over = true;
  writer.join();
  CHECK(mixed == 0);
  CHECK(good > 0);
}
