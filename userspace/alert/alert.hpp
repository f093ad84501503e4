// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/event.hpp"
#include "rule/model.hpp"

namespace holdfast::alert {

/// The first three are the reference's; ProtectionStatus is about Holdfast itself: what it could not see or decide.
enum class AlertType { RiskImageBlocking, ContainerActiveDefense, ContainerEscapePrevention, ProtectionStatus };

enum class State { Unhandled, Handled, Ignored, AllowListed, Blocked, ProcessTerminated, ProcessNotExists };

enum class Severity { Urgent, Suspicious, Reminder };

/// What the controller itself has to say.
enum class NoticeKind {
  BadRuleSet,
  RuleNotApplied,
  ImageUnknown,
  StreamLost,
  EventsOverflowed,
  ModuleMissing,
  ClockStepped,
  RiskyStart,
  Unhealthy  // the last
};

/// As people and JSON see them: "Container Active Defense", "process terminated", "urgent", "bad-rule-set".
[[nodiscard]] const char* name(AlertType type);
[[nodiscard]] const char* name(State state);
[[nodiscard]] const char* name(Severity severity);
[[nodiscard]] const char* name(NoticeKind kind);

struct HostFacts {
  std::string machine_id;
  std::string name;
  std::string cluster;
  friend bool operator==(const HostFacts&, const HostFacts&) = default;
};

/// Empty strings are unknown.
struct ContainerFacts {
  std::uint64_t cgroup_id = 0;
  std::string id;
  std::string name;
  std::string runtime;
  std::string image;
  std::vector<std::string> digests;
  std::string pod;
  std::string pod_namespace;
  std::string pod_uid;
  friend bool operator==(const ContainerFacts&, const ContainerFacts&) = default;
};

/// Copied out of the rule, since alerts outlive rule sets.
struct RuleFacts {
  std::string name;
  std::string file;
  int line = 0;
  std::uint32_t rule_set = 0;  // Context::rule_set
  friend bool operator==(const RuleFacts&, const RuleFacts&) = default;
};

/// An event's place in the kernel's stream; no two events share one.
struct EventId {
  std::string boot_id;
  std::uint64_t load_id = 0;
  std::uint64_t number = 0;
  friend bool operator==(const EventId&, const EventId&) = default;
};

/// Who did it. The name is that of who logged in, if that is known (as with sudo), else of `uid`; empty if neither is
/// in /etc/passwd.
struct Person {
  std::uint32_t uid = 0;
  std::optional<std::uint32_t> login_uid;
  std::string name;
  friend bool operator==(const Person&, const Person&) = default;
};

/// Another alert of the same container that came within kChainNs of this one and is of another stage of an attack.
struct ChainLink {
  std::int64_t alert = 0;
  std::string item;           // its check, else its kind
  std::string stage;          // Alert::stage
  std::uint64_t boot_ns = 0;  // its last operation before this alert was made or raised; boot time
  friend bool operator==(const ChainLink&, const ChainLink&) = default;
};
inline constexpr std::uint64_t kChainNs = 60'000'000'000;

/// What a person did about an alert.
struct Handling {
  State action = State::Handled;  // Handled, Ignored or AllowListed
  Person by;
  std::uint64_t at_real = 0;  // nanoseconds since 1970, UTC
  std::string note;
  friend bool operator==(const Handling&, const Handling&) = default;
};

/// What a person sees. All text is printable UTF-8 and of bounded length, whatever the container wrote.
struct Alert {
  std::int64_t id = 0;           // given by the store
  std::int64_t revision = 0;     // given by the store: grows with every change of any alert
  std::optional<EventId> event;  // of the first event; missing in the controller's own alerts
  AlertType type = AlertType::ProtectionStatus;
  std::string name;  // "Non mirror native program startup"
  Severity severity = Severity::Reminder;
  State state = State::Unhandled;
  HostFacts host;
  ContainerFacts container;
  std::optional<RuleFacts> rule;
  std::string kind;       // kernel::name(EventKind) or name(NoticeKind)
  std::string message;    // one sentence
  std::string advice;     // what to do next
  std::string verdict;    // kernel::name(Verdict); empty in the controller's own alerts
  std::string requested;  // action of the rule: "alert", "block"; empty without a rule
  std::string effective;  // what was done: "alert", "block"
  std::string origin;     // kernel::name(Origin); empty if it does not apply
  std::string path;       // the object, from the container's root
  std::string check;      // name of a rule::CheckItem; empty but of escapes
  std::string technique;  // likewise, of MITRE ATT&CK
  std::string stage;      // name(rule::Stage): how far an attack has come that does this; empty if it is no part of one
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::uint32_t generation = 0;  // of the kernel's policy that decided
  std::uint32_t pid = 0;         // process, of the first event; initial pid namespace
  std::uint32_t tgid = 0;
  std::uint64_t start_time = 0;  // nanoseconds of boot time
  std::uint32_t uid = 0;
  std::uint32_t euid = 0;
  std::string comm;
  std::uint32_t target_pid = 0;
  std::vector<kernel::Ancestor> ancestors;  // nearest first
  std::string boot_id;                      // of the times below
  std::uint64_t first_real = 0;             // nanoseconds since 1970, UTC
  std::uint64_t last_real = 0;              // of the newest event, reckoned by the boot clock
  std::uint64_t first_boot = 0;             // nanoseconds of boot time
  std::uint64_t last_boot = 0;
  std::uint64_t count = 1;         // operations that it stands for
  std::vector<ChainLink> chain;    // given by the store, which then has raised the severity; oldest first
  std::vector<Handling> handling;  // oldest first; empty exactly if nobody has seen to it, or need to
  bool open = true;                // nobody has handled it, whatever its state
};

/// What the controller knows about an event beyond the event itself.
struct Context {
  const rule::Rule* rule = nullptr;  // by tag and generation; null if no rule decided. Used during the call only
  std::uint32_t rule_set = 0;        // version of the rule set: the generation that it first came into force with
  ContainerFacts container;          // gaps are filled from the event
  HostFacts host;
};

[[nodiscard]] Alert fromEvent(const kernel::Event& event, const Context& context);

/// `file` and `line` are where to look, empty and 0 if nowhere. Times are now.
[[nodiscard]] Alert fromNotice(NoticeKind kind, const std::string& message, const HostFacts& host,
                               const std::string& boot_id, const std::string& file = {}, int line = 0);

/// As fromNotice(), about one container. Of RiskyStart the store keeps one of each `tgid` and `start_time` in a
/// control group, which are to be set: its first process.
[[nodiscard]] Alert fromNotice(NoticeKind kind, const std::string& message, const HostFacts& host,
                               const std::string& boot_id, const ContainerFacts& container);

}  // namespace holdfast::alert
