// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/status_report.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "alert/requests.hpp"
#include "base/json.hpp"
#include "control/message.hpp"
#include "rule/check_catalogue.hpp"
#include "rule/describe.hpp"
#include "rule/judge.hpp"

namespace holdfast::holdfastd {

namespace {

/// What is wrong with the module, the worst first.
std::vector<std::string> moduleReasons(const StatusInputs& inputs) {
  if (!inputs.module)
    return {inputs.module_problem.empty() ? "the kernel module does not answer" : inputs.module_problem};
  const auto& module = *inputs.module;
  std::vector<std::string> reasons;
  if (module.has(kernel::kStatusDisabled)) {
    reasons.emplace_back("Holdfast is disabled on the kernel's command line (holdfast.disable)");
  }
  if (inputs.abi_version != 0 && inputs.abi_version != kernel::kAbiVersion) {
    reasons.push_back("the module speaks version " + std::to_string(inputs.abi_version) +
                      " of the interface, this controller " + std::to_string(kernel::kAbiVersion) +
                      ": reload the module or reboot");
  }
  if (!module.has(kernel::kStatusAttached)) {
    std::string names;
    for (const auto& hook : inputs.hooks) {
      const bool missing = (hook.flags & kernel::kHookMandatory) != 0 && (hook.flags & kernel::kHookAttached) == 0;
      if (missing) names += (names.empty() ? ": " : ", ") + safeUtf8(hook.symbol);
    }
    reasons.push_back("not every hook of the module is attached" + names);
  }
  if (!module.has(kernel::kStatusPolicy)) reasons.emplace_back("no policy is in force");
  return reasons;
}

control::RulePolicy policyOf(const rule::Rule& rule, const StatusInputs& inputs, const std::string& problem) {
  auto effect = rule::effectOf(rule, *inputs.in_force->rules, inputs.in_force->config, problem);
  if (inputs.module && rule.type == rule::RuleType::ContainerEscape && effect.effective != "none") {
    const auto checked = rule.checks.items & rule::checkedItems();
    const auto unnoticed = checked & ~rule::fromBytes(inputs.module->checks);
    if (unnoticed == checked) effect.effective = "none";
    if (unnoticed.any())
      effect.reason += (effect.reason.empty() ? "" : "; ") + std::string("on this kernel the module does not notice ") +
                       rule::namesOf(unnoticed);
  }
  return {rule.name, effect.requested, effect.effective, effect.reason, rule::name(rule.type)};
}

std::vector<control::FunctionReport> functionReports(const StatusInputs& inputs, const std::string& problem,
                                                     const std::vector<control::RulePolicy>& policy) {
  // A rule that nothing but its function's state can stand in the way of.
  const std::pair<rule::RuleType, bool> functions[] = {
      {rule::RuleType::NonImageProgram, inputs.config.non_image_program},
      {rule::RuleType::ContainerEscape, inputs.config.container_escape},
      {rule::RuleType::ImageRisk, inputs.config.image_risk}};
  std::vector<control::FunctionReport> reports;
  for (const auto& [type, on] : functions) {
    rule::Rule any;
    any.type = type;
    any.checks.items.set();
    control::FunctionReport report{.name = rule::name(type), .on = on, .reason = {}};
    report.reason = rule::whyNotInEffect(any, {}, inputs.config);
    if (report.reason.empty()) report.reason = problem;
    report.in_effect = report.reason.empty();
    for (const auto& one : policy) {
      if (one.type != report.name) continue;
      ++report.rules;
      if (one.effective != "none") ++report.rules_in_effect;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::string notCovered(const kernel::ContainerInfo* info, const container::Container& container) {
  // What happens in there no hook of this kernel sees.
  if (!container.sandbox.empty()) return "it runs in a sandbox of its own: " + container.sandbox;
  if (info == nullptr) {
    if (container.state == container::State::Created) return "its first program has not started yet";
    return "the kernel does not know it";
  }
  return kernel::whyNotCovered(info->flags);
}

struct Known {
  const container::Table::Entry& entry;
  const kernel::ContainerInfo* info;  // null: the kernel does not know it
};

/// A container may be known by several cgroups; the ones that the kernel does not know are then not worth a line.
std::vector<Known> knownContainers(const StatusInputs& inputs) {
  std::map<std::uint64_t, const kernel::ContainerInfo*> infos;
  for (const auto& info : inputs.kernel_containers) infos[info.cgroup_id] = &info;
  std::set<std::string> told;
  for (const auto& entry : inputs.containers) {
    if (infos.contains(entry.cgroup_id)) told.insert(entry.container->id);
  }
  std::vector<Known> known;
  for (const auto& entry : inputs.containers) {
    const auto info = infos.find(entry.cgroup_id);
    if (info != infos.end() || !told.contains(entry.container->id))
      known.push_back({entry, info == infos.end() ? nullptr : info->second});
  }
  return known;
}

std::string notCovered(const Known& known, const std::string& problem) {
  return problem.empty() ? notCovered(known.info, *known.entry.container) : problem;
}

/// Why no rule of that type does anything there; empty if one may. To tell a way out the kernel needs no layers.
std::string notCoveredBy(rule::RuleType type, const Known& known, const std::string& problem) {
  if (known.info == nullptr || type != rule::RuleType::ContainerEscape) return notCovered(known, problem);
  auto info = *known.info;
  info.flags &= ~kernel::kContainerStorage;
  return notCovered({known.entry, &info}, problem);
}

/// Whether there is room for one more in a page; there is for one, whatever its size.
class PageSize {
 public:
  bool takes(const nlohmann::json& item) {
    const bool first = bytes_ == 0;
    bytes_ += item.dump().size() + 1;
    return first || bytes_ <= control::kPageBytesMax;
  }

 private:
  std::size_t bytes_ = 0;
};

control::PostureReport postureReport(const container::Posture& posture) {
  control::PostureReport report{posture.unknown.empty(), safeUtf8(posture.unknown), {}};
  for (const auto& finding : posture.findings) {
    const auto& row = container::rowOf(finding.risk);
    control::FindingReport one{
        std::string(row.id), container::name(row.danger), std::string(row.about), {}, finding.more};
    for (const auto& detail : finding.details) one.details.push_back(safeUtf8(detail));
    report.findings.push_back(std::move(one));
  }
  return report;
}

control::ContainerReport containerReport(const Known& known, const StatusInputs& inputs, const std::string& problem) {
  const auto& [entry, info] = known;
  const auto& container = *entry.container;
  control::ContainerReport report;
  report.id = safeUtf8(container.id);
  report.name = safeUtf8(container.name);
  report.engine = container.engine;
  report.runtime = container.runtime;
  report.state = container::name(container.state);
  report.cgroup_id = entry.cgroup_id;
  report.cgroup_path = safeUtf8(container.cgroup_path);
  report.init_pid = container.init_pid;
  report.image = safeUtf8(container.image.reference.value_or(""));
  for (const auto& digest : container.image.digests) report.digests.push_back(safeUtf8(digest));
  report.pod = safeUtf8(container.pod.name);
  report.pod_namespace = safeUtf8(container.pod.space);
  if (info != nullptr) {
    report.members = info->members;
    report.profile_id = info->profile_id;
    report.generation = info->generation;
    report.defaulted = (info->flags & kernel::kContainerDefaulted) != 0;
    report.overflow = info->overflow;
  }
  report.not_covered = notCovered(known, problem);
  report.covered = report.not_covered.empty();
  if (const auto posture = inputs.postures.find(entry.cgroup_id); posture != inputs.postures.end())
    report.posture = postureReport(*posture->second);
  if (!inputs.in_force || !inputs.in_force->rules || entry.self_test) return report;

  const auto& rules = *inputs.in_force->rules;
  const auto skipped = rule::notApplied(rules, inputs.in_force->config, container.image);
  for (const auto& rule : rules.rules) {
    const auto reason = std::ranges::find(skipped, rule.tag, &rule::NotApplied::tag);
    if (reason == skipped.end()) {
      report.rules.push_back(policyOf(rule, inputs, notCoveredBy(rule.type, known, problem)));
    } else {
      report.skipped.push_back({rule.name, rule::name(rule.action), "none", reason->reason, rule::name(rule.type)});
    }
  }
  return report;
}

}  // namespace

control::Mistake mistake(const Error& error) {
  return {safeUtf8(error.message), safeUtf8(error.file), error.line, error.column};
}

std::string hostProblem(const StatusInputs& inputs) {
  const auto reasons = moduleReasons(inputs);
  return reasons.empty() ? std::string() : reasons.front();
}

std::vector<control::ContainerReport> containerReports(const StatusInputs& inputs) {
  std::vector<control::ContainerReport> reports;
  const auto problem = hostProblem(inputs);
  for (const auto& known : knownContainers(inputs)) reports.push_back(containerReport(known, inputs, problem));
  return reports;
}

control::ContainerPage containerPage(const StatusInputs& inputs, std::uint64_t after) {
  control::ContainerPage page;
  const auto problem = hostProblem(inputs);
  PageSize size;
  for (const auto& known : knownContainers(inputs)) {
    if (known.entry.cgroup_id <= after) continue;
    auto report = containerReport(known, inputs, problem);
    page.more = !size.takes(report);
    if (page.more) break;
    page.containers.push_back(std::move(report));
  }
  return page;
}

nlohmann::json rulePage(const StatusInputs& inputs, std::uint64_t after) {
  nlohmann::json page = {{"rules", nlohmann::json::array()}, {"more", false}};
  page["generation"] = inputs.in_force ? inputs.in_force->generation : 0;
  const auto rules = inputs.in_force ? inputs.in_force->rules : nullptr;
  if (after == 0) {
    for (const char* list : {"warnings", "files", "errors"}) page[list] = nlohmann::json::array();
    for (const auto& error : inputs.rule_errors) page["errors"].push_back(mistake(error));
    page["runtime_programs"] = inputs.in_force ? inputs.in_force->config.runtime_programs : std::vector<std::string>();
    if (rules) {
      for (const auto& warning : rules->warnings) page["warnings"].push_back(mistake(warning));
      for (const auto& file : rules->files) page["files"].push_back(safeUtf8(file));
    }
  }
  PageSize size;
  const auto problem = hostProblem(inputs);
  for (std::uint64_t i = after; rules && i < rules->rules.size(); ++i) {
    auto rule = rule::describe(rules->rules[i], *rules, inputs.in_force->config, problem);
    page["more"] = !size.takes(rule);
    if (page["more"] == true) break;
    page["rules"].push_back(std::move(rule));
  }
  return page;
}

control::StatusReport statusReport(const StatusInputs& inputs) {
  control::StatusReport report;
  report.reasons = moduleReasons(inputs);
  const auto problem = report.reasons.empty() ? std::string() : report.reasons.front();
  const auto add = [&report](const std::string& reason) {
    if (!reason.empty()) report.reasons.push_back(reason);
  };

  if (inputs.module) {
    const auto& module = *inputs.module;
    report.module = {.loaded = true,
                     .version = safeUtf8(module.module_version),
                     .abi = inputs.abi_version,
                     .attached = module.has(kernel::kStatusAttached),
                     .overlay_verified = module.has(kernel::kStatusOverlay),
                     .overlay_mismatch = module.has(kernel::kStatusMismatch),
                     .controller = module.has(kernel::kStatusController) && module.controller_pid == inputs.own_pid,
                     .policy = module.has(kernel::kStatusPolicy),
                     .disabled = module.has(kernel::kStatusDisabled),
                     .locked = module.has(kernel::kStatusLocked),
                     .silent = module.has(kernel::kStatusSilent),
                     .canary_at = inputs.canary_at,
                     .generation = module.generation,
                     .default_profile = module.default_profile,
                     .query_timeout_ms = module.query_timeout_ms};
    report.counters = {module.containers,
                       module.members,
                       module.adopted,
                       module.unclassified,
                       module.defaulted,
                       module.execs,
                       module.maps,
                       module.denied,
                       module.alerted,
                       module.queries,
                       module.queries_answered,
                       module.queries_timed_out,
                       module.queries_refused,
                       module.queries_pending};
    report.events = {module.events_seen, module.events_delivered, module.events_folded, module.events_queued,
                     module.events_overflow};
    report.unclassified = module.unclassified;
    if (!report.module.overlay_verified) {
      add("overlayfs is not verified, programs on it are refused by block rules" +
          (inputs.calibration_problem.empty() ? "" : ": " + inputs.calibration_problem));
    }
    add(inputs.canary_problem.empty() ? "" : "hooks: " + inputs.canary_problem);
    add(inputs.host_watch_problem.empty()
            ? ""
            : "not all directories of the host are watched (HW, HC): " + inputs.host_watch_problem);
    if (report.module.overlay_mismatch) add("overlayfs' cross-check failed at run time");
    if (report.module.silent) add("the controller answered too late too often and was not asked any more");
    if (inputs.stream_problem.empty() && !report.module.controller) add("another process is registered as controller");
    add(inputs.stream_problem.empty() ? "" : "event stream: " + inputs.stream_problem);
  }
  add(inputs.rule_fallback);
  add(inputs.store_problem.empty() ? "" : "alerts cannot be stored: " + inputs.store_problem);
  report.interceptable = report.reasons.empty() ? "Normal" : "Abnormal";

  for (const auto& hook : inputs.hooks) {
    report.hooks.push_back({safeUtf8(hook.symbol), (hook.flags & kernel::kHookAttached) != 0,
                            (hook.flags & kernel::kHookMandatory) != 0, (hook.flags & kernel::kHookTracepoint) != 0,
                            hook.hits});
  }
  report.controller.pid = inputs.own_pid;
  report.controller.version = HOLDFAST_VERSION;
  report.controller.since = inputs.since;
  auto& rule_set = report.controller.rule_set;
  rule_set.loaded_at = inputs.loaded_at;
  for (const auto& error : inputs.rule_errors) rule_set.errors.push_back(mistake(error));
  if (inputs.in_force) {
    rule_set.generation = inputs.in_force->generation;
    if (const auto& rules = inputs.in_force->rules) {
      rule_set.rules = rules->rules.size();
      for (const auto& file : rules->files) rule_set.files.push_back(safeUtf8(file));
      for (const auto& warning : rules->warnings) rule_set.warnings.push_back(mistake(warning));
      for (const auto& rule : rules->rules) report.policy.push_back(policyOf(rule, inputs, problem));
    }
  }
  report.store = alert::storeTotals(inputs.totals);
  report.outputs = inputs.outputs;
  report.functions = functionReports(inputs, problem, report.policy);
  report.store_problem = safeUtf8(inputs.store_problem);
  report.clock = inputs.clock;
  for (const auto& known : knownContainers(inputs)) {
    ++report.containers.total;
    const auto reason = notCovered(known, problem);
    if (reason.empty()) continue;
    ++report.containers.not_covered;
    ++report.containers.not_covered_because[reason];
  }
  return report;
}

}  // namespace holdfast::holdfastd
