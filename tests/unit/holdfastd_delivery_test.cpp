// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>

#include "alert_sample.hpp"
#include "holdfastd/delivery_thread.hpp"
#include "holdfastd/store_thread.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;
using namespace std::chrono_literals;

namespace {

/// What a receiver does and got; outlives the sinks that stand for it.
struct Receiver {
  std::atomic<bool> away{false};  // ready() says so
  std::atomic<bool> refuses{false};
  std::atomic<bool> stuck{false};
  std::mutex mutex;
  std::vector<alert::Alert> got;
  std::vector<std::uint64_t> held_back;

  std::vector<std::int64_t> ids() {
    const std::scoped_lock lock(mutex);
    std::vector<std::int64_t> ids;
    for (const auto& alert : got) ids.push_back(alert.id);
    return ids;
  }
  std::size_t count() {
    const std::scoped_lock lock(mutex);
    return got.size();
  }
};

class FakeSink final : public alert::Sink {
 public:
  explicit FakeSink(Receiver& receiver) : receiver_(receiver) {}
  [[nodiscard]] const char* name() const override { return "fake"; }
  [[nodiscard]] Result<void> ready() override {
    if (receiver_.away) return fail("nobody is there");
    return {};
  }
  [[nodiscard]] Result<void> deliver(const alert::Alert& alert, std::uint64_t held_back) override {
    while (receiver_.stuck) std::this_thread::sleep_for(5ms);
    if (receiver_.refuses) return fail("refused");
    const std::scoped_lock lock(receiver_.mutex);
    receiver_.got.push_back(alert);
    receiver_.held_back.push_back(held_back);
    return {};
  }

 private:
  Receiver& receiver_;
};

struct Fixture {
  test::ScratchDirectory directory;
  test::FakePort port;
  Receiver receiver;
  std::unique_ptr<StoreThread> store;
  std::unique_ptr<DeliveryThread> delivery;
  std::mutex listening;
  DeliveryThread* listener = nullptr;
  std::uint64_t number = 0;

  ~Fixture() { stop(); }
  void start(unsigned per_second = 1000, bool on = true) {
    store = std::make_unique<StoreThread>(
        StoreThread::Parts{.file = file(), .port = port, .to_alert = {}, .on_change = [this] {
                             const std::scoped_lock lock(listening);
                             if (listener != nullptr) listener->notify();
                           }});
    delivery = std::make_unique<DeliveryThread>(
        DeliveryThread::Parts{.file = file(),
                              .sink = std::make_unique<FakeSink>(receiver),
                              .writer = [this](auto work) { return store->ask(std::move(work)); },
                              .per_second = per_second,
                              .retry = 20ms});
    listen(delivery.get());
    use(on);
  }
  void listen(DeliveryThread* one) {
    const std::scoped_lock lock(listening);
    listener = one;
  }
  void use(bool on) {
    StoreThread::Settings settings;
    if (on) settings.outputs = {"fake"};
    delivery->enable(on);
    store->set(settings);
  }
  void stop() {
    listen(nullptr);
    delivery.reset();
    store.reset();
  }
  [[nodiscard]] std::filesystem::path file() const { return directory / "alerts.db"; }
  void add(int count) {
    for (int i = 0; i < count; ++i) {
      auto alert = test::sampleAlert(++number);
      alert.ino = 1000 + number;
      REQUIRE(store->push(std::move(alert)));
    }
  }
  [[nodiscard]] std::uint64_t stored() const {
    const auto reader = alert::Store::open(file(), {.read_only = true});
    return reader ? reader->totals()->alerts : 0;
  }
  bool delivered(std::size_t count) {
    return test::eventually([&] { return receiver.count() == count && delivery->report().waiting == 0; });
  }
};

}  // namespace

