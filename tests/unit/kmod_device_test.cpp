// SPDX-License-Identifier: Apache-2.0
// Which character devices command the machine, by their numbers.
#include <catch2/catch.hpp>
#include <utility>

extern "C" {
#include <uapi/linux/holdfast_checks.h>

#include "core/device.h"
}

TEST_CASE("devices by which memory, ports and disks are reached are known") {
  CHECK(holdfast_character_device_check(1, 1) == HOLDFAST_CHECK_RD3);
  CHECK(holdfast_character_device_check(1, 4) == HOLDFAST_CHECK_RD3);
  CHECK(holdfast_character_device_check(10, 236) == HOLDFAST_CHECK_RD4);
  CHECK(holdfast_character_device_check(10, 237) == HOLDFAST_CHECK_RD4);
  CHECK(holdfast_character_device_check(21, 0) == HOLDFAST_CHECK_RD4);
  CHECK(holdfast_character_device_check(21, 0xfffff) == HOLDFAST_CHECK_RD4);
  CHECK(holdfast_character_device_check(202, 7) == HOLDFAST_CHECK_RD5);
}

TEST_CASE("what each container has is harmless, others are neither known nor harmless") {
  constexpr std::pair<unsigned, unsigned> kUsual[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}, {5, 2}};
  for (const auto& [major, minor] : kUsual) {
    CHECK(holdfast_character_device_check(major, minor) == -1);
    CHECK(holdfast_character_device_harmless(major, minor));
  }
  constexpr std::pair<unsigned, unsigned> kOthers[] = {{0, 0}, {1, 6}, {1, 11}, {10, 200}, {10, 235}, {136, 0}, {4, 0}};
  for (const auto& [major, minor] : kOthers) {
    CHECK(holdfast_character_device_check(major, minor) == -1);
    CHECK_FALSE(holdfast_character_device_harmless(major, minor));
  }
  CHECK_FALSE(holdfast_character_device_harmless(1, 1));
}
