// SPDX-License-Identifier: Apache-2.0
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>
#include <sstream>

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
