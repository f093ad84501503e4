// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/event_sequence.hpp"

namespace holdfast::holdfastd {

namespace {

// A gap that is there each time the kernel begins again will not close: it has acknowledged what we never saw.
constexpr int kSameGapMax = 3;

}  // namespace

void EventSequence::hello(std::uint64_t load_id) {
  again_ = false;
  if (load_id_ == load_id) return;
  load_id_ = load_id;
  next_.reset();
  gap_at_ = 0;
  gap_seen_ = 0;
}

EventSequence::Take EventSequence::take(std::uint64_t number) {
  if (again_) return Take::No;
  if (next_ && number < *next_) return Take::Again;
  if (next_ && number > *next_) {
    gap_seen_ = gap_at_ == number ? gap_seen_ + 1 : 1;
    gap_at_ = number;
    if (gap_seen_ < kSameGapMax) {
      again_ = true;
      return Take::No;
    }
    missing_ += number - *next_;
  }
  gap_seen_ = 0;
  next_ = number + 1;
  return Take::Yes;
}

void EventSequence::putBack(std::uint64_t number) {
  next_ = number;
  again_ = true;
}

}  // namespace holdfast::holdfastd