TEST_CASE("an outage of a receiver loses nothing and repeats nothing, nor does a new start in it") {
  Fixture f;
  f.start();
  f.add(3);
  REQUIRE(f.delivered(3));
  f.receiver.away = true;
  f.add(4);
  REQUIRE(test::eventually([&] { return f.delivery->report().waiting == 4; }));
  CHECK(f.delivery->report().problem == "nobody is there");
  f.stop();
  f.start();
  f.add(1);
  REQUIRE(test::eventually([&] { return f.delivery->report().waiting == 5; }));
  f.receiver.away = false;
  f.receiver.refuses = true;
  REQUIRE(test::eventually([&] { return f.delivery->report().problem == "refused"; }));
  f.receiver.refuses = false;
  REQUIRE(f.delivered(8));
  CHECK(f.receiver.ids() == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(f.delivery->report().problem.empty());
  CHECK(f.delivery->report().delivered == 8);
}

TEST_CASE("what was stored and not delivered when the controller died is delivered by the next") {
  Fixture f;
  f.receiver.stuck = false;
  f.start();
  f.add(1);
  REQUIRE(f.delivered(1));
  f.receiver.refuses = true;
  f.add(1);
  REQUIRE(test::eventually([&] { return f.stored() == 2; }));
  f.stop();
  f.receiver.refuses = false;
  f.start();
  REQUIRE(f.delivered(2));
}

TEST_CASE("a receiver that was never there gets what is new when it comes") {
  Fixture f;
  f.receiver.away = true;
  f.start();
  f.add(5);
  REQUIRE(test::eventually([&] {
    const auto reader = alert::Store::open(f.file(), {.read_only = true});
    if (!reader) return false;
    const auto served = reader->served("fake");
    return served && *served && (*served)->revision == 5;
  }));
  f.receiver.away = false;
  f.add(2);
  REQUIRE(f.delivered(2));
  CHECK(f.receiver.ids() == std::vector<std::int64_t>{6, 7});
}

TEST_CASE("a stuck receiver does not hold up storing") {
  Fixture f;
  f.receiver.stuck = true;
  f.start();
  f.add(50);
  REQUIRE(test::eventually([&] { return f.stored() == 50; }));
  CHECK(f.receiver.count() == 0);
  f.receiver.stuck = false;
  REQUIRE(f.delivered(50));
}

TEST_CASE("a flood is delivered at the stated rate, all of it, and says how many waited") {
  Fixture f;
  f.start(10);
  const auto begun = std::chrono::steady_clock::now();
  f.add(25);
  REQUIRE(f.delivered(25));
  CHECK(std::chrono::steady_clock::now() - begun >= 1900ms);
  const std::scoped_lock lock(f.receiver.mutex);
  CHECK(std::count_if(f.receiver.held_back.begin(), f.receiver.held_back.end(), [](auto n) { return n > 0; }) >= 1);
}

TEST_CASE("an output that is off gets nothing, and later only what is new") {
  Fixture f;
  f.start(1000, false);
  f.add(3);
  REQUIRE(test::eventually([&] { return f.stored() == 3; }));
  CHECK_FALSE(f.delivery->report().on);
  f.use(true);
  REQUIRE(test::eventually([&] {
    const auto reader = alert::Store::open(f.file(), {.read_only = true});
    return reader->served("fake")->has_value();
  }));
  f.add(1);
  REQUIRE(f.delivered(1));
  CHECK(f.receiver.ids() == std::vector<std::int64_t>{4});
}

TEST_CASE("what is asked of the store is done on its thread and answered, also while nothing can be stored") {
  Fixture f;
  f.start();
  f.add(1);
  REQUIRE(f.delivered(1));
  const auto count = [](alert::Store& store) -> Result<nlohmann::json> { return store.totals()->alerts; };
  auto answer = f.store->ask(count);
  REQUIRE(answer.wait_for(5s) == std::future_status::ready);
  CHECK(answer.get() == nlohmann::json(1));
  auto thrown = f.store->ask([](alert::Store&) -> Result<nlohmann::json> { throw std::runtime_error("oops"); });
  REQUIRE(thrown.wait_for(5s) == std::future_status::ready);
  CHECK(thrown.get().error().message == "oops");
  f.stop();

  // A store that cannot be opened.
  std::filesystem::remove(f.file());
  std::filesystem::create_directory(f.file());
  f.start();
  auto refused = f.store->ask(count);
  REQUIRE(refused.wait_for(5s) == std::future_status::ready);
  CHECK(refused.get().error().message.find("alerts cannot be stored") == 0);
  f.add(1);  // which is tried again and again
  std::this_thread::sleep_for(50ms);
  auto meanwhile = f.store->ask(count);
  REQUIRE(meanwhile.wait_for(5s) == std::future_status::ready);
  CHECK_FALSE(meanwhile.get());
}

TEST_CASE("too much that is asked of a busy store is refused at once, and all is answered in the end") {
  Fixture f;
  f.start();
  std::atomic<bool> begun{false};
  std::atomic<bool> go{false};
  std::vector<alert::Answer> answers;
  answers.push_back(f.store->ask([&](alert::Store&) -> Result<nlohmann::json> {
    begun = true;
    while (!go) std::this_thread::sleep_for(1ms);
    return nlohmann::json(0);
  }));
  while (!begun) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 200; ++i)
    answers.push_back(f.store->ask([](alert::Store&) -> Result<nlohmann::json> { return nlohmann::json(1); }));
  CHECK(answers.back().wait_for(0s) == std::future_status::ready);
  go = true;
  f.stop();
  int done = 0;
  for (auto& answer : answers) {
    REQUIRE(answer.wait_for(0s) == std::future_status::ready);
    done += answer.get() ? 1 : 0;
  }
  CHECK(done >= 64);
  CHECK(done < 200);
}

TEST_CASE("retention is the store thread's work, by the settings") {
  Fixture f;
  f.start();
  f.add(10);
  REQUIRE(f.delivered(10));
  StoreThread::Settings settings;
  settings.outputs = {"fake"};
  settings.keep.count = 4;
  f.store->set(settings);
  CHECK(test::eventually([&] {
    const auto reader = alert::Store::open(f.file(), {.read_only = true});
    return reader->totals()->removed == 6;
  }));
}
