// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "container/engine_record.hpp"
#include "rule/match.hpp"

namespace holdfast::container {

/// What the runtime's state says. Between Created and Running lies the runtime's set-up, see Table::armed().
enum class State { Creating, Created, Running, Stopped };

[[nodiscard]] const char* name(State state);

/// One container, as its runtime's state files describe it. Immutable once made.
struct Container {
  std::string id;
  std::string name;             // what people call it; the id if the runtime knows nothing else
  std::string engine;           // "docker", "podman", "containerd", "cri-o"; empty if it is no engine's
  std::string runtime;          // "runc", "crun"; empty if only the cgroup's name says that it is a container
  std::uint64_t cgroup_id = 0;  // inode number of the cgroup's directory; 0 if that is gone or is no container's own;
                                // or kernel::idOfProcess(), see rootless.hpp
  std::uint32_t owner = 0;      // the user who runs it, if its state is theirs
  std::string cgroup_path;      // from the root of the hierarchy, "/system.slice/docker-….scope"
  std::uint32_t init_pid = 0;
  std::uint64_t init_start_ticks = 0;  // field 22 of /proc/PID/stat
  std::string bundle;
  std::string root;  // the root file system's directory on the host; never opened
  State state = State::Creating;
  std::string sandbox;  // see sandboxOf(); empty for none
  std::map<std::string, std::string> annotations;
  Pod pod;
  rule::ImageFacts image;

  [[nodiscard]] bool operator==(const Container&) const = default;
};

/// One that runs, and of which no more is known.
[[nodiscard]] Container containerOf(std::string id, std::uint64_t cgroup_id, std::string cgroup_path);

/// Fills `engine`, `name`, `pod` and `image` from what the engine has written down. Annotations count where only an
/// engine writes them, as who starts a container may choose them else.
void describe(Container& container, EngineRecord record);

/// The same for a container of no engine, from its annotations: there the reference is
/// org.opencontainers.image.ref.name and nothing else.
void describeByAnnotations(Container& container);

}  // namespace holdfast::container
