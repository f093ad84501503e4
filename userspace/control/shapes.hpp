// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/nlohmann.hpp"
#include "base/result.hpp"

// What the control socket's requests take and give. The names of the members are the JSON keys, and stable; a reader
// takes a missing key for its default and overlooks keys that it does not know, so that both ends may differ by a
// release. Requests:
//
//   status                                   -> StatusReport
//   rules.list        PageParams             -> {"rules": [rule::describe(Rule)], "more": bool, "generation": int},
//                                               the first page with "files", "warnings" and "errors" [Mistake]
//   rules.show        NameParams             -> rule::describe(Rule)
//   containers.list   PageParams             -> ContainerPage, by cgroup id
//   containers.show   IdParams (text)        -> ContainerReport; id: name, cgroup id, or the beginning of an id
//   alerts.list       alert::Filter          -> {"alerts": [alert], "more": bool, "totals": StoreTotals}
//   alerts.show       AlertParams            -> alert (docs/alerts.md)
//   alerts.follow     alert::Filter          -> alerts as they come or change, a stream
//   alerts.stats      alert::Filter          -> alert::toJson(Stats)
//   alerts.handle     HandleParams           -> HandleReport        root only, as are the following three
//   alerts.ignore     HandleParams           -> HandleReport
//   alerts.allow-listed  HandleParams        -> HandleReport
//   alerts.purge      alert::Filter          -> PurgeReport
//   selftest.begin    SelftestParams         -> {}                  root only, as are the following
//   selftest.end      SelftestParams         -> SelftestReport
//   reload                                   -> ReloadReport
//   metrics                                  -> [MetricFamily] (control/metrics.hpp); for who may read

