// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "holdfastd/clock_watch.hpp"

using namespace holdfast::holdfastd;
using namespace std::chrono_literals;

namespace {

struct Host {
  std::optional<std::int64_t> offset = 1'700'000'000'000'000'000;
  ClockWatch::Clock::time_point now = ClockWatch::Clock::now();
  ClockWatch watch{[this] { return offset; }};

  std::string step(std::chrono::nanoseconds by, std::chrono::seconds after = 1s) {
    *offset += by.count();
    now += after;
    return watch.look(now).value_or("");
  }
};

}  // namespace

TEST_CASE("clock: a step is told, with direction and by how much") {
  Host host;
  CHECK(host.step(0s).empty());
  CHECK(host.step(-2h) == "the real-time clock was set back by 7200.0 s");
  CHECK(host.watch.facts().steps == 1);
  CHECK(host.watch.facts().last_ms == -7'200'000);
  CHECK(host.step(1500ms, 61s) == "the real-time clock was set forward by 1.5 s");
}

TEST_CASE("clock: who sets it again and again is told of once a minute, and nothing is left out") {
  Host host;
  CHECK_FALSE(host.step(10s).empty());
  for (int i = 0; i < 50; ++i) CHECK(host.step(i % 2 == 0 ? -600s : 590s).empty());
  CHECK(host.watch.facts().steps == 51);
  CHECK(host.step(0s, 60s) == "the real-time clock was set 50 times, altogether back by 250.0 s");
  CHECK(host.step(0s, 120s).empty());
}

TEST_CASE("clock: what NTP does little by little is no step, and no busy machine makes one") {
  Host host;
  for (int i = 0; i < 1000; ++i) CHECK(host.step(400ms).empty());
  CHECK(host.watch.facts().steps == 0);
  // The clocks could not be read close enough to each other: nothing is said, and nothing is missed.
  const auto before = host.offset;
  host.offset.reset();
  CHECK_FALSE(host.watch.look(host.now));
  host.offset = *before - 1'000'000'000;
  CHECK(host.watch.look(host.now) == "the real-time clock was set back by 1.0 s");
}

TEST_CASE("clock: the host's own clocks can be compared, and nobody set them") {
  ClockWatch watch;
  CHECK(watch.fd() >= 0);
  CHECK_FALSE(watch.look(ClockWatch::Clock::now()));
  CHECK(ClockWatch::offsetNow());
}
