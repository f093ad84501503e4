// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/environment.hpp"
#include "rule/host_config.hpp"

namespace holdfast::holdfastctl {

/// What is true of this host, as far as it can be seen, before anybody judges it. What could not be read (without root,
/// or as this system does not have it) is empty, and a check that needs it says so.
struct DoctorFacts {
  enum class Cgroups { Unknown, Unified, Hybrid, Legacy };

  struct ModuleFile {
    std::string path;
    bool readable = false;  // it is not compressed: the rest is known
    std::string release;    // that it was built for
    std::string version;
    std::string source_version;
    bool has_signature = false;
  };

  struct Disk {
    bool exists = false;
    bool read_only = false;
    std::uint64_t free_bytes = 0;
    std::uint64_t free_files = 0;
    std::string mount_point;
  };

  struct Rule {
    std::string name;
    bool enabled = true;
    bool system = false;
    std::string requested;
    std::string effective;
    std::string reason;
  };

  struct Container {
    std::string id;
    std::string not_covered;  // why
  };

  std::string own_version;  // of holdfastctl

  // The kernel
  std::string release;
  std::string command_line;
  std::optional<std::string> kernel_config;
  std::string lockdown;  // "none", "integrity", "confidentiality"; empty: nobody knows
  std::optional<bool> secure_boot;
  bool signatures_enforced = false;
  bool loads_modules = false;
  bool modules_disabled = false;  // until the next boot
  std::optional<bool> ftrace_enabled;
  Cgroups cgroups = Cgroups::Unknown;

  // The module
  bool module_loaded = false;
  std::string module_version;
  std::string module_source_version;
  std::optional<ModuleFile> module_file;    // where modprobe finds it for the running kernel
  std::vector<std::string> other_releases;  // kernels that have one, other than the running
  bool headers = false;                     // of the running kernel
  std::vector<std::string> dkms_versions;
  bool module_at_boot = false;

  // What runs
  std::vector<std::string> runtimes;
  bool unit_installed = false;
  bool unit_enabled = false;
  bool controller_runs = false;  // a process of that name
  bool may_ask = true;           // the socket's permissions let us
  std::optional<control::StatusReport> status;
  std::string status_problem;
  std::optional<std::vector<Rule>> rules;  // of the controller
  std::vector<Container> uncovered;        // some of them

  // Files
  Disk state;
  std::optional<rule::HostConfig> config;
  std::vector<Error> rule_errors;  // of the files as they are now
  bool rules_readable = true;      // as far as permissions go
  std::uint64_t now_ns = 0;        // since 1970
  std::uint64_t installed_ns = 0;  // when the newest of Holdfast's own files was made
};

/// Looks only: changes nothing, and runs nothing. Paths are below `environment.root`; the controller is asked at
/// `socket`.
[[nodiscard]] DoctorFacts gatherFacts(const Environment& environment, const std::filesystem::path& socket);

}  // namespace holdfast::holdfastctl
