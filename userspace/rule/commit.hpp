// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <string>

#include "rule/host_config.hpp"
#include "rule/load.hpp"

namespace holdfast::rule {

/// A file as it was read: what is to be replaced must still be this.
struct Original {
  std::string content;
  struct stat status = {};
};

/// A file that nobody may write is not to be written, not by root either. `at` names the file, and is for errors.
[[nodiscard]] Result<Original> readOriginal(const Error& at);

/// Checks the set with this file in it, and writes the file: over `original`, unless it has changed since, or as a new
/// one (null). The caller holds lockDirectory(). The set as it is then.
[[nodiscard]] Loaded commit(const Sources& sources, const HostConfig& config, const SourceFile& file,
                            const Original* original);

}  // namespace holdfast::rule
