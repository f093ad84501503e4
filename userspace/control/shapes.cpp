// SPDX-License-Identifier: Apache-2.0
#include "control/shapes.hpp"

namespace holdfast::control {

// A key of the same name for each member; a missing key leaves the member at its default.
#define HOLDFAST_SHAPE(Type, ...)                                                           \
  void to_json(nlohmann::json& nlohmann_json_j, const Type& nlohmann_json_t) {              \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_TO, __VA_ARGS__))                \
  }                                                                                         \
  void from_json(const nlohmann::json& nlohmann_json_j, Type& nlohmann_json_t) {            \
    const Type nlohmann_json_default_obj{};                                                 \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_FROM_WITH_DEFAULT, __VA_ARGS__)) \
  }

HOLDFAST_SHAPE(NameParams, name)
HOLDFAST_SHAPE(IdParams, id)
HOLDFAST_SHAPE(PageParams, after)
HOLDFAST_SHAPE(AlertParams, id)
HOLDFAST_SHAPE(HandleParams, filter, note)
HOLDFAST_SHAPE(HandleReport, handled, state_kept)
HOLDFAST_SHAPE(PurgeReport, removed, open, operations, more)
HOLDFAST_SHAPE(SelftestParams, cgroup_id)
HOLDFAST_SHAPE(Mistake, message, file, line, column)
HOLDFAST_SHAPE(ModuleReport, loaded, version, abi, attached, overlay_verified, overlay_mismatch, controller, policy,
               disabled, locked, silent, canary_at, generation, default_profile, query_timeout_ms)
HOLDFAST_SHAPE(HookReport, symbol, attached, mandatory, tracepoint, hits)
HOLDFAST_SHAPE(RuleSetReport, generation, loaded_at, files, rules, errors, warnings)
HOLDFAST_SHAPE(ControllerReport, pid, version, since, rule_set)
HOLDFAST_SHAPE(RulePolicy, name, requested, effective, reason, type)
HOLDFAST_SHAPE(FunctionReport, name, on, in_effect, reason, rules, rules_in_effect)
HOLDFAST_SHAPE(ClockReport, steps, last_ms, seconds_ago)
HOLDFAST_SHAPE(Counters, containers, members, adopted, unclassified, defaulted, execs, maps, denied, alerted, queries,
               queries_answered, queries_timed_out, queries_refused, queries_pending)
HOLDFAST_SHAPE(EventTotals, seen, delivered, folded, queued, overflow)
HOLDFAST_SHAPE(StoreTotals, events, alerts, folded, operations, notices, removed, removed_operations, removed_notices)
HOLDFAST_SHAPE(OutputReport, name, on, problem, delivered, waiting)
HOLDFAST_SHAPE(ContainerTotals, total, not_covered, not_covered_because)
HOLDFAST_SHAPE(StatusReport, interceptable, reasons, module, hooks, controller, functions, policy, counters, events,
               store, store_problem, outputs, unclassified, containers, clock)
HOLDFAST_SHAPE(FindingReport, id, severity, about, details, more)
HOLDFAST_SHAPE(PostureReport, known, unknown, findings)
HOLDFAST_SHAPE(ContainerReport, id, name, engine, runtime, state, cgroup_id, cgroup_path, init_pid, image, digests, pod,
               pod_namespace, members, profile_id, generation, covered, not_covered, defaulted, rules, skipped,
               overflow, posture)
HOLDFAST_SHAPE(ContainerPage, containers, more)
HOLDFAST_SHAPE(SelftestEvent, kind, origin, verdict, count)
HOLDFAST_SHAPE(SelftestReport, events)
HOLDFAST_SHAPE(ReloadReport, generation, rules)

#undef HOLDFAST_SHAPE

}  // namespace holdfast::control
