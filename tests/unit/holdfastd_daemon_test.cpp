// SPDX-License-Identifier: Apache-2.0
// The controller as a whole, on a host without the module: with the thread sanitizer, all of its threads at work.
#include <sched.h>
#include <spdlog/sinks/null_sink.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <string_view>
#include <thread>

#include "base/fd.hpp"
#include "base_test_support.hpp"
#include "control/client.hpp"
#include "holdfastd/daemon.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// Its files, and it in a thread.
class Running {
 public:
  Running() {
    scratch.write("rules.d/web.yaml", rule("first"));
    scratch.write("vendor/none.yaml", "version: 1\nrules: []\n");
    options_.config = scratch.write("holdfast.yaml", "version: 1\n");
    options_.rules_dir = scratch / "rules.d";
    options_.vendor_dir = scratch / "vendor";
    options_.state_dir = scratch.write("state/none", "").parent_path();
    options_.socket = scratch / "socket";
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    signals_ = UniqueFd(ends[0]);
    sender_ = UniqueFd(ends[1]);
    thread_ = std::thread([this] {
      // In another network namespace no module can be reached, should this host have it loaded.
      (void)::unshare(CLONE_NEWNET);
      holdfastd::Daemon daemon(
          options_, std::make_shared<holdfastd::LimitedSink>(std::make_shared<spdlog::sinks::null_sink_mt>()));
      ended_well = daemon.run(signals_.get()).has_value();
    });
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { end(); }

  static std::string rule(const std::string& name) {
    return "version: 1\nrules:\n  - { name: " + name + ", type: non-image-program, action: alert }\n";
  }
  /// As if it came by the signalfd.
  void signal(int number) {
    signalfd_siginfo info{};
    info.ssi_signo = static_cast<std::uint32_t>(number);
    REQUIRE(::write(sender_.get(), &info, sizeof info) == sizeof info);
  }
  void end() {
    if (!thread_.joinable()) return;
    signal(SIGTERM);
    thread_.join();
  }
  [[nodiscard]] Result<nlohmann::json> ask(const std::string& what) const {
    return control::call(options_.socket, {what, nlohmann::json::object()}, 20s);
  }
  /// Until it says so.
  [[nodiscard]] bool becomes(const std::function<bool(const nlohmann::json&)>& condition) const {
    for (const auto until = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < until;) {
      if (const auto status = ask("status"); status && condition(*status)) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

  const test::ScratchDirectory scratch;
  std::atomic<bool> ended_well{false};

 private:
  holdfastd::Options options_;
  UniqueFd signals_;
  UniqueFd sender_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("without the module the controller says so, whoever asks, while rules change, and it ends in order") {
  Running running;
  REQUIRE(running.becomes([&](const auto& status) {
    return status["interceptable"] != "Normal" && running.ask("alerts.list").has_value();
  }));
  std::atomic<bool> enough{false};
  std::atomic<int> bad{0};
  std::vector<std::thread> people;
  for (const char* what :
       {"status", "metrics", "alerts.list", "alerts.stats", "containers.list", "rules.list", "reload"})
    people.emplace_back([&, what] {
      for (int i = 0; i < 5 || !enough; ++i) {
        if (!running.ask(what) && what != std::string_view("reload")) ++bad;  // which rules with a mistake refuse
      }
    });
  for (int i = 0; i < 5; ++i) {
    running.scratch.write("rules.d/web.yaml", Running::rule("rule-" + std::to_string(i)));
    running.signal(SIGHUP);
    std::this_thread::sleep_for(50ms);
  }
  // a mistake, which is also an alert, and what mends it
  running.scratch.write("rules.d/web.yaml", "version: 7\n");
  const auto mistaken = [](const auto& status) {
    return status["controller"]["rule_set"]["errors"].dump().find("version must be 1") != std::string::npos;
  };
  CHECK(running.becomes(mistaken));
  CHECK(running.becomes([](const auto& status) { return status["store"]["notices"] >= 1; }));
  running.scratch.write("rules.d/web.yaml", Running::rule("last"));
  CHECK(running.becomes([&](const auto& status) { return !mistaken(status); }));
  enough = true;
  for (auto& one : people) one.join();
  CHECK(bad == 0);
  running.end();
  CHECK(running.ended_well);
  CHECK_FALSE(running.ask("status").has_value());
}
