// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "holdfastd/posture_watch.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;
using namespace std::chrono_literals;
using test::eventually;

namespace {

constexpr const char* kInside =
    "  - {name: inside, type: container-escape, action: alert, allow_list: {images: [exempt]}}\n";

struct Bench {
  container::Table table;
  std::mutex mutex;
  std::shared_ptr<const InForce> in_force;
  std::vector<std::string> told;
  std::atomic<int> reads{0};
  std::atomic<int> failures{0};

  void put(std::uint64_t cgroup, const std::string& id, const std::string& image, std::uint32_t pid = 10) {
    auto container = container::containerOf(id, cgroup, "/" + id);
    container.init_pid = pid;
    if (!image.empty()) container.image.reference = image;
    REQUIRE(table.put(cgroup, std::make_shared<const container::Container>(std::move(container))));
  }
  void setRules(const std::string& text) {
    auto next = std::make_shared<InForce>();
    next->rules = test::rules(text);
    REQUIRE(next->rules);
    const std::scoped_lock lock(mutex);
    in_force = next;
  }
  std::vector<std::string> all() {
    const std::scoped_lock lock(mutex);
    return told;
  }
  PostureWatch::Parts parts() {
    return {.table = table,
            .in_force =
                [this] {
                  const std::scoped_lock lock(mutex);
                  return in_force;
                },
            .read =
                [this](const container::Container& one) {
                  ++reads;
                  if (one.id.starts_with("plain")) return container::Posture{"", {{container::Risk::HostUts, {}, 0}}};
                  return container::Posture{"", {{container::Risk::HostPid, {}, 0}, {container::Risk::HostUts, {}, 0}}};
                },
            .alert =
                [this](const container::Container& one, const container::Posture& posture) {
                  if (failures-- > 0) return false;
                  const std::scoped_lock lock(mutex);
                  told.push_back(one.id + " " + textOf(posture));
                  return true;
                },
            .interval = 5ms,
            .image_patience = 200ms};
  }
};

}  // namespace

TEST_CASE("posture: one alert for each risky start, none for an ordinary one, however often it is looked") {
  Bench bench;
  bench.setRules(kInside);
  bench.failures = 3;  // the store's queue is full
  bench.put(1, "web", "registry.example/web:1");
  bench.put(2, "plain", "registry.example/web:1");
  PostureWatch watch(bench.parts());
  REQUIRE(eventually([&] { return bench.all().size() == 1 && watch.all().size() == 2; }));
  CHECK(bench.all()[0] == "web started with host-pid");
  CHECK(watch.all().at(1)->findings.size() == 2);
  bench.put(1, "web", "registry.example/web:1", 11);  // started again in the same cgroup
  watch.nudge();
  REQUIRE(eventually([&] { return bench.all().size() == 2; }));
  std::this_thread::sleep_for(50ms);
  CHECK(bench.all().size() == 2);
  CHECK(bench.reads == 3);
  bench.table.erase(1);
  CHECK(eventually([&] { return watch.all().size() == 1; }));
}

TEST_CASE("posture: an alert comes if a rule applies, exempt images have none, a change of rules counts") {
  Bench bench;
  bench.setRules(test::kBlockAll);
  bench.put(1, "web", "registry.example/web:1");
  bench.put(2, "free", "registry.example/exempt:1");
  PostureWatch watch(bench.parts());
  REQUIRE(eventually([&] { return watch.all().size() == 2; }));
  std::this_thread::sleep_for(50ms);
  CHECK(bench.all().empty());
  bench.setRules(kInside);
  REQUIRE(eventually([&] { return bench.all().size() == 1; }));
  std::this_thread::sleep_for(50ms);
  CHECK(bench.all() == std::vector<std::string>{"web started with host-pid"});
}

TEST_CASE("posture: which image it is may be known late, and a container may be gone by then") {
  Bench bench;
  bench.setRules(kInside);
  bench.put(1, "free", "");
  bench.put(2, "brief", "");
  PostureWatch watch(bench.parts());
  REQUIRE(eventually([&] { return watch.all().size() == 2; }));
  bench.put(1, "free", "registry.example/exempt:1");
  bench.table.erase(2);
  REQUIRE(eventually([&] { return bench.all().size() == 1; }));
  CHECK(bench.all()[0] == "brief started with host-pid");
  std::this_thread::sleep_for(250ms);
  CHECK(bench.all().size() == 1);
}

TEST_CASE("posture: who asks does not wait for a look that takes long") {
  Bench bench;
  bench.put(1, "web", "");
  std::promise<void> go;
  auto parts = bench.parts();
  std::promise<void> begun;
  parts.read = [&](const container::Container&) {
    begun.set_value();
    go.get_future().wait();
    return container::Posture{};
  };
  PostureWatch watch(std::move(parts));
  begun.get_future().wait();
  watch.nudge();
  CHECK(watch.all().empty());
  go.set_value();
  CHECK(eventually([&] { return watch.all().size() == 1; }));
}

TEST_CASE("posture: the text of an alert has what is more than a note, with details") {
  const container::Posture posture{"",
                                   {{container::Risk::Privileged, {}, 0},
                                    {container::Risk::RawDevice, {"/dev/sda", "/dev/sdb"}, 7},
                                    {container::Risk::HostUts, {}, 0}}};
  CHECK(textOf(posture) == "started with privileged; raw-device (/dev/sda, /dev/sdb, and 7 more)");
}
