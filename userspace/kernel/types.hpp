// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/sha256.hpp"
#include "kernel/event.hpp"

namespace holdfast::kernel {

// Bits as the ABI has them (asserted in types.cpp).
inline constexpr std::uint32_t kStatusAttached = 1U << 0;
inline constexpr std::uint32_t kStatusOverlay = 1U << 1;
inline constexpr std::uint32_t kStatusController = 1U << 2;
inline constexpr std::uint32_t kStatusPolicy = 1U << 3;
inline constexpr std::uint32_t kStatusDisabled = 1U << 4;
inline constexpr std::uint32_t kStatusLocked = 1U << 5;
inline constexpr std::uint32_t kStatusSilent = 1U << 6;
inline constexpr std::uint32_t kStatusMismatch = 1U << 7;

inline constexpr std::uint32_t kHookMandatory = 1U << 0;
inline constexpr std::uint32_t kHookAttached = 1U << 1;
inline constexpr std::uint32_t kHookTracepoint = 1U << 2;

inline constexpr std::uint32_t kContainerDefaulted = 1U << 0;
inline constexpr std::uint32_t kContainerHostRoot = 1U << 1;
inline constexpr std::uint32_t kContainerStorage = 1U << 2;
inline constexpr std::uint32_t kContainerArmed = 1U << 3;
inline constexpr std::uint32_t kContainerNone = 1U << 4;

/// Why a container with these flags is not covered, for people; empty if it is.
[[nodiscard]] const char* whyNotCovered(std::uint32_t container_flags);

inline constexpr std::uint32_t kQueryPattern = 1U << 0;
inline constexpr std::uint32_t kQueryPid1 = 1U << 1;
inline constexpr std::uint32_t kQueryRootFile = 1U << 2;
inline constexpr std::uint32_t kQueryMemfd = 1U << 3;
inline constexpr std::uint32_t kQueryProcess = 1U << 4;

/// Instead of a cgroup's id: of a container that has none of its own, by the first process of its pid namespace.
/// `start_ticks`: field 22 of /proc/PID/stat.
[[nodiscard]] std::uint64_t idOfProcess(std::uint32_t pid, std::uint64_t start_ticks);
struct ProcessOfId {
  std::uint32_t pid = 0;
  std::uint64_t start_ticks = 0;
};
/// Nothing of a cgroup's id.
[[nodiscard]] std::optional<ProcessOfId> processOfId(std::uint64_t id);

inline constexpr std::uint32_t kAbiVersion = 1;
inline constexpr std::size_t kNameMax = 128;  // container name, bytes
inline constexpr std::uint32_t kQueryTimeoutMaxMs = 15000;
inline constexpr std::size_t kBindingsMax = 65536;

/// A set of items of rules of type container-escape: item N is bit N % 8 of byte N / 8.
using CheckBytes = std::array<std::uint8_t, 16>;

/// The module's state from one consistent read. Counters count since the module was loaded.
struct Status {
  std::uint32_t flags = 0;
  std::string module_version;
  std::uint32_t generation = 0;  // 0: no policy yet
  std::uint32_t default_profile = 0;
  std::uint32_t query_timeout_ms = 0;
  std::uint32_t controller_pid = 0;
  std::uint64_t containers = 0;
  std::uint64_t members = 0;
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
  std::uint64_t events_seen = 0;
  std::uint64_t events_delivered = 0;
  std::uint64_t events_folded = 0;
  std::uint64_t events_queued = 0;
  std::uint64_t events_overflow = 0;
  std::uint64_t adopted = 0;
  CheckBytes checks = {};  // what the module notices on this kernel

