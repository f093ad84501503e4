// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "base/bounded_queue.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

TEST_CASE("a full queue refuses, counts and leaves the value with the giver") {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  auto value = std::make_unique<int>(2);
  CHECK(queue.push(std::make_unique<int>(1)));
  CHECK_FALSE(queue.push(std::move(value)));
  CHECK(value != nullptr);
  CHECK(queue.refused() == 1);
  CHECK(**queue.pop(0ms) == 1);
  CHECK_FALSE(queue.pop(0ms));
}

TEST_CASE("a closed queue gives out what it has, takes nothing and wakes who waits") {
  BoundedQueue<int> queue(4);
  CHECK(queue.push(1));
  queue.close();
  CHECK_FALSE(queue.push(2));
  CHECK(queue.refused() == 0);
  CHECK(queue.pop(1h) == 1);
  CHECK_FALSE(queue.pop(1h));

  BoundedQueue<int> empty(1);
  std::thread waiting([&] { CHECK_FALSE(empty.pop(1h)); });
  empty.close();
  waiting.join();
}

TEST_CASE("of many givers and takers every value arrives once or is counted") {
  constexpr std::uint64_t kEach = 5000;
  BoundedQueue<int> queue(16);
  std::atomic<std::uint64_t> taken = 0;
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!queue.closed() || queue.size() > 0) {
        if (queue.pop(1ms)) ++taken;
      }
    });
  }
  std::vector<std::thread> givers;
  givers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    givers.emplace_back([&] {
      for (std::uint64_t n = 0; n < kEach; ++n) std::ignore = queue.push(1);
    });
  }
  for (auto& giver : givers) giver.join();
  queue.close();
  for (auto& thread : threads) thread.join();
  CHECK(taken + queue.refused() == 3 * kEach);
}
