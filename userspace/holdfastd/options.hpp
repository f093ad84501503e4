// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace holdfast::holdfastd {

struct Options {
  std::filesystem::path config = "/etc/holdfast/holdfast.yaml";
  std::optional<std::filesystem::path> rules_dir;  // else as the configuration says
  std::filesystem::path vendor_dir = "/usr/share/holdfast/rules.d";
  std::filesystem::path state_dir = "/var/lib/holdfast";
  std::filesystem::path socket;
  std::optional<std::string> log_level;  // else as the configuration says
  std::vector<std::filesystem::path> runc_roots;
  std::vector<std::filesystem::path> crun_roots;
  std::chrono::milliseconds query_delay{0};
  bool help = false;
  bool version = false;
};

[[nodiscard]] Result<Options> parseOptions(int argc, const char* const* argv);
[[nodiscard]] std::string helpText();

}  // namespace holdfast::holdfastd
