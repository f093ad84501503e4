// SPDX-License-Identifier: Apache-2.0
// The module's book-keeping of events, against a naive one.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <vector>

extern "C" {
#include "core/fold.h"
}

namespace {

constexpr u32 kSlots = 16;

class Book {
 public:
  Book() : slots_(kSlots), buckets_(kSlots) { holdfast_fold_init(&fold, slots_.data(), buckets_.data(), kSlots); }
  holdfast_fold fold = {};

 private:
  std::vector<holdfast_fold_slot> slots_;
  std::vector<u32> buckets_;
};

struct NaiveEvent {
  u64 object;
  u64 number;
  u64 count;
  bool was_sent;
};

void checkTotals(const holdfast_fold_totals& totals) {
  CHECK(totals.seen == totals.delivered + totals.folded + totals.queued + totals.overflow);
}

holdfast_fold_key keyOf(u64 object) { return {1, 2, object, 3}; }

}  // namespace

TEST_CASE("a repeat folds into an event that is queued, not into one that was sent") {
  Book book;
  const auto key = keyOf(1);
  bool fresh = false;
  const u32 first = holdfast_fold_add(&book.fold, &key, &fresh);
  REQUIRE(fresh);
  CHECK(holdfast_fold_add(&book.fold, &key, &fresh) == first);
  CHECK_FALSE(fresh);
  REQUIRE(holdfast_fold_send(&book.fold) == first);
  const u32 second = holdfast_fold_add(&book.fold, &key, &fresh);
  CHECK(fresh);
  CHECK(second != first);
  holdfast_fold_resend(&book.fold);
  CHECK(holdfast_fold_add(&book.fold, &key, &fresh) == second);
  CHECK(book.fold.slots[first].count == 2);
  checkTotals(book.fold.totals);
}

TEST_CASE("what does not fit is counted") {
  Book book;
  bool fresh = false;
  for (u64 object = 0; object < kSlots; ++object) {
    const auto key = keyOf(object);
    REQUIRE(holdfast_fold_add(&book.fold, &key, &fresh) != HOLDFAST_FOLD_NONE);
  }
  const auto key = keyOf(kSlots);
  CHECK(holdfast_fold_add(&book.fold, &key, &fresh) == HOLDFAST_FOLD_NONE);
  holdfast_fold_overflow(&book.fold);
  CHECK(book.fold.totals.overflow == 2);
  checkTotals(book.fold.totals);
}

TEST_CASE("a slot that could not be sent is the next to be sent") {
  Book book;
  bool fresh = false;
  const auto key = keyOf(1);
  const u32 slot = holdfast_fold_add(&book.fold, &key, &fresh);
  REQUIRE(holdfast_fold_send(&book.fold) == slot);
  holdfast_fold_unsend(&book.fold, slot);
  CHECK(holdfast_fold_ack(&book.fold, 1) == HOLDFAST_FOLD_NONE);
  CHECK(holdfast_fold_send(&book.fold) == slot);
  CHECK(holdfast_fold_ack(&book.fold, 1) == slot);
}

TEST_CASE("any sequence of calls counts as a naive book does") {
  std::mt19937_64 random(20);
  Book book;
  std::deque<NaiveEvent> queue;  // in order of number; the first `sent` of them are sent
  std::size_t sent = 0;
  u64 last = 0;
  holdfast_fold_totals naive = {};

  for (int step = 0; step < 200000; ++step) {
    const auto dice = random() % 100;
    if (dice < 60) {
      const auto key = keyOf(random() % 24);
      bool fresh = false;
      const u32 slot = holdfast_fold_add(&book.fold, &key, &fresh);
      ++naive.seen;
      const auto same = std::find_if(queue.begin(), queue.end(), [&](const NaiveEvent& event) {
        return event.object == key.ino && !event.was_sent;
      });
      if (same != queue.end()) {
        ++same->count;
        ++naive.folded;
        REQUIRE_FALSE(fresh);
        REQUIRE(book.fold.slots[slot].number == same->number);
      } else if (queue.size() == kSlots) {
        ++naive.overflow;
        REQUIRE(slot == HOLDFAST_FOLD_NONE);
      } else {
        queue.push_back({key.ino, ++last, 1, false});
        REQUIRE(fresh);
        REQUIRE(book.fold.slots[slot].number == last);
      }
    } else if (dice < 80) {
      const u32 slot = holdfast_fold_send(&book.fold);
      if (sent == queue.size()) {
        REQUIRE(slot == HOLDFAST_FOLD_NONE);
      } else {
        REQUIRE(book.fold.slots[slot].number == queue[sent].number);
        REQUIRE(book.fold.slots[slot].count == queue[sent].count);
        queue[sent++].was_sent = true;
      }
    } else if (dice < 98) {
      const u64 number = last - std::min<u64>(last, random() % 8);
      while (holdfast_fold_ack(&book.fold, number) != HOLDFAST_FOLD_NONE) {
        REQUIRE(sent > 0);
        REQUIRE(queue.front().number <= number);
        queue.pop_front();
        --sent;
        ++naive.delivered;
      }
      REQUIRE((sent == 0 || queue.front().number > number));
    } else {
      holdfast_fold_resend(&book.fold);
      sent = 0;
    }
    naive.queued = queue.size();
    const auto& totals = book.fold.totals;
    REQUIRE(totals.seen == naive.seen);
    REQUIRE(totals.delivered == naive.delivered);
    REQUIRE(totals.folded == naive.folded);
    REQUIRE(totals.queued == naive.queued);
    REQUIRE(totals.overflow == naive.overflow);
    REQUIRE(totals.seen == totals.delivered + totals.folded + totals.queued + totals.overflow);
  }
  CHECK(naive.overflow > 0);
  CHECK(naive.folded > 0);
}
