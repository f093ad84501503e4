// SPDX-License-Identifier: Apache-2.0
#include "alert/alert.hpp"
#include "alert/text.hpp"
#include "base/time.hpp"

namespace holdfast::alert {
namespace {

struct Meaning {
  const char* name;
  Severity severity;
  const char* advice;
  AlertType type = AlertType::ProtectionStatus;
  const char* technique = "";
};

Meaning meaningOf(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::BadRuleSet:
      return {
          "Rule set refused", Severity::Urgent,
          "The rules that were in force stay in force. Correct the file and check it with 'holdfastctl rules check'."};
    case NoticeKind::RuleNotApplied:
      return {"Rule is not in effect", Severity::Suspicious, "See 'holdfastctl rules list' for the reason."};
    case NoticeKind::ImageUnknown:
      return {
          "Image of a container is not known", Severity::Reminder,
          "Rules and allow lists that name images or tags cannot apply to it. Start it through a runtime that records "
          "the image, or set unknown_image: strict in holdfast.yaml."};
    case NoticeKind::StreamLost:
      return {"Event stream was interrupted", Severity::Reminder,
              "Events that were not stored are asked for again; if this repeats, the host is overloaded."};
    case NoticeKind::EventsOverflowed:
      return {"Events were only counted", Severity::Suspicious,
              "More happened at once than could be kept one by one. See 'holdfastctl containers' for which container."};
    case NoticeKind::ModuleMissing:
      return {"Kernel module is not loaded", Severity::Urgent,
              "Nothing is enforced on this host. See 'systemctl status holdfastd' and 'modprobe holdfast'."};
    case NoticeKind::ClockStepped:
      return {
          "The clock was set", Severity::Reminder,
          "Times of alerts before and after do not compare; those since the boot do. Nothing expires sooner or later "
          "for it. If nobody meant to, see 'timedatectl' and the host's own log."};
    case NoticeKind::RiskyStart:
      return {"Container started with what makes an escape easy", Severity::Reminder,
              "See 'holdfastctl containers ID' for what it was given, and start it with less. If it needs all of it, "
              "exempt "
              "its image: an entry in the allow list of the rules of type container-escape that apply to it.",
              AlertType::ContainerEscapePrevention, "T1610"};
    case NoticeKind::Unhealthy:
      break;
  }
  return {"This host cannot intercept", Severity::Urgent, "See 'holdfastctl status' for the reasons."};
}

}  // namespace

Alert fromNotice(NoticeKind kind, const std::string& message, const HostFacts& host, const std::string& boot_id,
                 const std::string& file, int line) {
  const Meaning meaning = meaningOf(kind);
  Alert alert;
  alert.name = meaning.name;
  alert.severity = meaning.severity;
  alert.kind = name(kind);
  alert.type = meaning.type;
  alert.technique = meaning.technique;
  alert.host = {shown(host.machine_id, kNameMax), shown(host.name, kNameMax), shown(host.cluster, kNameMax)};
  if (!file.empty()) alert.rule = RuleFacts{"", shown(file, kPathMax), line, 0};
  alert.message = shown(message, kMessageMax);
  alert.advice = meaning.advice;
  alert.boot_id = shown(boot_id, kNameMax);
  alert.first_real = alert.last_real = realTimeNs();
  alert.first_boot = alert.last_boot = bootTimeNs();
  return alert;
}

Alert fromNotice(NoticeKind kind, const std::string& message, const HostFacts& host, const std::string& boot_id,
                 const ContainerFacts& container) {
  Alert alert = fromNotice(kind, message, host, boot_id);
  alert.container.cgroup_id = container.cgroup_id;
  alert.container.id = shown(container.id, kNameMax);
  alert.container.name = shown(container.name, kNameMax);
  alert.container.runtime = shown(container.runtime, kNameMax);
  alert.container.image = shown(container.image, 2 * kNameMax);
  alert.container.pod = shown(container.pod, kNameMax);
  alert.container.pod_namespace = shown(container.pod_namespace, kNameMax);
  return alert;
}

}  // namespace holdfast::alert
