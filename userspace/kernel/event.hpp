// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::kernel {

// The enumerations repeat those of <linux/holdfast.h> with the same values
// (asserted in event.cpp), so that only kernel/ includes the ABI.
enum class Verdict : std::uint32_t { Allow = 0, Alert = 1, Deny = 2 };

enum class Origin : std::uint32_t {
  Unknown = 0,
  Image = 1,
  Changed = 2,
  Added = 3,
  Volume = 4,
  Memory = 5,
  Host = 6,
  Untold = 7
};

enum class EventKind : std::uint32_t {
  Exec = 1,
  Map = 2,
  Mprotect = 3,
  Interpreter = 4,
  Ptrace = 5,
  Defaulted = 6,
  NotCovered = 7,
  Unverified = 8,
  SecondLine = 9,
  Running = 10,
  Escape = 11
};
inline constexpr EventKind kLastEventKind = EventKind::Escape;

/// Bits of Event::flags.
inline constexpr std::uint32_t kEventGone = 1U << 0;  // of Running, to be ended: it was ending, or ran the file no more

/// Lower-case names as documents and JSON show them: "image", "deny", "exec", "mprotect", "not-covered".
[[nodiscard]] const char* name(Verdict verdict);
[[nodiscard]] const char* name(Origin origin);
[[nodiscard]] const char* name(EventKind kind);

struct Ancestor {
  std::uint32_t tgid = 0;
  std::string comm;
};

/// One event as the kernel sent it. Times in nanoseconds. Everything that a
/// container writes (comm, path, ancestors' comm) is untrusted bytes.
struct Event {
  std::string boot_id;
  std::uint64_t load_id = 0;
  std::uint64_t number = 0;
  std::uint64_t time_boot = 0;
  std::uint64_t time_real = 0;
  std::uint64_t time_boot_last = 0;
  EventKind kind = EventKind::Exec;
  Verdict verdict = Verdict::Allow;
  Origin origin = Origin::Unknown;
  std::uint64_t count = 1;
  std::uint32_t generation = 0;
  std::uint32_t profile_id = 0;
  std::uint32_t rule_tag = 0;
  std::uint64_t cgroup_id = 0;
  std::string container_name;
  std::uint32_t container_flags = 0;
  std::uint32_t pid = 0;
  std::uint32_t tgid = 0;
  std::uint64_t start_time = 0;
  std::uint32_t uid = 0;
  std::uint32_t euid = 0;
  std::string comm;
  std::string path;
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::uint32_t target_pid = 0;
  std::uint32_t flags = 0;
  std::uint32_t check = 0;  // of Escape: an index in rule::checkItems()
  std::vector<Ancestor> ancestors;
};

}  // namespace holdfast::kernel
