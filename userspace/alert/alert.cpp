// SPDX-License-Identifier: Apache-2.0
#include "alert/alert.hpp"

namespace holdfast::alert {

const char* name(AlertType type) {
  switch (type) {
    case AlertType::RiskImageBlocking:
      return "Risk Image Blocking";
    case AlertType::ContainerActiveDefense:
      return "Container Active Defense";
    case AlertType::ContainerEscapePrevention:
      return "Container Escape Prevention";
    case AlertType::ProtectionStatus:
      break;
  }
  return "Protection Status";
}

const char* name(State state) {
  switch (state) {
    case State::Handled:
      return "handled";
    case State::Ignored:
      return "ignored";
    case State::AllowListed:
      return "allow-listed";
    case State::Blocked:
      return "blocked";
    case State::ProcessTerminated:
      return "process terminated";
    case State::ProcessNotExists:
      return "process not exists";
    case State::Unhandled:
      break;
  }
  return "unhandled";
}

const char* name(Severity severity) {
  switch (severity) {
    case Severity::Urgent:
      return "urgent";
    case Severity::Suspicious:
      return "suspicious";
    case Severity::Reminder:
      break;
  }
  return "reminder";
}

const char* name(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::BadRuleSet:
      return "bad-rule-set";
    case NoticeKind::RuleNotApplied:
      return "rule-not-applied";
    case NoticeKind::ImageUnknown:
      return "image-unknown";
    case NoticeKind::StreamLost:
      return "stream-lost";
    case NoticeKind::EventsOverflowed:
      return "events-overflowed";
    case NoticeKind::ModuleMissing:
      return "module-missing";
    case NoticeKind::ClockStepped:
      return "clock-stepped";
    case NoticeKind::RiskyStart:
      return "risky-start";
    case NoticeKind::Unhealthy:
      break;
  }
  return "unhealthy";
}

}  // namespace holdfast::alert
