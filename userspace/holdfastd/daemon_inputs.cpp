// SPDX-License-Identifier: Apache-2.0
// What the status and the metrics are made of, gathered from the daemon's parts.
#include <spdlog/common.h>
#include <unistd.h>

#include <filesystem>

#include "holdfastd/daemon.hpp"

namespace holdfast::holdfastd {

namespace {

constexpr auto kAlertCountsAge = std::chrono::seconds(15);

}  // namespace

StatusInputs Daemon::inputs() {
  StatusInputs inputs;
  const auto status = main_port_.status();
  if (status) {
    inputs.module = *status;
    inputs.hooks = main_port_.hooks().value_or(std::vector<kernel::HookInfo>{});
    inputs.kernel_containers = main_port_.containers().value_or(std::vector<kernel::ContainerInfo>{});
  } else {
    inputs.module_problem = status.error().message;
  }
  if (const auto hello = intake_.hello()) inputs.abi_version = hello->abi_version;
  inputs.own_pid = ::getpid();
  inputs.stream_problem = stream_.problem();
  inputs.calibration_problem = calibration_problem_;
  inputs.canary_problem = canary_problem_;
  inputs.host_watch_problem = host_watch_.problem();
  inputs.canary_at = canary_at_;
  inputs.in_force = keeper_.inForce();
  inputs.config = rules_.config();
  inputs.loaded_at = rules_.loadedAt();
  inputs.rule_errors = rules_.errors();
  inputs.rule_fallback = rules_.fallback();
  inputs.store_problem = store_.problem();
  if (reader_) {
    if (auto totals = reader_->totals()) {
      inputs.totals = *totals;
      inputs.totals_known = true;
    }
  }
  inputs.outputs = {journal_.report(), audit_.report()};
  inputs.since = since_;
  const auto& clock = clock_.facts();
  inputs.clock = {.steps = clock.steps, .last_ms = clock.last_ms};
  if (clock.last_at) {
    inputs.clock.seconds_ago = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - *clock.last_at).count();
  }
  inputs.containers = table_.all();
  inputs.postures = postures_.all();
  return inputs;
}

MetricsInputs Daemon::metricsInputs() {
  MetricsInputs inputs;
  inputs.status = this->inputs();
  inputs.started_real_ns = since_ns_;
  inputs.loaded_real_ns = rules_.loadedAtNs();
  inputs.queues = {{"events", store_.queued(), kStoreQueueMax, store_.refused()},
                   {"queries", pool_.waiting(), kQueriesMax, pool_.refused()}};
  inputs.answer_times = answerer_.answerTimes().snapshot();
  inputs.answered = answerer_.counters().answered;
  inputs.unanswered = answerer_.counters().unanswered;
  inputs.failed = answerer_.counters().failed;
  inputs.overruns = intake_.counters().overruns;
  inputs.damaged = intake_.counters().damaged;
  inputs.missing = intake_.counters().missing;
  for (const auto level : {spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err}) {
    const auto name = spdlog::level::to_string_view(level);
    inputs.log_held_back.push_back({{name.data(), name.size()}, log_->heldBack(level)});
  }
  // Counting reads an index of all that is stored: not for every one who asks.
  if (reader_ && Clock::now() >= next_alert_counts_) {
    next_alert_counts_ = Clock::now() + kAlertCountsAge;
    if (auto counts = reader_->stateCounts()) alert_counts_ = std::move(*counts);
  }
  inputs.alerts = alert_counts_;
  std::error_code error;
  const auto bytes = std::filesystem::file_size(options_.state_dir / kStoreFile, error);
  if (!error) inputs.store_bytes = bytes;
  return inputs;
}

}  // namespace holdfast::holdfastd
