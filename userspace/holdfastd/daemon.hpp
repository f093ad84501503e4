// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "alert/store.hpp"
#include "container/runtimes.hpp"
#include "container/table.hpp"
#include "control/server.hpp"
#include "holdfastd/alert_context.hpp"
#include "holdfastd/clock_watch.hpp"
#include "holdfastd/delivery_thread.hpp"
#include "holdfastd/hook_canary.hpp"
#include "holdfastd/host_watch.hpp"
#include "holdfastd/log.hpp"
#include "holdfastd/metrics.hpp"
#include "holdfastd/metrics_file.hpp"
#include "holdfastd/options.hpp"
#include "holdfastd/posture_watch.hpp"
#include "holdfastd/query_answerer.hpp"
#include "holdfastd/query_pool.hpp"
#include "holdfastd/reconciler.hpp"
#include "holdfastd/rule_service.hpp"
#include "holdfastd/rule_watch.hpp"
#include "holdfastd/self_tests.hpp"
#include "holdfastd/status_report.hpp"
#include "holdfastd/store_thread.hpp"
#include "holdfastd/stream_thread.hpp"
#include "kernel/client.hpp"

namespace holdfast::holdfastd {

/// The parts of the controller and the main thread's loop. Made after signals are blocked, as it starts threads.
class Daemon {
 public:
  Daemon(const Options& options, std::shared_ptr<const LimitedSink> log);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Until a signal ends it; an error is a reason not to start. `signals` is a signalfd of SIGTERM, SIGINT and SIGHUP.
  [[nodiscard]] Result<void> run(int signals);

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr const char* kStoreFile = "alerts.db";
  static constexpr std::size_t kQueriesMax = 4096;
  static constexpr std::size_t kStoreQueueMax = 16384;

  [[nodiscard]] Result<void> listen();
  void tick();
  /// The module was met for the first time, or was loaded again.
  void meetModule(const kernel::Hello& hello);
  void reconcile();
  void watchCounters();
  void watchHooks();
  void watchModule(const kernel::Outcome<kernel::Status>& status);
  void calibrate();
  void openReader();
  tl::expected<control::ReloadReport, std::vector<Error>> reload();
  void putRulesInForce();
  void rulesInForce();
  [[nodiscard]] StatusInputs inputs();
  [[nodiscard]] MetricsInputs metricsInputs();
  void watchClock();
  /// What takes effect whatever becomes of the rules.
  void useSettings();
  void notice(alert::NoticeKind kind, const Error& error);
  void meetContainer(const container::Container& container);
  /// False if it is to be told again later.
  [[nodiscard]] bool riskyStart(const container::Container& container, const container::Posture& posture);
  void tellServiceManager();
  [[nodiscard]] int pollTime() const;
  [[nodiscard]] bool handleSignal(int signals);

  const Options options_;
  const std::shared_ptr<const LimitedSink> log_;
  const std::string boot_id_;
  const std::uint64_t since_ns_;
  const std::string since_;
  std::atomic<std::shared_ptr<const alert::HostFacts>> host_;

  // Each thread has a port of its own, so that none waits for another's request.
  kernel::Client main_port_;
  kernel::Client policy_port_;
  kernel::Client answer_port_;
  kernel::Client store_port_;
  kernel::Client host_port_;

  container::Table table_;
  container::Runtimes runtimes_;
  RuleHistory history_;
  PolicyKeeper keeper_;
  SelfTests self_tests_;
  EventContainers event_containers_;  // of the store's thread
  UniqueFd changed_;                  // eventfd: there are new alerts
  StoreThread store_;
  RuleService rules_;
  DeliveryThread journal_;
  DeliveryThread audit_;
  PostureWatch postures_;
  QueryAnswerer answerer_;
  QueryPool pool_;
  Intake intake_;
  StreamThread stream_;

  // Of the main thread.
  Reconciler reconciler_;
  HookCanary canary_;
  HostWatch host_watch_;
  ClockWatch clock_;
  MetricsFile metrics_file_;
  std::vector<alert::StateCount> alert_counts_;  // as of a moment ago
  Clock::time_point next_alert_counts_{};
  std::unique_ptr<RuleWatch> watch_;
  std::optional<alert::Store> reader_;
  std::optional<control::Server> server_;
  std::optional<std::uint64_t> met_;  // load id of the module that is being served
  kernel::Outcome<kernel::Status> status_ = kernel::failWith(0, "");
  std::string calibration_problem_;
  std::string canary_problem_;
  std::string canary_at_;
  std::uint64_t overflow_said_ = 0;
  std::uint64_t missing_said_ = 0;
  bool absence_said_ = false;
  Clock::time_point started_ = Clock::now();
  Clock::time_point next_tick_ = Clock::now();
  Clock::time_point next_look_{};
  Clock::time_point next_repair_{};
  Clock::time_point next_canary_{};
  bool ready_ = false;

  // A container whose image is unknown escapes rules scoped by image: said once for each rule set and rule.
  std::mutex unknown_mutex_;
  std::set<std::pair<const rule::RuleSet*, std::uint32_t>> unknown_said_;
};

}  // namespace holdfast::holdfastd
