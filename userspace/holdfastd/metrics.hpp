// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.hpp"
#include "control/metrics.hpp"
#include "holdfastd/status_report.hpp"

/// From what is known to metrics. Pure.
namespace holdfast::holdfastd {

struct QueueFacts {
  const char* name = "";
  std::size_t depth = 0;
  std::size_t capacity = 0;
  std::uint64_t refused = 0;
};

struct LevelCount {
  std::string level;
  std::uint64_t count = 0;
};

struct MetricsInputs {
  StatusInputs status;
  std::uint64_t started_real_ns = 0;
  std::uint64_t loaded_real_ns = 0;  // when the rule set in force was; 0: none
  std::vector<QueueFacts> queues;
  DurationHistogram::Snapshot answer_times;
  std::uint64_t answered = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t failed = 0;
  std::uint64_t overruns = 0;
  std::uint64_t damaged = 0;
  std::uint64_t missing = 0;
  std::vector<LevelCount> log_held_back;
  std::vector<alert::StateCount> alerts;
  std::optional<std::uint64_t> store_bytes;
};

/// One row for each metric there is, in the order in which they are shown. A label's value is one of a fixed few (or a
/// hook of the module): no series for each container, rule or name that somebody chose.
struct MetricRow {
  const char* name;
  const char* type;
  const char* help;
};
[[nodiscard]] std::vector<MetricRow> metricRows();

/// Those of which something is known: without the module none of its counters, instead of zeros.
[[nodiscard]] std::vector<control::MetricFamily> metricsOf(const MetricsInputs& inputs);

}  // namespace holdfast::holdfastd
