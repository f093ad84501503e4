// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "alert/alert.hpp"
#include "alert/text.hpp"
#include "kernel/types.hpp"
#include "rule/check_catalogue.hpp"

namespace holdfast::alert {
namespace {

using kernel::EventKind;
using kernel::Origin;
using kernel::Verdict;

/// What a kind of event means to a person.
struct Meaning {
  AlertType type;
  const char* name;
  Severity severity;
  const char* refused;  // "FORMAT PATH"
  const char* let;
  const char* advice;
};

constexpr const char* kNonImageName = "Non mirror native program startup";
constexpr const char* kNonImageAdvice =
    "Find out who put the file there: the process and its ancestors below, and the container's own logs. If it belongs "
    "to the work of this container, build it into the image, or exempt it: 'holdfastctl alerts allow-list'. If not, "
    "treat the container as broken into: keep a copy of it for examination, then replace it from its image.";

Meaning meaningOf(EventKind kind) {
  switch (kind) {
    case EventKind::Exec:
      return {AlertType::ContainerActiveDefense,
              kNonImageName,
              Severity::Urgent,
              "refused to start",
              "started",
              kNonImageAdvice};
    case EventKind::Map:
      return {AlertType::ContainerActiveDefense, kNonImageName,    Severity::Suspicious,
              "refused to load as code",         "loaded as code", kNonImageAdvice};
    case EventKind::Mprotect:
      return {AlertType::ContainerActiveDefense, kNonImageName,     Severity::Suspicious,
              "refused to make executable",      "made executable", kNonImageAdvice};
    case EventKind::Interpreter:
      return {AlertType::ContainerActiveDefense, kNonImageName,  Severity::Urgent, "refused as program interpreter",
              "used as program interpreter",     kNonImageAdvice};
    case EventKind::Ptrace:
      return {AlertType::ContainerEscapePrevention,
              "Container traced its runtime",
              Severity::Urgent,
              "refused access to a process of the container runtime or of Holdfast",
              "had access to a process of the container runtime or of Holdfast",
              "No ordinary program does this: treat the container as broken into."};
    case EventKind::Defaulted:
      return {
          AlertType::ProtectionStatus,
          "Container started under the default rules",
          Severity::Reminder,
          "first program refused under the default rules",
          "first program started under the default rules",
          "The controller did not answer in time. Its rules are applied as soon as it answers; if this repeats, see "
          "'holdfastctl status' and 'journalctl -u holdfastd'."};
    case EventKind::NotCovered:
      return {
          AlertType::ProtectionStatus,
          "Container is not covered",
          Severity::Suspicious,
          "not covered",
          "not covered",
          "Programs of this container are not judged. Use overlay storage and a root of its own for it if it is to be "
          "covered."};
    case EventKind::Unverified:
      return {AlertType::ProtectionStatus,
              "Origins of files are not verified",
              Severity::Urgent,
              "refused, as the origin could not be verified",
              "the origin could not be verified",
              "Block rules refuse while the layout of overlayfs is not verified. See 'holdfastctl status'; reload the "
              "module, or report the kernel's version."};
    case EventKind::Running:
      return {AlertType::ContainerActiveDefense,
              kNonImageName,
              Severity::Urgent,
              "was in use as the rule came into force; its process was ended",
              "was in use as the rule came into force",
              kNonImageAdvice};
    case EventKind::Escape:
      return {
          AlertType::ContainerEscapePrevention,
          "Container reached beyond its bounds",
          Severity::Urgent,
          "refused",
          "let happen",
          "See whether this container is meant to do so. If it is, leave the item out for its image: a rule of its own "
          "with 'except', or the image in the allow list. If not, treat the container as broken into, and look at "
          "what it did before: 'holdfastctl alerts list --container'."};
    case EventKind::SecondLine:
      break;
  }
  return {AlertType::ProtectionStatus,
          "Program start was not judged",
          Severity::Urgent,
          "ran without being judged",
          "ran without being judged",
          "A hook of the module did not fire. See 'holdfastctl status' and run 'holdfastctl selftest'; treat the "
          "container as not covered until both are clean."};
}

const char* phrase(Origin origin) {
  switch (origin) {
    case Origin::Image:
      return "part of the image";
    case Origin::Changed:
      return "changed since the container was made";
    case Origin::Added:
      return "added since the container was made";
    case Origin::Volume:
      return "on a volume, not in the image";
    case Origin::Memory:
      return "in memory only (memfd, tmpfs)";
    case Origin::Host:
      return "not a file of this container";
    case Origin::Untold:
      return "on storage where the image's files cannot be told apart";
    case Origin::Unknown:
      break;
  }
  return "of unknown origin";
}

/// A program.
bool hasObject(EventKind kind) {
  return kind != EventKind::Ptrace && kind != EventKind::NotCovered && kind != EventKind::Escape;
}

/// Null if it is none, or of a newer module.
const rule::CheckItem* itemOf(const kernel::Event& event) {
  const auto items = rule::checkItems();
  return event.kind == EventKind::Escape && event.check < items.size() ? &items[event.check] : nullptr;
}

Severity severityOf(rule::CheckSeverity severity) {
  switch (severity) {
    case rule::CheckSeverity::Urgent:
      return Severity::Urgent;
    case rule::CheckSeverity::Suspicious:
      return Severity::Suspicious;
    case rule::CheckSeverity::Reminder:
      break;
  }
  return Severity::Reminder;
}

/// Who runs a program that the image has not got has brought tools along. What was found running was brought earlier.
const char* stageOf(const kernel::Event& event, AlertType type) {
  if (const rule::CheckItem* item = itemOf(event)) return rule::name(item->stage);
  if (event.kind == EventKind::Ptrace) return rule::name(rule::Stage::Boundary);
  const bool tool = type == AlertType::ContainerActiveDefense && event.kind != EventKind::Running;
  return tool ? rule::name(rule::Stage::Precondition) : "";
}

/// "refused: core_pattern (UH1): /proc/sys/kernel/core_pattern"
std::string escapeText(const kernel::Event& event, const Alert& alert) {
  const rule::CheckItem* item = itemOf(event);
  std::string text = ": ";
  text += item == nullptr ? "something that this controller does not know"
                          : std::string(item->about) + " (" + alert.check + ")";
  if (!alert.path.empty()) text += ": " + alert.path;
  if (event.target_pid != 0) text += " (process " + std::to_string(event.target_pid) + ")";
  return text;
}

bool isGone(const kernel::Event& event) {
  return event.kind == EventKind::Running && (event.flags & kernel::kEventGone) != 0;
}

/// Who has more than anything gave it is not only refused.
bool isEnded(const kernel::Event& event) {
  const rule::CheckItem* item = itemOf(event);
  return item != nullptr && rule::checkTypes()[item->type].name == "privilege-integrity";
}

State firstState(const Alert& alert, const kernel::Event& event) {
  if (isGone(event)) return State::ProcessNotExists;
  if (event.verdict != Verdict::Deny) return State::Unhandled;
  if (isEnded(event)) return State::ProcessTerminated;
  return alert.type == AlertType::ContainerEscapePrevention ? State::Blocked
         : alert.type == AlertType::ContainerActiveDefense  ? State::ProcessTerminated
                                                            : State::Unhandled;
}

std::string messageOf(const kernel::Event& event, const Alert& alert, const Meaning& meaning) {
  std::string text = isGone(event)                    ? "was in use as the rule came into force; its process had gone"
                     : event.verdict == Verdict::Deny ? meaning.refused
                                                      : meaning.let;
  // said here, for the container may be gone when somebody asks
  if (const std::string why = kernel::whyNotCovered(event.container_flags);
      event.kind == EventKind::NotCovered && !why.empty())
    text += ": " + why;
  if (event.kind == EventKind::Ptrace) text += " (pid " + std::to_string(event.target_pid) + ")";
  if (event.kind == EventKind::Escape) text += escapeText(event, alert);
  if (hasObject(event.kind)) {
    text += ": " + (alert.path.empty() ? "(no name)" : alert.path) + ", ";
    text += phrase(event.origin);
  }
  if (!alert.rule && event.rule_tag != 0) text += "; the rule is not known any more";
  return shown(text, kMessageMax);
}

ContainerFacts shownFacts(const ContainerFacts& facts) {
  ContainerFacts out = facts;
  for (std::string* text : {&out.id, &out.name, &out.runtime, &out.pod, &out.pod_namespace, &out.pod_uid})
    *text = shown(*text, kNameMax);
  out.image = shown(out.image, 2 * kNameMax);
  constexpr std::size_t kDigestsMax = 8;
  if (out.digests.size() > kDigestsMax) out.digests.resize(kDigestsMax);
  for (std::string& digest : out.digests) digest = shown(digest, kNameMax);
  return out;
}

HostFacts shownFacts(const HostFacts& facts) {
  return {shown(facts.machine_id, kNameMax), shown(facts.name, kNameMax), shown(facts.cluster, kNameMax)};
}

/// The last time on the wall clock as it stood at the first: a step in between does not turn them round.
std::uint64_t lastReal(const kernel::Event& event) {
  if (event.time_boot_last <= event.time_boot) return event.time_real;
  const std::uint64_t later = event.time_boot_last - event.time_boot;
  return later > std::numeric_limits<std::uint64_t>::max() - event.time_real ? event.time_real
                                                                             : event.time_real + later;
}

}  // namespace

Alert fromEvent(const kernel::Event& event, const Context& context) {
  const Meaning meaning = meaningOf(event.kind);
  Alert alert;
  alert.event = EventId{shown(event.boot_id, kNameMax), event.load_id, event.number};
  alert.type = meaning.type;
  alert.name = meaning.name;
  alert.severity = meaning.severity;
  alert.state = firstState(alert, event);
  alert.host = shownFacts(context.host);
  alert.container = shownFacts(context.container);
  if (alert.container.cgroup_id == 0) alert.container.cgroup_id = event.cgroup_id;
  if (alert.container.id.empty()) alert.container.id = shown(event.container_name, kNameMax);
  if (context.rule != nullptr) {
    alert.rule = RuleFacts{shown(context.rule->name, kNameMax), shown(context.rule->file, kPathMax), context.rule->line,
                           context.rule_set};
    alert.requested = rule::name(context.rule->action);
  }
  alert.kind = kernel::name(event.kind);
  alert.verdict = kernel::name(event.verdict);
  alert.effective = event.verdict == Verdict::Deny ? "block" : alert.verdict;
  if (hasObject(event.kind)) alert.origin = kernel::name(event.origin);
  alert.path = shown(event.path, kPathMax);
  if (const rule::CheckItem* item = itemOf(event)) {
    alert.check = item->name;
    alert.technique = item->technique;
    alert.severity = severityOf(item->severity);
  }
  alert.stage = stageOf(event, meaning.type);
  alert.message = messageOf(event, alert, meaning);
  alert.advice = meaning.advice;
  alert.dev = event.dev;
  alert.ino = event.ino;
  alert.generation = event.generation;
  alert.pid = event.pid;
  alert.tgid = event.tgid;
  alert.start_time = event.start_time;
  alert.uid = event.uid;
  alert.euid = event.euid;
  alert.comm = shown(event.comm, kNameMax);
  alert.target_pid = event.target_pid;
  for (const kernel::Ancestor& ancestor : event.ancestors) {
    constexpr std::size_t kAncestorsMax = 8;  // of the ABI
    if (alert.ancestors.size() == kAncestorsMax) break;
    alert.ancestors.push_back({ancestor.tgid, shown(ancestor.comm, kNameMax)});
  }
  alert.boot_id = alert.event->boot_id;
  alert.first_real = event.time_real;
  alert.last_real = lastReal(event);
  alert.first_boot = event.time_boot;
  alert.last_boot = std::max(event.time_boot, event.time_boot_last);
  alert.count = std::max<std::uint64_t>(event.count, 1);
  return alert;
}

}  // namespace holdfast::alert