namespace holdfast::control {

struct NameParams {
  std::string name;
};

struct IdParams {
  std::string id;
};

/// A list that may take several answers: what comes after this one.
struct PageParams {
  std::uint64_t after = 0;  // cgroup id, or how many rules were had
};

struct AlertParams {
  std::int64_t id = 0;
};

/// Without ids in the filter: those that it selects and nobody has handled.
struct HandleParams {
  nlohmann::json filter = nlohmann::json::object();
  std::string note;
};

struct HandleReport {
  std::uint64_t handled = 0;
  std::uint64_t state_kept = 0;  // of these: their state says what was done at the time
};

/// At most the filter's limit at a time, oldest first.
struct PurgeReport {
  std::uint64_t removed = 0;
  std::uint64_t open = 0;        // of these, nobody had handled
  std::uint64_t operations = 0;  // that they stood for
  bool more = false;             // there may be
};

struct SelftestParams {
  std::uint64_t cgroup_id = 0;
};

/// A mistake in a file, as holdfast::Error.
struct Mistake {
  std::string message;
  std::string file;
  int line = 0;
  int column = 0;
};

struct ModuleReport {
  bool loaded = false;
  std::string version;
  std::uint32_t abi = 0;
  bool attached = false;  // every mandatory hook
  bool overlay_verified = false;
  bool overlay_mismatch = false;  // the cross-check failed
  bool controller = false;        // this controller is registered
  bool policy = false;            // one was committed
  bool disabled = false;          // holdfast.disable on the kernel's command line
  bool locked = false;
  bool silent = false;    // the controller timed out too often and is not asked
  std::string canary_at;  // when every hook was last shown to fire, UTC; empty: not since this controller began
  std::uint32_t generation = 0;
  std::uint32_t default_profile = 0;
  std::uint32_t query_timeout_ms = 0;
};

struct HookReport {
  std::string symbol;
  bool attached = false;
  bool mandatory = false;
  bool tracepoint = false;
  std::uint64_t hits = 0;
};

/// The rule set in force, and why a newer one is not.
struct RuleSetReport {
  std::uint32_t generation = 0;
  std::string loaded_at;  // RFC 3339
  std::vector<std::string> files;
  std::size_t rules = 0;
  std::vector<Mistake> errors;  // of the last set that was refused; empty if the newest is in force
  std::vector<Mistake> warnings;
};

struct ControllerReport {
  std::int64_t pid = 0;
  std::string version;
  std::string since;  // RFC 3339
  RuleSetReport rule_set;
};

struct RulePolicy {
  std::string name;
  std::string requested;  // rule::Effect
  std::string effective;
  std::string reason;
  std::string type = {};  // rule::name(RuleType)
};

/// One of the three functions (requirement RUL-10).
struct FunctionReport {
  std::string name;        // rule::name(RuleType)
  bool on = true;          // its switch in holdfast.yaml
  bool in_effect = false;  // on, enforced by this release, and this host can
  std::string reason;      // why not; empty if it is
  std::size_t rules = 0;   // of this type in the rule set
  std::size_t rules_in_effect = 0;
};

/// Steps of the real-time clock since the controller started.
struct ClockReport {
  std::uint64_t steps = 0;
  std::int64_t last_ms = 0;      // by how much, negative: back
  std::int64_t seconds_ago = 0;  // of the last
};

/// The kernel's counters since the module was loaded.
struct Counters {
  std::uint64_t containers = 0;
  std::uint64_t members = 0;
  std::uint64_t adopted = 0;
  std::uint64_t unclassified = 0;
  std::uint64_t defaulted = 0;
  std::uint64_t execs = 0;
  std::uint64_t maps = 0;
  std::uint64_t denied = 0;
  std::uint64_t alerted = 0;
  std::uint64_t queries = 0;
  std::uint64_t queries_answered = 0;
  std::uint64_t queries_timed_out = 0;
  std::uint64_t queries_refused = 0;
  std::uint64_t queries_pending = 0;
};

/// seen == delivered + folded + queued + overflow.
struct EventTotals {
  std::uint64_t seen = 0;
  std::uint64_t delivered = 0;
  std::uint64_t folded = 0;
  std::uint64_t queued = 0;
  std::uint64_t overflow = 0;
};

/// alert::Totals.
struct StoreTotals {
  std::uint64_t events = 0;
  std::uint64_t alerts = 0;
  std::uint64_t folded = 0;
  std::uint64_t operations = 0;
  std::uint64_t notices = 0;
  std::uint64_t removed = 0;
  std::uint64_t removed_operations = 0;
  std::uint64_t removed_notices = 0;
};

/// Where alerts go besides the store. `delivered` counts since it was switched on.
struct OutputReport {
  std::string name;
  bool on = false;
  std::string problem;  // why nothing is delivered just now; empty if all is well
  std::uint64_t delivered = 0;
  std::uint64_t waiting = 0;  // alerts, new or changed
};

struct ContainerTotals {
  std::uint64_t total = 0;
  std::uint64_t not_covered = 0;
  std::map<std::string, std::uint64_t> not_covered_because;  // by reason
};

struct StatusReport {
  std::string interceptable = "Abnormal";  // "Normal" or "Abnormal"
  std::vector<std::string> reasons;        // empty exactly if Normal
  ModuleReport module;
  std::vector<HookReport> hooks;
  ControllerReport controller;
  std::vector<FunctionReport> functions;
  std::vector<RulePolicy> policy;
  Counters counters;
  EventTotals events;
  StoreTotals store;
  std::vector<OutputReport> outputs;
  std::string store_problem;  // why alerts cannot be stored; empty if they can
  std::uint64_t unclassified = 0;
  ContainerTotals containers;
  ClockReport clock;
};

/// What a container was given at its start that makes an escape easy (container::Risk).
struct FindingReport {
  std::string id;        // "host-pid"
  std::string severity;  // "high", "medium", "note"
  std::string about;
  std::vector<std::string> details;
  std::uint64_t more = 0;  // details that are not listed
};

struct PostureReport {
  bool known = false;
  std::string unknown = "not looked at yet";  // why; empty if it is known
  std::vector<FindingReport> findings;        // the worst first
};

struct ContainerReport {
  std::string id;
  std::string name;
  std::string engine;
  std::string runtime;
  std::string state;  // "running", "created", "stopped"
  std::uint64_t cgroup_id = 0;
  std::string cgroup_path;
  std::int64_t init_pid = 0;
  std::string image;  // empty: unknown
  std::vector<std::string> digests;
  std::string pod;
  std::string pod_namespace;
  std::uint64_t members = 0;
  std::uint32_t profile_id = 0;
  std::uint32_t generation = 0;
  bool covered = false;
  std::string not_covered;          // why; empty if covered
  bool defaulted = false;           // runs under the default profile because no answer came
  std::vector<RulePolicy> rules;    // that apply to it
  std::vector<RulePolicy> skipped;  // that do not, with the reason
  std::uint64_t overflow = 0;       // events that were only counted
  PostureReport posture;
};

struct ContainerPage {
  std::vector<ContainerReport> containers;
  bool more = false;
};

/// Events with the self-test's rule tag, by kind and origin (kernel::name()).
struct SelftestEvent {
  std::string kind;
  std::string origin;
  std::string verdict;
  std::uint64_t count = 0;
};

struct SelftestReport {
  std::vector<SelftestEvent> events;
};

struct ReloadReport {
  std::uint32_t generation = 0;
  std::size_t rules = 0;
};

// NOLINTBEGIN(bugprone-macro-parentheses): a type
#define HOLDFAST_SHAPE(Type)                            \
  void to_json(nlohmann::json& out, const Type& value); \
  void from_json(const nlohmann::json& in, Type& value);
// NOLINTEND(bugprone-macro-parentheses)
HOLDFAST_SHAPE(NameParams)
HOLDFAST_SHAPE(IdParams)
HOLDFAST_SHAPE(PageParams)
HOLDFAST_SHAPE(AlertParams)
HOLDFAST_SHAPE(HandleParams)
HOLDFAST_SHAPE(HandleReport)
HOLDFAST_SHAPE(PurgeReport)
HOLDFAST_SHAPE(SelftestParams)
HOLDFAST_SHAPE(Mistake)
HOLDFAST_SHAPE(ModuleReport)
HOLDFAST_SHAPE(HookReport)
HOLDFAST_SHAPE(RuleSetReport)
HOLDFAST_SHAPE(ControllerReport)
HOLDFAST_SHAPE(RulePolicy)
HOLDFAST_SHAPE(FunctionReport)
HOLDFAST_SHAPE(ClockReport)
HOLDFAST_SHAPE(Counters)
HOLDFAST_SHAPE(EventTotals)
HOLDFAST_SHAPE(StoreTotals)
HOLDFAST_SHAPE(OutputReport)
HOLDFAST_SHAPE(ContainerTotals)
HOLDFAST_SHAPE(StatusReport)
HOLDFAST_SHAPE(FindingReport)
HOLDFAST_SHAPE(PostureReport)
HOLDFAST_SHAPE(ContainerReport)
HOLDFAST_SHAPE(ContainerPage)
HOLDFAST_SHAPE(SelftestEvent)
HOLDFAST_SHAPE(SelftestReport)
HOLDFAST_SHAPE(ReloadReport)
#undef HOLDFAST_SHAPE

/// A value of the other end as a shape; a wrong type is an error that names the key, never an exception.
template <class Shape>
[[nodiscard]] Result<Shape> read(const nlohmann::json& value) {
  try {
    return value.get<Shape>();
  } catch (const nlohmann::json::exception& error) {
    return fail(std::string("not what was expected: ") + error.what());
  }
}

}  // namespace holdfast::control
