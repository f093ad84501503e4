// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "container/container.hpp"
#include "container/engines.hpp"
#include "container/rootless.hpp"
#include "container/state_file.hpp"

namespace holdfast::container {

/// Where runtimes keep state. Directories that do not exist are no error.
struct RuntimeRoots {
  std::vector<std::filesystem::path> runc;          // DIR/ID/state.json
  std::vector<std::filesystem::path> runc_parents;  // DIR/NAMESPACE/ID/state.json
  std::vector<std::filesystem::path> crun;          // DIR/ID/status and config.json
  EngineRoots engines;
  RootlessRoots rootless;
  std::filesystem::path cgroup_mount = "/sys/fs/cgroup";

  /// The places of runc, crun, Docker, containerd, Podman and CRI-O as root runs them.
  [[nodiscard]] static RuntimeRoots ofHost();
};

/// A container whose state is not there yet, or is there and of no use: it is not known which cgroup is its.
struct Unsettled {
  std::string id;
  std::string cgroups_path;  // as configured, if that much can be read
};

struct Scan {
  std::vector<std::shared_ptr<const Container>> containers;
  std::vector<Unsettled> unsettled;
  std::vector<std::string> problems;  // state that is not used, and why

  /// The container that has this cgroup, or else the one that the path lies below. With `below` also the only one whose
  /// cgroup lies below the path: Podman's containers have a cgroup of their own in the one that has the name.
  [[nodiscard]] std::shared_ptr<const Container> find(std::uint64_t cgroup_id, std::string_view cgroup_path,
                                                      bool below = false) const;
  /// Unless it is known, or there are many.
  void addProblem(std::string problem);

  /// Whether the cgroup may belong to one of `unsettled`, judged by its name.
  [[nodiscard]] bool maySettle(std::string_view cgroup_path) const;
};

/// Reads the runtimes' state files, and parses again only those that changed. For any thread.
/// Only files that root (or who runs this) owns and nobody else may write are believed.
class Runtimes {
 public:
  explicit Runtimes(RuntimeRoots roots) : roots_(std::move(roots)), engines_(roots_.engines) {}

  [[nodiscard]] Scan scan();
  /// Also containers of users that have no cgroup of their own.
  [[nodiscard]] Scan scanAll();
  /// Only those, of this user.
  [[nodiscard]] Scan scanRootless(uid_t user) const;
  [[nodiscard]] const RuntimeRoots& roots() const { return roots_; }

 private:
  struct Cached {
    Stamp stamp;
    std::shared_ptr<const Container> container;
    std::uint64_t round = 0;
    // the engine's record
    bool described = false;  // as well as it will ever be, unless the file changes
    std::filesystem::path file;
    Stamp file_stamp;
    std::string problem;
    std::chrono::steady_clock::time_point look_again;
    std::chrono::milliseconds pause{0};
  };
  enum class Runtime { Runc, Crun };

  /// `space`: containerd's namespace, empty for none.
  void scanRoot(const std::filesystem::path& root, Runtime runtime, std::string_view space, Scan& scan);
  void scanContainer(const std::filesystem::path& directory, Runtime runtime, std::string_view space, Scan& scan);
  void describeAgain(Cached& cached, std::string_view space);

  const RuntimeRoots roots_;
  std::mutex mutex_;
  Engines engines_;
  std::map<std::string, Cached> cache_;
  std::uint64_t round_ = 0;
};

}  // namespace holdfast::container