  [[nodiscard]] bool has(std::uint32_t bits) const { return (flags & bits) == bits; }
};

struct Hello {
  std::uint32_t abi_version = 0;
  std::string boot_id;
  std::uint64_t load_id = 0;
  Status status;
};

struct HookInfo {
  std::string symbol;
  std::uint32_t flags = 0;
  std::uint64_t hits = 0;
};

struct ContainerInfo {
  std::uint64_t cgroup_id = 0;
  std::string name = {};
  std::uint32_t profile_id = 0;
  std::uint32_t generation = 0;
  std::uint32_t flags = 0;
  std::uint32_t members = 0;
  std::uint64_t root_dev = 0;
  std::uint32_t root_magic = 0;
  std::uint64_t overflow = 0;
  std::uint32_t owner = 0;  // to set a first one of idOfProcess(): who must have made the process's user namespace
};

struct MemberInfo {
  std::uint32_t tgid = 0;
  std::uint64_t start_time = 0;  // nanoseconds of boot time
  std::uint64_t cgroup_id = 0;
  std::uint32_t flags = 0;
};

/// A task waits in its exec for the answer.
struct Query {
  std::uint64_t id = 0;
  std::uint64_t cgroup_id = 0;
  std::string cgroup_path = {};
  std::uint32_t pid = 0;
  std::uint32_t tgid = 0;
  std::uint64_t start_time = 0;  // nanoseconds of boot time
  std::uint32_t flags = 0;
  std::string path = {};  // untrusted
  std::uint64_t dev = 0;
  std::uint64_t ino = 0;
  std::uint64_t root_dev = 0;
  std::uint32_t timeout_ms = 0;
  std::uint32_t owner = 0;  // with kQueryProcess: who made the outermost user namespace
};

enum class AnswerKind : std::uint32_t { Container = 1, Setup = 2, None = 3 };

struct Answer {
  std::uint64_t query_id = 0;
  AnswerKind kind = AnswerKind::None;
  // The rest is of Container only.
  std::string name = {};
  std::uint32_t profile_id = 0;
  std::uint32_t generation = 0;
};

enum class PolicyRuleType : std::uint32_t { NonImageProgram = 1, ContainerEscape = 2 };

struct PolicyRule {
  std::uint32_t tag = 0;
  PolicyRuleType type = PolicyRuleType::NonImageProgram;
  Verdict action = Verdict::Allow;
  Verdict on_running = Verdict::Allow;  // on what runs as the rule comes into force; Deny ends it
  std::uint64_t id = 0;                 // the same as long as the rule says the same; 0 if on_running is Allow
  std::vector<std::string> directories = {};
  std::uint32_t digest_set = 0;  // programs with a digest of that set are exempt; 0: none
  CheckBytes checks = {};        // of ContainerEscape
  friend bool operator==(const PolicyRule&, const PolicyRule&) = default;
};

struct PolicyProfile {
  std::uint32_t id = 0;
  std::vector<PolicyRule> rules = {};  // each with at most HOLDFAST_DIRECTORIES_MAX directories
  friend bool operator==(const PolicyProfile&, const PolicyProfile&) = default;
};

struct Binding {
  std::uint64_t cgroup_id = 0;
  std::uint32_t profile_id = 0;
  friend bool operator==(const Binding&, const Binding&) = default;
};

/// A cgroup is a container's if its name is prefix, at least 12 hexadecimal digits, suffix, and its parent's name
/// is `parent` (empty: any).
struct Pattern {
  std::string prefix;
  std::string suffix;
  std::string parent;
  friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// With an id that is in force already, only that is said.
struct DigestSet {
  std::uint32_t id = 0;
  std::shared_ptr<const std::vector<Sha256>> digests = {};
  bool in_force = false;
};

struct Policy {
  std::uint32_t generation = 0;
  std::uint32_t default_profile = 0;
  std::uint32_t query_timeout_ms = 0;  // 0: the kernel keeps its own
  std::vector<PolicyProfile> profiles = {};
  std::vector<Binding> bindings = {};
  std::vector<Pattern> patterns = {};
  std::vector<DigestSet> digest_sets = {};
  std::vector<std::string> runtime_programs = {};  // absolute paths on the host
};

enum class Expect : std::uint32_t { Lower = 1, Upper = 2 };

/// A file of a scratch overlay. The descriptor stays the caller's.
struct Probe {
  int fd = -1;
  Expect expect = Expect::Lower;
};

/// What is done to files of a directory of the host, and which check each way is (numbers of the ABI's holdfast_check).
struct HostEntry {
  std::string name;   // of a file; empty for any
  bool tree = false;  // also of directories further in; only without a name
  std::optional<std::uint32_t> write;
  std::optional<std::uint32_t> read;
  std::optional<std::uint32_t> link;
  std::uint64_t owner = 0;  // id of a cgroup whose processes do not count; 0 for none

  bool operator==(const HostEntry&) const = default;
};

inline constexpr std::size_t kHostDirectoriesMax = 8192;
inline constexpr std::size_t kHostEntriesMax = 96;

/// `code` is the kernel's errno as a positive number (ESTALE, ENOENT...), ENODEV if the module is not loaded.
struct Failure : Error {
  int code = 0;
};

template <class T>
using Outcome = tl::expected<T, Failure>;

[[nodiscard]] inline tl::unexpected<Failure> failWith(int code, std::string message) {
  Failure failure;
  failure.message = std::move(message);
  failure.code = code;
  return tl::unexpected<Failure>(std::move(failure));
}

}  // namespace holdfast::kernel
