// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/json.hpp"
#include "base/nlohmann.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

using namespace holdfast;

namespace {

// NOLINTNEXTLINE(misc-misleading-bidirectional): a right-to-left override, as a hostile name has it
const char* const kTurned = "txt.\xe2\x80\xaegnp";

}  // namespace

TEST_CASE("printable text stays as it is") {
  for (const std::string text : {"", "/usr/bin/web", "容器 ünïcode 🚀", "a\\x41 \"b\""}) {
    CHECK(safeUtf8(text) == text);
    CHECK(isUtf8(text));
  }
}

TEST_CASE("what a terminal or JSON would stumble over becomes text") {
  CHECK(safeUtf8("a\x1b[2J\n\t\x7f") == "a\\x1b[2J\\x0a\\x09\\x7f");
  CHECK(safeUtf8(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(safeUtf8("\xff\xfe") == "\\xff\\xfe");
  CHECK(safeUtf8("caf\xe9") == "caf\\xe9");
  CHECK(safeUtf8("\xc0\xaf") == "\\xc0\\xaf");                    // overlong
  CHECK(safeUtf8("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
  CHECK(safeUtf8("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  CHECK(safeUtf8("x\xe2\x82") == "x\\xe2\\x82");                  // cut off
  CHECK(safeUtf8("\xc2\x9b") == "\\xc2\\x9b");                    // C1 control
  CHECK(safeUtf8(kTurned) == "txt.\\xe2\\x80\\xaegnp");           // right-to-left override
  CHECK_FALSE(isUtf8("\xc0\xaf"));
  CHECK(isUtf8(kTurned));
}

TEST_CASE("any bytes are safe after one time, and the same after two") {
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes += static_cast<char>((i * 7919 >> 3) & 0xff);
  const std::string safe = safeUtf8(bytes);
  CHECK(isUtf8(safe));
  CHECK(safeUtf8(safe) == safe);
  CHECK_NOTHROW(nlohmann::json(safe).dump());
}

TEST_CASE("times are RFC 3339 in UTC") {
  CHECK(utcText(0) == "1970-01-01T00:00:00.000Z");
  CHECK(utcText(1'709'251'199'999'999'999) == "2024-02-29T23:59:59.999Z");
  CHECK(utcText(~std::uint64_t{0}) == "2554-07-21T23:34:33.709Z");
  const auto before = bootTimeNs();
  CHECK(bootTimeNs() >= before);
  CHECK(realTimeNs() > 1'700'000'000'000'000'000);
}

TEST_CASE("an error shows of its place what is known") {
  CHECK(Error{"m"}.text() == "m");
  CHECK(Error{"m", "f"}.text() == "f: m");
  CHECK(Error{"m", "f", 3}.text() == "f:3: m");
  CHECK(Error{"m", "f", 3, 5}.text() == "f:3:5: m");
}
