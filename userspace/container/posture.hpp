// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "container/container.hpp"

/// What a container was given at its start that makes an escape easy, by the configuration that its runtime started it
/// with (config.json of the OCI runtime specification).
namespace holdfast::container {

/// A note is a fact that many ordinary containers share; the others are worth an alert.
enum class Danger { Note, Medium, High };

/// In the order in which they are shown.
enum class Risk {
  Privileged,
  HostRoot,
  WritableHostPath,
  RuntimeSocket,
  RawDevice,
  AllDevices,
  DangerousCapability,
  HostPid,
  HostMount,
  SensitiveHostPath,
  KernelDevice,
  HostNetwork,
  HostIpc,
  UnmaskedPaths,
  WritableKernelPaths,
  SharedPropagation,
  ExtraCapability,
  HostUts,
  HostCgroup,
  SeccompUnconfined,
  AppArmorUnconfined,
  UnresolvedPath,
  UnknownNamespace,
  NotLookedAt  // the last
};

struct RiskRow {
  Risk risk;
  std::string_view id;  // stable: "host-pid"
  Danger danger;
  std::string_view about;
};
[[nodiscard]] std::span<const RiskRow> risks();
[[nodiscard]] const RiskRow& rowOf(Risk risk);

/// "note", "medium", "high".
[[nodiscard]] const char* name(Danger danger);

/// What is found is bounded, however much a configuration lists; the texts are the container's own, not printable.
struct Finding {
  Risk risk{};
  std::vector<std::string> details;
  std::size_t more = 0;  // details that are not listed

  bool operator==(const Finding&) const = default;
};

struct Posture {
  std::string unknown;            // why nothing can be said; empty if it can
  std::vector<Finding> findings;  // in the order of Risk

  /// Whether one is more than a note.
  [[nodiscard]] bool isRisky() const;
  bool operator==(const Posture&) const = default;
};

/// What the host is asked. A container's creator chooses the paths, so nothing here may wait for a file system.
struct HostView {
  struct Object {
    std::string path;  // with links followed
    mode_t mode = 0;
    std::uint64_t dev = 0;
    std::uint64_t ino = 0;
  };
  /// Nothing if it is not there, or that cannot be told without waiting.
  std::function<std::optional<Object>(const std::string& path)> look;
  /// Whether a namespace of that type ("network") is the host's; nothing if that cannot be told.
  std::function<std::optional<bool>(const std::string& type, const std::string& path)> is_host_namespace;
  bool app_armor = false;  // it is enabled
};
[[nodiscard]] HostView thisHost();

/// Pure but for what it asks of `host`.
[[nodiscard]] Posture postureOf(std::string_view config, const HostView& host);

/// By the container's bundle. Only what root alone can write is believed: of a container that a user's own engine runs
/// nothing is known.
[[nodiscard]] Posture readPosture(const Container& container, const HostView& host);

}  // namespace holdfast::container
