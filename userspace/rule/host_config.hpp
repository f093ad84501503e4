// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/result.hpp"

namespace holdfast::rule {

/// /etc/holdfast/holdfast.yaml: what is true of this host whatever the rules say.
struct HostConfig {
  std::string cluster;    // empty: the host is in none, and rules scoped by cluster do not apply to it
  std::string host_name;  // shown beside the machine id; empty: the system's own name
  std::string log_level = "info";
  std::uint32_t query_timeout_ms = 2000;
  bool unknown_image_strict = false;  // an image nobody could resolve is under the strictest of the scoped rules too
  std::filesystem::path rules_dir = "/etc/holdfast/rules.d";
  std::uint32_t alerts_keep_days = 365;      // since an alert was last counted up
  std::uint32_t alerts_keep_count = 100000;  // alerts
  bool output_journal = true;
  bool output_audit = true;
  // The functions' switches (RUL-10).
  bool image_risk = true;
  bool non_image_program = true;
  bool container_escape = true;
  std::filesystem::path metrics_textfile = {};  // where node-exporter reads metrics; empty: nowhere
  std::uint32_t metrics_every_seconds = 15;
  // What runtimes mount into containers to be started there, by its name on this host; absolute.
  std::vector<std::string> runtime_programs = {
      "/usr/bin/docker-init", "/usr/sbin/docker-init", "/usr/libexec/docker/docker-init", "/usr/bin/tini",
      "/usr/bin/tini-static", "/usr/bin/catatonit",    "/usr/libexec/podman/catatonit",
  };
};

/// Every key may be missing, the file may not: that its settings are lost is for a person to decide.
[[nodiscard]] tl::expected<HostConfig, std::vector<Error>> loadHostConfig(const std::filesystem::path& path);

[[nodiscard]] tl::expected<HostConfig, std::vector<Error>> parseHostConfig(std::string_view content,
                                                                           const std::string& file);

}  // namespace holdfast::rule
