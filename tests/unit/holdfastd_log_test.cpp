// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <sstream>

#include "base/fd.hpp"
#include "holdfastd/log.hpp"

using namespace holdfast::holdfastd;
using namespace std::chrono_literals;

namespace {

struct Log {
  std::ostringstream out;
  LimitedSink::Clock::time_point now = LimitedSink::Clock::now();
  std::shared_ptr<LimitedSink> sink =
      std::make_shared<LimitedSink>(std::make_shared<spdlog::sinks::ostream_sink_mt>(out), 3, [this] { return now; });
  spdlog::logger logger{"test", sink};

  Log() {
    logger.set_pattern("%l: %v");
    logger.set_level(spdlog::level::trace);
  }
  std::string said() {
    auto text = out.str();
    out.str("");
    return text;
  }
};

}  // namespace

TEST_CASE("a flood in the log is counted, and the count is said") {
  Log log;
  for (int i = 0; i < 1000; ++i) log.logger.warn("flood {}", i);
  CHECK(log.said() == "warning: flood 0\nwarning: flood 1\nwarning: flood 2\n");
  CHECK(log.sink->heldBack(spdlog::level::warn) == 997);
  log.now += 1s;
  log.logger.warn("after");
  CHECK(log.said() == "warning: 997 messages of this level were held back\nwarning: after\n");
  log.now += 1s;
  log.logger.warn("once is enough");
  CHECK(log.said() == "warning: once is enough\n");
  CHECK(log.sink->heldBack(spdlog::level::warn) == 997);
}

TEST_CASE("a flood of one level hides nothing of another") {
  Log log;
  for (int i = 0; i < 1000; ++i) log.logger.info("noise");
  log.logger.error("what matters");
  CHECK(log.said() == "info: noise\ninfo: noise\ninfo: noise\nerror: what matters\n");
  CHECK(log.sink->heldBack(spdlog::level::err) == 0);
}

TEST_CASE("what was held back is said also if nothing follows, and less than the limit is never held back") {
  Log log;
  for (int i = 0; i < 5; ++i) log.logger.info("x");
  (void)log.said();
  log.logger.flush();
  CHECK(log.said().empty());  // the second is not over
  log.now += 1s;
  log.logger.flush();
  CHECK(log.said() == "info: 2 messages of this level were held back\n");
  for (int i = 0; i < 10; ++i) {
    log.now += 1s;
    for (int j = 0; j < 3; ++j) log.logger.info("y");
  }
  CHECK(log.sink->heldBack(spdlog::level::info) == 2);
}

TEST_CASE("a journal that does not read holds nobody up, and is told what it has missed") {
  std::array<int, 2> pair{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) == 0);
  const holdfast::UniqueFd reader(pair[0]);
  // the one that a supervisor gives is not
  const holdfast::UniqueFd writer(pair[1]);
  REQUIRE(::fcntl(writer.get(), F_SETFL, 0) == 0);
  spdlog::logger logger("test", std::make_shared<DescriptorSink>(writer.get()));
  logger.set_pattern("%v");
  constexpr int kLines = 10'000;
  for (int i = 0; i < kLines; ++i) logger.info("line {}", i);
  std::string text;
  const auto read = [&] {
    std::array<char, 65536> part{};
    for (ssize_t got = 0; (got = ::read(reader.get(), part.data(), part.size())) > 0;)
      text.append(part.data(), static_cast<std::size_t>(got));
  };
  read();
  const auto there = std::ranges::count(text, '\n');
  CHECK(there > 100);
  CHECK(there < kLines);
  CHECK(text.ends_with("line " + std::to_string(there - 1) + "\n"));
  text.clear();
  logger.info("after");
  read();
  CHECK(text == std::to_string(kLines - there) + " messages were lost, as nobody took them\nafter\n");
}

TEST_CASE("the log is written to a file as well") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const holdfast::UniqueFd reader(ends[0]);
  const holdfast::UniqueFd writer(ends[1]);
  spdlog::logger logger("test", std::make_shared<DescriptorSink>(writer.get()));
  logger.set_pattern("%l: %v");
  logger.warn("one");
  std::array<char, 100> text{};
  CHECK(std::string(text.data(), static_cast<std::size_t>(::read(reader.get(), text.data(), text.size()))) ==
        "warning: one\n");
}

TEST_CASE("the log's level is changed while it is used") {
  const auto before = spdlog::get_level();
  setLogLevel("debug");
  CHECK(spdlog::get_level() == spdlog::level::debug);
  setLogLevel("error");
  CHECK(spdlog::get_level() == spdlog::level::err);
  setLogLevel("warning");
  CHECK(spdlog::get_level() == spdlog::level::warn);
  spdlog::set_level(before);
}
