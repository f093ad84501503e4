// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "holdfastd/clock_watch.hpp"

using holdfast::holdfastd::ClockWatch;

TEST_CASE("a step of the clock is told of once, a drift is not") {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  ClockWatch watch;
  std::uint64_t real = 1'700'000'000 * kSecond;
  std::uint64_t boot = 100 * kSecond;
  CHECK_FALSE(watch.look(real, boot));
  CHECK_FALSE(watch.look(real += kSecond, boot += kSecond));
  CHECK_FALSE(watch.look(real += kSecond + kSecond / 2, boot += kSecond));  // slewed
  // Suspended or busy for an hour.
  CHECK_FALSE(watch.look(real += 3600 * kSecond, boot += 3600 * kSecond));
  const auto back = watch.look(real -= 7200 * kSecond, boot += kSecond);
  REQUIRE(back);
  CHECK(back->find("set back by 7201.0 s") != std::string::npos);
  CHECK_FALSE(watch.look(real += kSecond, boot += kSecond));
  const auto forth = watch.look(real += 86400 * kSecond, boot += kSecond);
  REQUIRE(forth);
  CHECK(forth->find("set forth by 86399.0 s") != std::string::npos);
}
