// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <variant>

#include "holdfastd/stream_thread.hpp"

namespace holdfast::holdfastd {

Intake::Intake(QueryAnswerer& answerer, QueryPool& pool, StoreThread& store, SelfTests& self_tests, bool answer_now)
    : answerer_(answerer), pool_(pool), store_(store), self_tests_(self_tests), answer_now_(answer_now) {}

std::optional<kernel::Hello> Intake::hello() const {
  const std::scoped_lock lock(mutex_);
  return hello_;
}

void Intake::disconnected() {
  sequence_.lost();
  const std::scoped_lock lock(mutex_);
  hello_.reset();
}

void Intake::receive(kernel::Batch batch, bool overrun) {
  for (const auto& damage : batch.damage) {
    if (++counters_.damaged <= 10) spdlog::error("event stream: {}", damage);
  }
  // Tasks wait for the answers to queries and for nothing else here.
  for (auto& message : batch.messages) {
    if (auto* query = std::get_if<kernel::Query>(&message)) take(std::move(*query));
  }
  for (auto& message : batch.messages) {
    if (auto* hello = std::get_if<kernel::Hello>(&message)) take(std::move(*hello));
    // On which side of this batch's messages a loss was is not known: then none of its events is taken.
    if (overrun) continue;
    if (auto* events = std::get_if<kernel::Events>(&message)) {
      for (auto& event : events->events) take(std::move(event));
    }
  }
  if (overrun) {
    // The socket's buffer was full, which is all that is known; the kernel sends again from the last that was stored.
    if (++counters_.overruns == 1) spdlog::warn("event stream: overrun, the kernel is asked to send again");
    sequence_.lost();
  }
}

void Intake::take(kernel::Hello hello) {
  if (hello.abi_version != kernel::kAbiVersion) {
    spdlog::error("the module speaks version {} of the interface, this controller {}: reload the module or reboot",
                  hello.abi_version, kernel::kAbiVersion);
  }
  boot_id_ = hello.boot_id;
  sequence_.hello(hello.load_id);
  store_.setLoad(hello.load_id);
  const std::scoped_lock lock(mutex_);
  hello_ = std::move(hello);
}

void Intake::take(kernel::Query query) {
  if (!answer_now_ || !answerer_.tryNow(query)) (void)pool_.push(std::move(query));  // a refusal is counted there
}

void Intake::take(kernel::Event event) {
  const auto number = event.number;
  switch (sequence_.take(number)) {
    case EventSequence::Take::No:
      return;
    case EventSequence::Take::Again:
      return store_.acknowledgeAgain();
    case EventSequence::Take::Yes:
      break;
  }
  counters_.missing = sequence_.missing();
  event.boot_id = boot_id_;
  const bool self_test = event.rule_tag == kSelfTestTag;
  if (!self_test) {
    if (!store_.push(std::move(event))) sequence_.putBack(number);
    return;
  }
  const auto copy = event;
  if (store_.push(std::move(event))) {
    self_tests_.count(copy);
  } else {
    sequence_.putBack(number);
  }
}

}  // namespace holdfast::holdfastd
