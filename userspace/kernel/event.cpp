// SPDX-License-Identifier: Apache-2.0
#include "kernel/event.hpp"

#include <linux/holdfast.h>

namespace holdfast::kernel {

template <class Enum>
constexpr bool same(Enum ours, std::uint32_t kernels) {
  return static_cast<std::uint32_t>(ours) == kernels;
}

static_assert(same(Verdict::Allow, HOLDFAST_VERDICT_ALLOW));
static_assert(same(Verdict::Alert, HOLDFAST_VERDICT_ALERT));
static_assert(same(Verdict::Deny, HOLDFAST_VERDICT_DENY));
static_assert(same(Verdict::Deny, HOLDFAST_VERDICT_MAX), "a verdict of the ABI is not named here");

static_assert(same(Origin::Unknown, HOLDFAST_ORIGIN_UNKNOWN));
static_assert(same(Origin::Image, HOLDFAST_ORIGIN_IMAGE));
static_assert(same(Origin::Changed, HOLDFAST_ORIGIN_CHANGED));
static_assert(same(Origin::Added, HOLDFAST_ORIGIN_ADDED));
static_assert(same(Origin::Volume, HOLDFAST_ORIGIN_VOLUME));
static_assert(same(Origin::Memory, HOLDFAST_ORIGIN_MEMORY));
static_assert(same(Origin::Host, HOLDFAST_ORIGIN_HOST));
static_assert(same(Origin::Untold, HOLDFAST_ORIGIN_UNTOLD));
static_assert(same(Origin::Untold, HOLDFAST_ORIGIN_MAX), "an origin of the ABI is not named here");

static_assert(same(EventKind::Exec, HOLDFAST_EVENT_EXEC));
static_assert(same(EventKind::Map, HOLDFAST_EVENT_MAP));
static_assert(same(EventKind::Mprotect, HOLDFAST_EVENT_MPROTECT));
static_assert(same(EventKind::Interpreter, HOLDFAST_EVENT_INTERPRETER));
static_assert(same(EventKind::Ptrace, HOLDFAST_EVENT_PTRACE));
static_assert(same(EventKind::Defaulted, HOLDFAST_EVENT_DEFAULTED));
static_assert(same(EventKind::NotCovered, HOLDFAST_EVENT_NOT_COVERED));
static_assert(same(EventKind::Unverified, HOLDFAST_EVENT_UNVERIFIED));
static_assert(same(EventKind::SecondLine, HOLDFAST_EVENT_SECOND_LINE));
static_assert(same(EventKind::Running, HOLDFAST_EVENT_RUNNING));
static_assert(same(EventKind::Escape, HOLDFAST_EVENT_ESCAPE));
static_assert(same(kLastEventKind, HOLDFAST_EVENT_MAX), "an event of the ABI is not named here");
static_assert(kEventGone == HOLDFAST_EVENT_F_GONE);

const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::Allow:
      return "allow";
    case Verdict::Alert:
      return "alert";
    case Verdict::Deny:
      return "deny";
  }
  return "unknown";
}

const char* name(Origin origin) {
  switch (origin) {
    case Origin::Unknown:
      return "unknown";
    case Origin::Image:
      return "image";
    case Origin::Changed:
      return "changed";
    case Origin::Added:
      return "added";
    case Origin::Volume:
      return "volume";
    case Origin::Memory:
      return "memory";
    case Origin::Host:
      return "host";
    case Origin::Untold:
      return "untold";
  }
  return "unknown";
}

const char* name(EventKind kind) {
  switch (kind) {
    case EventKind::Exec:
      return "exec";
    case EventKind::Map:
      return "map";
    case EventKind::Mprotect:
      return "mprotect";
    case EventKind::Interpreter:
      return "interpreter";
    case EventKind::Ptrace:
      return "ptrace";
    case EventKind::Defaulted:
      return "defaulted";
    case EventKind::NotCovered:
      return "not-covered";
    case EventKind::Unverified:
      return "unverified";
    case EventKind::SecondLine:
      return "second-line";
    case EventKind::Running:
      return "running";
    case EventKind::Escape:
      return "escape";
  }
  return "unknown";
}

}  // namespace holdfast::kernel
