// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "container/cgroup.hpp"
#include "container/runtimes.hpp"

namespace holdfast::test {

/// A directory with places for runtimes' state and something that looks like the cgroup hierarchy.
class Sandbox {
 public:
  Sandbox() {
    std::string name = std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
    for (const char* directory : {"runc", "crun", "spaces/one", "cgroup"})
      std::filesystem::create_directories(path_ / directory);
  }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] container::RuntimeRoots roots() const {
    container::RuntimeRoots roots;
    roots.runc = {path_ / "runc", path_ / "not there"};
    roots.runc_parents = {path_ / "spaces"};
    roots.crun = {path_ / "crun"};
    roots.cgroup_mount = path_ / "cgroup";
    roots.rootless = {path_ / "users", path_ / "tmp"};
    return roots;
  }
  void write(const std::filesystem::path& file, const std::string& text) const {
    std::filesystem::create_directories((path_ / file).parent_path());
    std::ofstream(path_ / file) << text;
    ::chmod((path_ / file).c_str(), 0600);
  }
  /// The cgroup's id.
  std::uint64_t cgroup(const std::string& name) const {
    std::filesystem::create_directories(path_ / "cgroup" / name);
    struct stat status {};
    return ::stat((path_ / "cgroup" / name).c_str(), &status) == 0 ? status.st_ino : 0;
  }
  /// A container of runc; returns its cgroup's id.
  std::uint64_t runc(const std::string& id, int pid, const std::string& image = "", bool created = false) const {
    const std::string label = image.empty() ? "" : "\"org.opencontainers.image.ref.name=" + image + "\"";
    write("runc/" + id + "/state.json", R"({"id":")" + id + R"(","init_process_pid":)" + std::to_string(pid) +
                                            R"(,"init_process_start":500,"cgroup_paths":{"":")" +
                                            (path_ / "cgroup" / id).string() + R"("},"config":{"labels":[)" + label +
                                            "]}}");
    if (created) write("runc/" + id + "/exec.fifo", "");
    return cgroup(id);
  }
  void remove(const std::filesystem::path& what) const { std::filesystem::remove_all(path_ / what); }

 private:
  std::filesystem::path path_;
};

}  // namespace holdfast::test
