// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/metrics.hpp"

#include <fmt/core.h>

#include <map>
#include <tuple>

#include "base/json.hpp"
#include "rule/describe.hpp"

namespace holdfast::holdfastd {
namespace {

struct View {
  const MetricsInputs& in;
  control::StatusReport report;
};

using Samples = std::vector<control::MetricSample>;
using Collect = Samples (*)(const View&);

Samples one(double value) { return {{.value = value}}; }
Samples one(std::uint64_t value) { return one(static_cast<double>(value)); }
Samples one(bool value) { return one(value ? 1.0 : 0.0); }

/// A number that the module gives, absent without it.
template <auto Member>
Samples moduleValue(const View& view) {
  if (!view.in.status.module) return {};
  return one(static_cast<std::uint64_t>(view.in.status.module.value().*Member));
}

template <auto Member>
Samples ofStore(const View& view) {
  if (!view.in.status.totals_known) return {};
  return one(view.report.store.*Member);
}

template <auto Member>
Samples ofDaemon(const View& view) {
  return one(static_cast<std::uint64_t>(view.in.*Member));
}

Samples buildInfo(const View& view) {
  control::MetricSample sample{.labels = {{"version", HOLDFAST_VERSION}}, .value = 1};
  if (view.report.module.loaded) sample.labels["module_version"] = view.report.module.version;
  return {sample};
}

Samples moduleFlags(const View& view) {
  const auto& module = view.report.module;
  if (!module.loaded) return {};
  const std::pair<const char*, bool> flags[] = {
      {"attached", module.attached},     {"overlay_verified", module.overlay_verified},
      {"controller", module.controller}, {"policy", module.policy},
      {"disabled", module.disabled},     {"locked", module.locked},
      {"silent", module.silent},         {"overlay_mismatch", module.overlay_mismatch}};
  Samples samples;
  for (const auto& [name, set] : flags) samples.push_back({.labels = {{"flag", name}}, .value = set ? 1.0 : 0.0});
  return samples;
}

Samples hooks(const View& view, double (*value)(const control::HookReport&)) {
  Samples samples;
  for (const auto& hook : view.report.hooks)
    samples.push_back(
        {.labels = {{"hook", hook.symbol}, {"mandatory", hook.mandatory ? "yes" : "no"}}, .value = value(hook)});
  return samples;
}

Samples queues(const View& view, double (*value)(const QueueFacts&)) {
  Samples samples;
  for (const auto& queue : view.in.queues)
    samples.push_back({.labels = {{"queue", queue.name}}, .value = value(queue)});
  return samples;
}

Samples outputs(const View& view, double (*value)(const control::OutputReport&)) {
  Samples samples;
  for (const auto& output : view.in.status.outputs)
    samples.push_back({.labels = {{"output", output.name}}, .value = value(output)});
  return samples;
}

Samples answerSeconds(const View& view) {
  const auto& times = view.in.answer_times;
  Samples samples;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < times.counts.size(); ++i) {
    sum += times.counts[i];
    const bool last = i == DurationHistogram::kBounds.size();
    samples.push_back({.labels = {{"le", last ? "+Inf" : fmt::format("{}", DurationHistogram::kBounds[i])}},
                       .value = static_cast<double>(sum),
                       .suffix = "_bucket"});
  }
  samples.push_back({.value = times.seconds, .suffix = "_sum"});
  samples.push_back({.value = static_cast<double>(sum), .suffix = "_count"});
  return samples;
}

Samples containers(const View& view) {
  const auto& all = view.report.containers;
  return {{.labels = {{"covered", "yes"}}, .value = static_cast<double>(all.total - all.not_covered)},
          {.labels = {{"covered", "no"}}, .value = static_cast<double>(all.not_covered)}};
}

Samples rules(const View& view) {
  const auto& in_force = view.in.status.in_force;
  if (!in_force || !in_force->rules) return {};
  std::map<std::tuple<std::string, std::string, std::string>, double> counts;
  for (const auto& policy : view.report.policy) ++counts[{policy.type, policy.requested, policy.effective}];
  Samples samples;
  for (const auto& [key, count] : counts) {
    const auto& [type, requested, effective] = key;
    samples.push_back({.labels = {{"type", type}, {"requested", requested}, {"effective", effective}}, .value = count});
  }
  return samples;
}

Samples functions(const View& view) {
  Samples samples;
  for (const auto& function : view.report.functions)
    samples.push_back({.labels = {{"function", function.name}}, .value = function.in_effect ? 1.0 : 0.0});
  return samples;
}

Samples alerts(const View& view) {
  Samples samples;
  for (const auto& count : view.in.alerts)
    samples.push_back({.labels = {{"type", count.type}, {"severity", count.severity}, {"state", count.state}},
                       .value = static_cast<double>(count.alerts)});
  return samples;
}

Samples logHeldBack(const View& view) {
  Samples samples;
  for (const auto& level : view.in.log_held_back)
    samples.push_back({.labels = {{"level", level.level}}, .value = static_cast<double>(level.count)});
  return samples;
}

Samples optional(std::optional<std::uint64_t> value) { return value ? one(*value) : Samples{}; }

constexpr double kNs = 1e9;
using Module = kernel::Status;
using Store = control::StoreTotals;
using In = MetricsInputs;

struct Row {
  MetricRow row;
  Collect collect;
};

const Row kRows[] = {
    // The host
    {{"holdfast_build_info", "gauge", "Versions of the controller and of the module that is loaded; always 1."},
     buildInfo},
    {{"holdfast_interceptable", "gauge", "1 if this host intercepts (Normal), 0 if not (Abnormal)."},
     [](const View& v) { return one(v.report.interceptable == "Normal"); }},
    {{"holdfast_abnormal_reasons", "gauge", "Reasons why this host is Abnormal; 0 if it is Normal."},
     [](const View& v) { return one(std::uint64_t{v.report.reasons.size()}); }},
    {{"holdfast_function_in_effect", "gauge",
      "1 if the function is on, this release enforces it and the host can; by function."},
     functions},
    {{"holdfast_start_time_seconds", "gauge", "When the controller started, in seconds since 1970."},
     [](const View& v) { return one(static_cast<double>(v.in.started_real_ns) / kNs); }},
    {{"holdfast_clock_steps_total", "counter", "How often the real-time clock was set since the controller started."},
     [](const View& v) { return one(v.report.clock.steps); }},
    // The module
    {{"holdfast_module_loaded", "gauge", "1 if the kernel module is loaded and answers."},
     [](const View& v) { return one(v.report.module.loaded); }},
    {{"holdfast_module_flag", "gauge", "What the module says of itself, 1 or 0 for each flag."}, moduleFlags},
    {{"holdfast_policy_generation", "gauge", "Generation of the policy that the kernel enforces; 0 for none."},
     moduleValue<&Module::generation>},
    {{"holdfast_query_timeout_seconds", "gauge", "How long a first program may wait for the controller's answer."},
     [](const View& v) { return v.in.status.module ? one(v.in.status.module->query_timeout_ms / 1000.0) : Samples{}; }},
    {{"holdfast_hook_attached", "gauge", "1 if the kernel function is redirected to Holdfast."},
     [](const View& v) { return hooks(v, [](const control::HookReport& hook) { return hook.attached ? 1.0 : 0.0; }); }},
    {{"holdfast_hook_calls_total", "counter", "Calls of the hook since the module was loaded."},
     [](const View& v) {
       return hooks(v, [](const control::HookReport& hook) { return static_cast<double>(hook.hits); });
     }},
    {{"holdfast_members", "gauge", "Processes that are members of containers."}, moduleValue<&Module::members>},
    {{"holdfast_adopted_total", "counter", "Processes that ran before and became members afterwards."},
     moduleValue<&Module::adopted>},
    {{"holdfast_unclassified_total", "counter",
      "Programs under another root in a cgroup of which nobody said whether it is a container's."},
     moduleValue<&Module::unclassified>},
    {{"holdfast_defaulted_total", "counter", "Containers that started under the default profile without an answer."},
     moduleValue<&Module::defaulted>},
    {{"holdfast_execs_total", "counter", "Programs of members that were judged at their start."},
     moduleValue<&Module::execs>},
    {{"holdfast_maps_total", "counter", "Executable mappings of members that were judged."},
     moduleValue<&Module::maps>},
    {{"holdfast_denied_total", "counter", "Operations that were refused."}, moduleValue<&Module::denied>},
    {{"holdfast_alerted_total", "counter", "Operations that were let through and reported."},
     moduleValue<&Module::alerted>},
    // Queries
    {{"holdfast_queries_total", "counter", "Questions that the kernel had for the controller."},
     moduleValue<&Module::queries>},
    {{"holdfast_queries_answered_total", "counter", "Questions whose answer reached the kernel in time."},
     moduleValue<&Module::queries_answered>},
    {{"holdfast_queries_timed_out_total", "counter", "Questions that took the default as no answer came in time."},
     moduleValue<&Module::queries_timed_out>},
    {{"holdfast_queries_refused_total", "counter",
      "Questions that were not asked: none connected, too many or silent."},
     moduleValue<&Module::queries_refused>},
    {{"holdfast_queries_pending", "gauge", "Questions that wait for an answer."},
     moduleValue<&Module::queries_pending>},
    {{"holdfast_query_answer_seconds", "histogram",
      "From a question's arrival at the controller to the kernel's having the answer."},
     answerSeconds},
    {{"holdfast_query_answers_total", "counter", "What became of questions in the controller, by result."},
     [](const View& v) {
       return Samples{{.labels = {{"result", "answered"}}, .value = static_cast<double>(v.in.answered)},
                      {.labels = {{"result", "unanswered"}}, .value = static_cast<double>(v.in.unanswered)},
                      {.labels = {{"result", "failed"}}, .value = static_cast<double>(v.in.failed)}};
     }},
    // Events: seen = delivered + folded + queued + overflow
    {{"holdfast_events_seen_total", "counter", "Events of the kernel: delivered, folded, queued or overflown."},
     moduleValue<&Module::events_seen>},
    {{"holdfast_events_delivered_total", "counter", "Events that the controller has stored and acknowledged."},
     moduleValue<&Module::events_delivered>},
    {{"holdfast_events_folded_total", "counter", "Events that were counted into another one in the kernel."},
     moduleValue<&Module::events_folded>},
    {{"holdfast_events_overflow_total", "counter", "Events that were only counted, as too many came at once."},
     moduleValue<&Module::events_overflow>},
    {{"holdfast_events_queued", "gauge", "Events that wait in the kernel to be stored."},
     moduleValue<&Module::events_queued>},
    {{"holdfast_stream_overruns_total", "counter", "How often the event socket's buffer was full."},
     ofDaemon<&In::overruns>},
    {{"holdfast_stream_damaged_messages_total", "counter", "Messages of the kernel that could not be read."},
     ofDaemon<&In::damaged>},
    {{"holdfast_stream_missing_events_total", "counter",
      "Events that the kernel counts as delivered and that never arrived."},
     ofDaemon<&In::missing>},
    // The store
    {{"holdfast_store_writable", "gauge", "1 if alerts can be stored just now; if not, the kernel keeps the events."},
     [](const View& v) { return one(v.in.status.store_problem.empty()); }},
    {{"holdfast_store_size_bytes", "gauge", "Size of the alert store's file."},
     [](const View& v) { return optional(v.in.store_bytes); }},
    {{"holdfast_store_events_total", "counter", "Events ever stored."}, ofStore<&Store::events>},
    {{"holdfast_store_alerts_total", "counter", "Alerts that were made of them."}, ofStore<&Store::alerts>},
    {{"holdfast_store_folded_events_total", "counter", "Events that went into an alert that was there."},
     ofStore<&Store::folded>},
    {{"holdfast_store_operations_total", "counter", "Operations that the stored events stand for."},
     ofStore<&Store::operations>},
    {{"holdfast_store_notices_total", "counter", "Alerts of Holdfast itself, counted in none of the others."},
     ofStore<&Store::notices>},
    {{"holdfast_store_removed_alerts_total", "counter", "Alerts that retention or a purge has removed."},
     ofStore<&Store::removed>},
    {{"holdfast_store_removed_operations_total", "counter", "Operations that the removed alerts stood for."},
     ofStore<&Store::removed_operations>},
    {{"holdfast_store_removed_notices_total", "counter", "Removed alerts that were of Holdfast itself."},
     ofStore<&Store::removed_notices>},
    {{"holdfast_alerts", "gauge", "Alerts in the store by type, severity and state."}, alerts},
    // Where alerts go besides the store
    {{"holdfast_output_enabled", "gauge", "1 if alerts go to this output."},
     [](const View& v) { return outputs(v, [](const control::OutputReport& o) { return o.on ? 1.0 : 0.0; }); }},
    {{"holdfast_output_working", "gauge", "1 if the output took what it was last given, 0 if alerts wait for it."},
     [](const View& v) {
       return outputs(v, [](const control::OutputReport& o) { return o.problem.empty() ? 1.0 : 0.0; });
     }},
    {{"holdfast_output_delivered_total", "counter", "Alerts that the output has taken since it was switched on."},
     [](const View& v) {
       return outputs(v, [](const control::OutputReport& o) { return static_cast<double>(o.delivered); });
     }},
    {{"holdfast_output_waiting", "gauge", "Alerts, new or changed, that wait for the output."},
     [](const View& v) {
       return outputs(v, [](const control::OutputReport& o) { return static_cast<double>(o.waiting); });
     }},
    // Containers and rules
    {{"holdfast_containers", "gauge", "Containers on this host, by whether they are covered."}, containers},
    {{"holdfast_rules", "gauge", "Rules in force by type, the action asked for and the action in effect."}, rules},
    {{"holdfast_rule_set_generation", "gauge", "Generation with which this controller's rule set came into force."},
     [](const View& v) {
       return v.in.status.in_force ? one(std::uint64_t{v.report.controller.rule_set.generation}) : Samples{};
     }},
    {{"holdfast_rule_set_loaded_timestamp_seconds", "gauge", "When it did, in seconds since 1970."},
     [](const View& v) {
       return v.in.loaded_real_ns != 0 ? one(static_cast<double>(v.in.loaded_real_ns) / kNs) : Samples{};
     }},
    {{"holdfast_rule_set_errors", "gauge", "Mistakes in the newest rule files; 0 if they are in force."},
     [](const View& v) { return one(std::uint64_t{v.in.status.rule_errors.size()}); }},
    // The controller itself
    {{"holdfast_queue_length", "gauge", "What waits in a queue of the controller."},
     [](const View& v) { return queues(v, [](const QueueFacts& queue) { return static_cast<double>(queue.depth); }); }},
    {{"holdfast_queue_capacity", "gauge", "What a queue of the controller holds at most."},
     [](const View& v) {
       return queues(v, [](const QueueFacts& queue) { return static_cast<double>(queue.capacity); });
     }},
    {{"holdfast_queue_refused_total", "counter", "What a full queue of the controller did not take."},
     [](const View& v) {
       return queues(v, [](const QueueFacts& queue) { return static_cast<double>(queue.refused); });
     }},
    {{"holdfast_log_messages_held_back_total", "counter", "Lines of the controller's log that were only counted."},
     logHeldBack},
};

}  // namespace

std::vector<MetricRow> metricRows() {
  std::vector<MetricRow> rows;
  for (const auto& row : kRows) rows.push_back(row.row);
  return rows;
}

std::vector<control::MetricFamily> metricsOf(const MetricsInputs& inputs) {
  const View view{inputs, statusReport(inputs.status)};
  std::vector<control::MetricFamily> families;
  for (const auto& [row, collect] : kRows) {
    control::MetricFamily family{row.name, row.type, row.help, collect(view)};
    if (!family.samples.empty()) families.push_back(std::move(family));
  }
  return families;
}

}  // namespace holdfast::holdfastd
