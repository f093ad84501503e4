// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <sstream>

#include "holdfastctl/since.hpp"
#include "holdfastctl/table.hpp"

using namespace holdfast::holdfastctl;

namespace {

std::string printed(const Table& table, std::size_t width) {
  std::ostringstream out;
  table.print(out, width);
  return out.str();
}

}  // namespace

TEST_CASE("columns are aligned by characters, without blanks at the end") {
  Table table({{"A"}, {"B"}, {"C"}});
  table.add({"\xc3\xa4\xc3\xa4\xc3\xa4", "x", ""});
  table.add({"a", "yy"});
  CHECK(printed(table, 100) == "A    B   C\n\xc3\xa4\xc3\xa4\xc3\xa4  x\na    yy\n");
}

TEST_CASE("the widest column that may be cut gives way") {
  Table table({{"ID"}, {"NAME", Fit::Cut}, {"WHAT", Fit::Cut}});
  table.add({"1", std::string(20, 'n'), std::string(60, 'w')});
  const std::string text = printed(table, 50);
  CHECK(text.find(std::string(20, 'n')) != std::string::npos);
  CHECK(text.find("...") != std::string::npos);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 50);
  CHECK(printed(table, 5).find("nnnnn...") != std::string::npos);
}

TEST_CASE("text is cut and wrapped between characters") {
  CHECK(cut("abcdef", 6) == "abcdef");
  CHECK(cut("abcdef", 5) == "ab...");
  CHECK(cut("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 4) == "\xc3\xa4...");
  CHECK(cut("abcdef", 2) == "..");
  CHECK(wrapped("one two three", 2, 9) == "  one two\n  three\n");
  CHECK(wrapped("longerthanthat", 2, 5) == "  longerthanthat\n");
  CHECK(wrapped("", 2, 5).empty());
}

TEST_CASE("times are understood, or refused") {
  constexpr std::uint64_t kNow = 1'717'156'800'000'000'000;  // 2024-05-31T12:00:00Z
  constexpr std::uint64_t kHour = 3'600'000'000'000;
  CHECK(parseSince("1h", kNow) == kNow - kHour);
  CHECK(parseSince("60m", kNow) == kNow - kHour);
  CHECK(parseSince("2d", kNow) == kNow - 48 * kHour);
  CHECK(parseSince("2024-05-31T12:00:00Z", 0) == kNow);
  CHECK(parseSince("2024-05-31T14:00:00+02:00", 0) == kNow);
  CHECK(parseSince("2024-05-31", 0) == kNow - 12 * kHour);
  CHECK(parseSince("99999999999d", kNow) == 1U);
  for (const char* text : {"", "h", "1", "-1h", "1w", "1h30m", "2024-13-01", "2024-05-31T12:00:00Zx", "1960-01-01",
                           "99999999999999999999s", "tomorrow"})
    CHECK_FALSE(parseSince(text, kNow));
}
