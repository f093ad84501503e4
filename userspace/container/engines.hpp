// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "container/container.hpp"
#include "container/engine_record.hpp"
#include "container/state_file.hpp"

namespace holdfast::container {

/// Where engines keep their records. What does not exist is no error.
struct EngineRoots {
  std::filesystem::path docker = "/var/lib/docker";
  std::filesystem::path docker_config = "/etc/docker/daemon.json";  // may name another
  std::vector<std::filesystem::path> containerd = {"/var/lib/containerd", "/var/lib/rancher/k3s/agent/containerd",
                                                   "/var/lib/rancher/rke2/agent/containerd"};
  std::filesystem::path storage_run = "/run/containers/storage";
};

/// Finds the engine that a container belongs to, by where the runtime's state and bundle lie, and what that engine has
/// written down of it. Only files that root owns and nobody else may write are believed; no engine is asked. Not for
/// several threads at once.
class Engines {
 public:
  explicit Engines(EngineRoots roots);

  struct Found {
    EngineRecord record;
    std::filesystem::path file;  // what changes when the record does (a new name); empty if others' records share it
    Stamp stamp;                 // of that file, before it was read
    bool complete = false;       // else the engine may not have written all of it yet
  };

  /// `space` is the directory of containerd's namespace that the state lies in, empty for other runtimes' states.
  /// Nothing if the container is no engine's; an error if its record is there and of no use.
  [[nodiscard]] Result<std::optional<Found>> find(const Container& container, std::string_view space);

 private:
  template <class List>
  struct Cached {
    Stamp stamp;
    Result<std::shared_ptr<const List>> list;
  };
  template <class List>
  [[nodiscard]] static Result<std::shared_ptr<const List>> read(std::map<std::string, Cached<List>>& cache,
                                                                const std::filesystem::path& file,
                                                                Result<List> (*parse)(std::string_view));
  using Containers = std::map<std::string, StorageContainer>;
  using Images = std::map<std::string, StorageImage>;

  [[nodiscard]] Result<std::optional<Found>> findDocker(const Container& container);
  [[nodiscard]] Result<std::optional<Found>> findContainerd(const Container& container, std::string_view space);
  [[nodiscard]] Result<std::optional<Found>> findStorage(const Container& container);
  /// Directories that may be Docker's, the likeliest first.
  [[nodiscard]] std::vector<std::filesystem::path> dockerRoots(const Container& container);

  EngineRoots roots_;
  Stamp docker_config_stamp_;
  std::filesystem::path docker_configured_;
  // by path of the file; hosts have one or two
  std::map<std::string, Cached<Containers>> containers_;
  std::map<std::string, Cached<Images>> images_;
};

}  // namespace holdfast::container
